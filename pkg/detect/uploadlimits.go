package detect

import (
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/units"
)

// fileTail is the reciprocal of the prior Pareto index of upload sizes: the sizes
// of files on the web have an index near 1 (Crovella and Bestavros,
// Self-similarity in World Wide Web traffic, 1997: 1.06 to 1.2). It has the weight
// of fileWeight observed uploads: networks differ by about a third, which is the
// error of an estimate from so many.
const (
	fileTail   = 1
	fileWeight = 10
)

// falseShare is the share of hosts that may exceed a limit by chance. One host in
// two hundred may get a false alert, and two rules, this one and new-country,
// watch what users do irregularly.
const falseShare = 0.002

// What is known beforehand weighs as much as priorHosts hosts: that one of them
// sends more than is usual, and that it is as likely as not spread over the day.
const (
	priorHosts = 20
	priorFiles = 1
	priorSlow  = 0.5
)

// knownShare is the least share of hosts taken to do what none did on the
// baseline day: days differ in more than chance, however many hosts there are.
const knownShare = 0.01

// roll is how many other hosts must begin to upload to the same place on one day
// for it to be a service that is rolled out: the members of a mesh of five have
// four others each. Of hosts that upload to one address on both days, a pair is
// enough for it to be a service.
const (
	roll    = 5
	station = 2
)

// uploadLimits is what the days teach about uploads, as logarithms of bytes.
type uploadLimits struct {
	chance   float64 // share of hosts that may exceed the limit by chance
	hosts    int     // of the baseline day, with outward traffic
	prior    bool    // usual is fixed beforehand
	usual    float64 // the median of each host's largest transfer upward to one address
	files    int     // hosts with an upload over usual that they do not repeat
	median   float64 // of these uploads, and of the one that is known beforehand
	many     int     // hosts with one over that median
	tail     float64 // scale of their excess over the median: the reciprocal of their Pareto index
	slow     int     // hosts with an upload over usual that is spread over the day and that they do not repeat
	repeated int     // uploads over usual that hosts make on both days
	change   float64 // scale of how these change

	begun   map[party][]float64      // uploads over usual of the test day that are not habits
	service map[netip.Addr][]float64 // those that are, by the address that takes in most
}

// What an upload is compared with at least: the largest transfer upward of a usual
// host, so that the limit without a history is about 100 MB a day, which the Sigma form
// of the rule uses too. Devices and pages send less, and say nothing of files.
const priorUsual = 2e6

// learnUploads compares what the hosts send on all days.
//
// Uploads worth the name are those over the median host's largest transfer of a
// day, which is taken to be larger if hosts send more flows than on past days,
// for a weekend says little of a working day. The larger half of them is assumed
// to have exponential logarithms, as in Hill (A simple general approach to
// inference about the tail of a distribution, 1975), so that their sizes have a
// Pareto distribution. An upload of a host to the same owner on several days is
// repeated; the absolute logarithm of the ratio of two such uploads is exponential
// too. An upload of a single day is as likely to begin as to end, so the number of
// past uploads that the host does not repeat predicts the number of new ones.
func (c *Context) learnUploads() uploadLimits {
	m, after, past := c.memory(), c.test.uploads(), c.recent(c.past)
	days := past
	if len(days) == 0 {
		days = []*day{c.test}
	}
	l := uploadLimits{chance: falseShare}
	var most, busy []float64
	for _, d := range days {
		t := d.uploads()
		most = append(most, slices.Collect(maps.Values(t.most))...)
		busy = append(busy, t.busy())
	}
	l.usual = middle(most)
	if len(c.past) > 0 {
		l.hosts = len(most)
		l.usual += max(0, after.busy()-middle(busy))
	}
	l.prior = l.usual < math.Log(priorUsual)
	l.usual = max(l.usual, math.Log(priorUsual))

	// Each past day and the next one on which the host is there: the uploads over usual
	// that are repeated and those that are not.
	var best, changes []float64
	days = append(slices.Clone(past), c.test)
	for i, d := range days[:len(days)-1] {
		of, slow := map[netip.Addr]float64{}, map[netip.Addr]bool{}
		for _, sized := range d.uploads().largest {
			k, u := sized.uploadKey, sized.uploadList
			if u.size() <= l.usual {
				break
			}
			now, there := nextUpload(days[i+1:], k)
			switch {
			case c.flaggedOn(d, flag{RuleExfiltration, k.src, u.top()}):
			case now.size() > l.usual:
				changes = append(changes, math.Abs(now.size()-u.size()))
			case there:
				of[k.src] = max(of[k.src], u.size())
				slow[k.src] = slow[k.src] || u.slow()
			}
		}
		best = append(best, slices.Collect(maps.Values(of))...)
		for _, some := range slow {
			if some {
				l.slow++
			}
		}
	}
	l.repeated, l.change = len(changes), exponential(changes)
	l.learnSizes(best)
	l.learnTargets(m, after)
	return l
}

// learnSizes learns from the largest upload of each host that has one over usual.
func (l *uploadLimits) learnSizes(best []float64) {
	l.files = len(best)
	l.median = middle(append(slices.Clone(best), l.usual+math.Ln2*fileTail))
	var excesses []float64
	for _, size := range best {
		if size > l.median {
			excesses = append(excesses, size-l.median)
		}
	}
	l.many = len(excesses)
	l.tail = exponential(excesses)
}

