package detect

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/units"
)

// RuleExfiltration is the id of the rule of Exfiltration.
const RuleExfiltration = "exfiltration"

var _ = register(RuleExfiltration, (*Context).exfiltration)

// The two ways of carrying data out.
const (
	PaceFast = "fast" // a few huge flows
	PaceSlow = "slow" // low and slow: many modest flows
)

// Upload is what one internal host sent to the addresses of one owner (to one
// address where its owner is not known) that took in far more than they gave,
// on the test day. It is the evidence of an exfiltration finding.
type Upload struct {
	Src            netip.Addr    `json:"src_ip"`
	Dst            netip.Addr    `json:"dst_ip"`    // the address that took in most
	Addresses      int           `json:"addresses"` // of the owner, Dst among them
	Owner          geo.Owner     `json:"owner"`
	Country        geo.Country   `json:"country"` // of Dst
	profile.Counts               // with all these addresses
	Baseline       int64         `json:"baseline_up_bytes"`      // what Src sent to the same owner (or address) on the baseline day
	Times          float64       `json:"times_baseline"`         // up ÷ baseline; 0 where Src sent it nothing then
	Pace           string        `json:"pace"`                   // PaceFast or PaceSlow
	Largest        []flow.Record `json:"largest"`                // the largest of these flows, most up bytes first
	Days           int           `json:"days,omitempty"`         // of an upload that adds up over days: days with uploads
	Sum            int64         `json:"sum_up_bytes,omitempty"` // on all these days
}

// ExfiltrationResult is the uploads that stand out and their findings.
type ExfiltrationResult struct {
	Uploads []Upload // one for each finding, in the same order
	Outcome
}

// Exfiltration finds internal hosts that sent far more to an external
// destination than the hosts of the network do on the baseline day.
//
// What is compared is an upload: the bytes that a host sends to the addresses of
// one owner that take in more than twice what they give, and in its largest
// flows to others. The limit is learned from the uploads of the baseline day that
// are larger than the median host's largest transfer and that the host does not
// repeat. Users send large files occasionally, with sizes that follow a Pareto
// distribution, and the limit is the size that two hosts in a thousand exceed
// (learnUploads). Few uploads are spread over six hours or more, so these have a
// lower limit, and low and slow exfiltration is found.
//
// What a host also uploaded to the same owner on the baseline day must have grown
// by more than such habits change, so that a backup of every night is silent. What
// six hosts or more begin to send to one owner on the same day is a service that
// is rolled out, and must stand out among theirs; and so must an upload to an
// address that takes in others' habits. Uploads of a host to a target of its own that
// are small each day add up over days. The pace is slow where the host's ten
// largest flows of the day carry less than half of the upload. Without a history, an upload
// to a service that several hosts use, or that of a device, is low.
func Exfiltration(in Input) ExfiltrationResult {
	return resultOf[ExfiltrationResult](in, RuleExfiltration)
}

func (c *Context) exfiltration(k float64) (r ExfiltrationResult) {
	m, after, l := c.memory(), c.test.uploads(), c.uploadLimits()
	r.Thresholds, r.Signals, r.Coverage = l.thresholds(k), Signals{}, c.ranCoverage()
	switch {
	case r.Coverage.Ran && !c.test.hasBytes():
		return ExfiltrationResult{Outcome: Outcome{Coverage: notRun(reasonNoBytes)}}
	case r.Coverage.Ran && !c.test.ownersKnown():
		r.Coverage.also(reasonNoOwners)
	}
	for key, u := range after.lists {
		excess := c.goingOn(c.excessOfUpload(l, key, u, k), flag{RuleExfiltration, key.src, u.top()})
		r.Signals.note(key.src, excess)
		if excess >= 1 {
			up := u.upload(key, c.test, m.uploads[key].sent())
			f := up.finding(scoreOf(excess), u.span.window(), c.before())
			if why := c.explainsUpload(l, key, u); why != "" {
				f.Summary += why
				f.capped(Low)
			}
			if on := c.recurs(key, u, l.repeatedWithin(k)); on != nil {
				f.Summary += fmt.Sprintf("; it began at %s, as on %s, like a scheduled job", u.span.first.Clock(), on.name(len(c.past)))
				f.capped(Low)
			}
			r.Findings = append(r.Findings, f)
		}
	}
	for _, f := range c.summed(l, k) {
		e := f.Evidence.(Upload)
		same := func(o Finding) bool { return o.Entity == f.Entity && o.Evidence.(Upload).Dst == e.Dst }
		if !slices.ContainsFunc(r.Findings, same) {
			r.Signals.note(f.Entity, -math.Log2(1-f.Score))
			r.Findings = append(r.Findings, f)
		}
	}
	sortFindings(r.Findings)
	r.Uploads = evidenceOf[Upload](r.Findings)
	return r
}

// excessOfUpload is how far an upload exceeds its limit. Without a history, what the other hosts
// of the day upload counts as well: where some of them send files, so may another. What
// something else explains teaches nothing.
func (c *Context) excessOfUpload(l uploadLimits, key uploadKey, u *uploadList, k float64) float64 {
	excess := l.excess(key, u, c.memory().uploads[key], len(c.past) == 0 || !c.newcomer(key.src), k)
	if excess >= 1 && len(c.past) == 0 {
		l = c.test.uploads().others(l, key.src, c.unexplainedUploads(l))
		if l.files >= pilotHosts { // fewer may be infected too
			excess = min(excess, l.excess(key, u, nil, true, k))
		}
	}
	return excess
}