// others returns limits learned from uploads of the day, largest first, by all hosts but one.
// Without a history, more hosts may exceed them by chance.
func (t uploadTable) others(l uploadLimits, host netip.Addr, uploads []sizedUpload) uploadLimits {
	best, slow := map[netip.Addr]float64{}, map[netip.Addr]bool{}
	for _, u := range uploads {
		if u.src == host {
			continue
		}
		if _, known := best[u.src]; !known {
			best[u.src] = u.size()
		}
		slow[u.src] = slow[u.src] || u.slow()
	}
	l.hosts, l.slow, l.chance = len(t.most)-1, 0, oddHosts
	for _, some := range slow {
		if some {
			l.slow++
		}
	}
	l.learnSizes(slices.Collect(maps.Values(best)))
	return l
}

// nextUpload returns what a host sends to a target on the first of some days on which
// the host is there, and whether that says if it repeats an upload. A host that is not
// there again after a pause does not: it was a guest's, or has another address.
func nextUpload(days []*day, k uploadKey) (u *uploadList, says bool) {
	for _, d := range days {
		if t := d.uploads(); t.there(k.src) {
			return t.lists[k], true
		}
	}
	return nil, len(days) > pauseDays
}

// busy is the logarithm of the flows that the median host sends outward.
func (t uploadTable) busy() float64 {
	var flows []float64
	for _, n := range t.flows {
		flows = append(flows, logOf(n))
	}
	return middle(flows)
}

// middle is the median of values, which it sorts.
func middle(values []float64) float64 {
	slices.Sort(values)
	return median(values)
}

// exponential is the scale of values that are exponentially distributed: from
// their median, so that a few odd ones do not matter, and fileTail.
func exponential(values []float64) float64 {
	n := float64(len(values))
	return (fileWeight*fileTail + n*middle(values)/math.Ln2) / (fileWeight + n)
}

// learnTargets collects the uploads of the test day by where they go.
func (l *uploadLimits) learnTargets(m *memory, after uploadTable) {
	l.begun, l.service = map[party][]float64{}, map[netip.Addr][]float64{}
	for k, u := range after.lists {
		switch {
		case u.size() <= l.usual:
		case m.uploads[k].size() > l.usual:
			l.service[u.top()] = append(l.service[u.top()], u.size())
		default:
			l.begun[k.party] = append(l.begun[k.party], u.size())
		}
	}
	for _, sizes := range l.begun {
		slices.Sort(sizes)
	}
	for _, sizes := range l.service {
		slices.Sort(sizes)
	}
}

// reach is how far the limit is above the start of a tail, if n hosts have a value
// in the tail: the share chance of the hosts has one beyond the limit by chance.
func (l uploadLimits) reach(n, scale, k float64) float64 {
	share := max(n/float64(l.hosts+priorHosts), knownShare)
	return scale * math.Log(share/l.chance) * k / DefaultSensitivity
}

// repeatedWithin is how far a repeated upload may be from the one before.
func (l uploadLimits) repeatedWithin(k float64) float64 {
	return l.reach(float64(l.repeated)+priorFiles, l.change, k)
}

// limit is that of an upload without a history. One that is spread over the day
// is made of modest flows and no matter of the sizes of files.
func (l uploadLimits) limit(slow bool, k float64) float64 {
	if slow {
		return l.usual + l.reach(float64(l.slow)+priorSlow, l.tail, k)
	}
	return l.median + l.reach(float64(l.many)+priorFiles, l.tail, k)
}

// excess is how far an upload is above usual in units of the distance to the
// limit, or beyond its history or the uploads to the same place if that is less.
// A host that is not known from earlier days must go farther.
func (l uploadLimits) excess(k uploadKey, u *uploadList, before *uploadHistory, known bool, sensitivity float64) float64 {
	up := u.size()
	if up <= l.usual {
		return 0
	}
	excess := (up - l.usual) / (l.limit(u.slow(), sensitivity) - l.usual)
	if !known {
		excess /= farther // the network's hosts say less of it
	}
	if old := before.size(); old > l.usual {
		excess = min(excess, (up-old)/l.repeatedWithin(sensitivity))
	}
	if begun := l.begun[k.party]; len(begun) > roll {
		excess = min(excess, (up-median(begun))/l.reach(float64(len(begun)), l.tail, sensitivity))
	}
	if service := l.service[u.top()]; len(service) >= station {
		excess = min(excess, (up-median(service))/l.reach(float64(len(service)), l.change, sensitivity))
	}
	return excess
}

func (l uploadLimits) thresholds(k float64) []Threshold {
	if l.hosts == 0 {
		from := fmt.Sprintf("fixed: uploads over %s, as of a Pareto distribution with index %.3g", units.Bytes(int64(math.Exp(l.usual))), 1/l.tail)
		return []Threshold{{Name: "up_bytes to one owner", Value: math.Exp(l.limit(false, k)), Unit: "bytes", From: from}}
	}
	usual, least := units.Bytes(int64(math.Exp(l.usual))), "is"
	if l.prior {
		least = "is a fixed minimum, above"
	}
	from := fmt.Sprintf("each host's largest upload over %s that it does not repeat: %s, median %s, Pareto index %.3g; %s %s the median of the largest transfers of %s",
		usual, plural(int64(l.files), "upload"), units.Bytes(int64(math.Exp(l.median))), 1/l.tail, usual, least, plural(int64(l.hosts), "host"))
	return []Threshold{
		{Name: "up_bytes to one owner", Value: math.Exp(l.limit(false, k)), Unit: "bytes", From: from},
		{Name: "up_bytes to one owner in six hours or more", Value: math.Exp(l.limit(true, k)), Unit: "bytes",
			From: fmt.Sprintf("the same uploads; %d of them took six hours or more", l.slow)},
		{Name: "up_bytes to one owner ÷ up_bytes to it on the baseline day", Value: math.Exp(l.repeatedWithin(k)), Unit: "ratio",
			From: fmt.Sprintf("%s made on both days, test day ÷ baseline day: typical change by a factor of %.3g", plural(int64(l.repeated), "upload"), math.Exp(l.change))},
	}
}