// unexplainedUploads lists the uploads over usual of a day without a history that nothing
// explains, largest first.
func (c *Context) unexplainedUploads(l uploadLimits) []sizedUpload {
	return c.unexplained.get(func() (some []sizedUpload) {
		for _, u := range c.test.uploads().largest {
			if u.size() <= l.usual {
				break
			}
			if c.explainsUpload(l, u.uploadKey, u.uploadList) == "" {
				some = append(some, u)
			}
		}
		return some
	})
}

// explainsUpload says what explains an upload if there is no history: a backup, a device, or a
// service that many hosts use. It is empty if nothing does.
func (c *Context) explainsUpload(l uploadLimits, key uploadKey, u *uploadList) string {
	switch top := u.top(); {
	case len(c.past) > 0:
	case isCloud(c.test.owner(top).Name) && c.test.rests(u.hours):
		return "; in quiet hours, like a backup: compare with an earlier day"
	case c.test.internalHosts() >= 2*pilotHosts && c.test.reach()[key.src] <= machineReach:
		return aDevice
	case len(l.begun[key.party]) >= pilotHosts:
		return fmt.Sprintf("; %d hosts upload to its network, like users of a service: compare with an earlier day", len(l.begun[key.party]))
	case c.test.sendsAllDay(key.src, u):
		return "; at even gaps, day and night, like a camera"
	}
	return ""
}

// sendsAllDay says whether a host sends at even gaps in as many hours as one that is on day and
// night, and not only this.
func (d *day) sendsAllDay(src netip.Addr, u *uploadList) bool {
	var sum *profile.Conversation
	var hours uint32
	for i, cs := 0, d.Of(src); i < len(cs); i++ {
		if _, into := u.into[cs[i].Dst]; !into {
			continue
		}
		hours |= hourSet(&cs[i])
		if sum == nil {
			sum = &profile.Conversation{}
		}
		sum = join(sum, &cs[i])
	}
	if sum == nil || !d.alwaysOn(hours) {
		return false
	}
	cv, _, _ := callRhythm(d.gaps(src, sum.Seconds, sum.Flows))
	return cv <= mostJitter
}

// goesOn is how far an upload goes at least that continues one that was an alert: half
// of the way to the limit. The limit is another one on each day, and a thief does not send
// the same each day.
const goesOn = 0.5

// A scheduler starts a job at the same time, and a job before it may delay it by
// jobDelay. Two uploads at times that have nothing to do with each other begin so close
// together by chance one day in seventy.
const jobDelay = 10 * flow.Minute

// recurs returns the last past day on which a host began an upload to the same place at
// the same time of the day, of a size that repeated uploads have: a job that began in the
// course of the history, which is new only once. It is nil if there is none. A thief
// takes many hours to stay unnoticed, or uses the host of a user: neither is a job.
func (c *Context) recurs(key uploadKey, u *uploadList, reach float64) *day {
	if u.slow() || !c.test.alwaysOn(c.test.hoursOn(key.src, u.top())) {
		return nil
	}
	for _, d := range slices.Backward(c.past) {
		old := d.uploads().lists[key]
		if old == nil || old.sent.Up == 0 || math.Abs(old.size()-u.size()) > reach || old.slow() {
			continue
		}
		if late := int(u.span.first) - int(old.span.first); late <= int(jobDelay) && late >= -int(jobDelay) {
			return d
		}
	}
	return nil
}

// upload describes a list as evidence.
func (u *uploadList) upload(key uploadKey, d *day, old int64) Upload {
	top := u.top()
	up := Upload{Src: key.src, Dst: top, Addresses: len(u.into), Owner: d.owner(top), Country: d.country(top),
		Counts: u.sent, Baseline: old, Times: round3(ratio(u.sent.Up, old)), Pace: PaceSlow, Largest: u.large}
	if u.fast() {
		up.Pace = PaceFast
	}
	return up
}

func (u Upload) finding(score float64, window [2]flow.Time, before string) Finding {
	attack := []string{"T1048"}
	if isCloud(u.Owner.Name) {
		attack = []string{"T1567.002"}
	}
	if u.Pace == PaceSlow {
		attack = append(attack, "T1030")
	}
	return Finding{Entity: u.Src, Severity: severityOf(score), Score: score,
		Attack: attack, Summary: u.summary(before), Evidence: u, Window: window}
}

// to names the destination.
func (u Upload) to() string {
	to := u.Dst.String()
	if u.Owner.Name != "" {
		to += " (" + u.Owner.Name + ")"
	}
	if u.Addresses > 1 {
		to += fmt.Sprintf(" and %d more of its addresses", u.Addresses-1)
	}
	return to
}

func (u Upload) summary(before string) string {
	s := fmt.Sprintf("uploaded %s to %s in %s", units.Bytes(u.Up), u.to(), plural(u.Flows, "flow"))
	switch {
	case u.Baseline > 0:
		s += ", " + times(u.Times) + " its baseline"
	case before != "":
		s += "; it sent nothing there " + before
	}
	return s
}

// cloudOwners are words in the names of owners who let anyone store data.
var cloudOwners = []string{"google", "microsoft", "amazon", "dropbox", "apple", "box", "mega", "oracle", "backblaze",
	"wasabi", "digitalocean", "ovh", "hetzner", "alibaba", "tencent", "yandex", "pcloud", "cloudflare"}

// isCloud says whether an owner lets anyone store data.
func isCloud(owner string) bool { return hasWord(owner, cloudOwners) }

// hasWord says whether one of some words is in a name.
func hasWord(name string, words []string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return !('a' <= r && r <= 'z')
	}), func(word string) bool { return slices.Contains(words, word) })
}
