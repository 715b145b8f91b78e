package detect

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
)

// RuleExfiltration is the id of the rule of Exfiltration.
const RuleExfiltration = "exfiltration"

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
	Baseline       int64         `json:"baseline_up_bytes"` // what Src sent to the same owner (or address) on the baseline day
	Times          float64       `json:"times_baseline"`    // up ÷ baseline; 0 where Src sent it nothing then
	Pace           string        `json:"pace"`              // PaceFast or PaceSlow
	Largest        []flow.Record `json:"largest"`           // the largest of these flows, most up bytes first
}

// ExfiltrationResult is the uploads that stand out and their findings.
type ExfiltrationResult struct {
	Uploads    []Upload // one for each finding, in the same order
	Thresholds []Threshold
	Findings   []Finding
}

// uploadBias is how many times more bytes must go up than come down before
// traffic counts as an upload. A call sends about as much as it receives, and
// browsing receives several times what it sends.
const uploadBias = 2

// Exfiltration finds internal hosts that sent far more to an external
// destination than they or their network do on the baseline day.
//
// An upload stands out if it is unusual among the largest uploads of the
// baseline's hosts, one a host, and, where the host sent to the same owner on
// the baseline day, if it also grew by more than such uploads do from one day
// to the next. Both are compared on a logarithmic scale. The pace is slow
// where no single flow is unusual among the largest flows of the hosts.
func Exfiltration(in Input) ExfiltrationResult {
	baseline, test := in.days()
	at, k := in.places(), in.sensitivity()
	before, after := baseline.uploads(at), test.uploads(at)
	level, growth, single := before.largest(), growthOf(before, after), before.singles()

	type scored struct {
		Upload
		score  float64
		window [2]flow.Time
	}
	var found []scored
	for key, u := range after.lists {
		if u.biased.Up == 0 {
			continue
		}
		excess := level.excess(logOf(u.biased.Up), k)
		old := before.lists[key].total()
		if old > 0 {
			excess = min(excess, growth.excess(logOf(u.biased.Up)-logOf(old), k))
		}
		if excess < 1 {
			continue
		}
		up := u.upload(test, key, at, old)
		if single.excess(logOf(u.maxUp), k) < 1 {
			up.Pace = PaceSlow
		}
		found = append(found, scored{up, scoreOf(excess), u.span.window()})
	}
	slices.SortFunc(found, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.score, a.score), a.Src.Compare(b.Src), a.Dst.Compare(b.Dst))
	})
	var r ExfiltrationResult
	for _, f := range found {
		r.Uploads = append(r.Uploads, f.Upload)
		r.Findings = append(r.Findings, f.Upload.finding(f.score, f.window))
	}
	r.Thresholds = exfiltrationThresholds(level, growth, single, k)
	return r
}

func exfiltrationThresholds(level, growth, single spread, k float64) []Threshold {
	return slices.Concat(
		level.threshold("up_bytes to one destination", "bytes", k, "each host's largest upload to one address on the baseline day"),
		growth.threshold("growth of up_bytes to one owner", "ratio", k, "test ÷ baseline of each host's largest upload to one owner"),
		single.threshold("up_bytes of one flow", "bytes", k, "each host's largest flow on the baseline day; above it the pace is fast"),
	)
}

// uploadKey is one host and one owner, or one address of an unknown owner.
type uploadKey struct {
	src   netip.Addr
	owner geo.Owner
	dst   netip.Addr // only where the owner is not known
}

// uploadList is a host's traffic with one owner.
type uploadList struct {
	all    map[netip.Addr]profile.Counts // by destination
	biased profile.Counts                // of the destinations that took in uploadBias times what they gave
	maxUp  int64                         // of one flow to these
	top    netip.Addr                    // of these, the one with most up bytes
	span   span                          // of these
}

func (u *uploadList) total() (up int64) {
	if u == nil {
		return 0
	}
	for _, c := range u.all {
		up += c.Up
	}
	return up
}

type uploadTable struct {
	day   day
	lists map[uploadKey]*uploadList
}

// uploads groups a day's outward traffic by host and owner.
func (d day) uploads(at places) uploadTable {
	t := uploadTable{d, map[uploadKey]*uploadList{}}
	keyOf := func(c *profile.Conversation) uploadKey {
		k := uploadKey{src: c.Src, owner: at.of(c.Dst).owner}
		if k.owner.ASN == 0 {
			k.owner, k.dst = geo.Owner{}, c.Dst
		}
		return k
	}
	for c := range d.outward() {
		k := keyOf(c)
		u, ok := t.lists[k]
		if !ok {
			u = &uploadList{all: map[netip.Addr]profile.Counts{}}
			t.lists[k] = u
		}
		n := u.all[c.Dst]
		n.Add(c.Counts)
		u.all[c.Dst] = n
	}
	for c := range d.outward() {
		u := t.lists[keyOf(c)]
		if n := u.all[c.Dst]; isUpload(n) {
			u.biased.Add(c.Counts)
			u.maxUp = max(u.maxUp, c.MaxUp)
			u.span.add(c)
			if top := u.all[u.top]; !u.top.IsValid() || n.Up > top.Up {
				u.top = c.Dst
			}
		}
	}
	return t
}

func isUpload(c profile.Counts) bool { return c.Up/uploadBias > c.Down }

// largest is the spread of each host's largest upload to one address.
func (t uploadTable) largest() spread {
	best := map[netip.Addr]int64{}
	for k, u := range t.lists {
		for _, c := range u.all {
			best[k.src] = max(best[k.src], c.Up)
		}
	}
	return logSpread(best)
}

// singles is the spread of each host's largest flow to an external address.
func (t uploadTable) singles() spread {
	best := map[netip.Addr]int64{}
	for c := range t.day.outward() {
		best[c.Src] = max(best[c.Src], c.MaxUp)
	}
	return logSpread(best)
}

func logSpread(values map[netip.Addr]int64) spread {
	var logs []float64
	for _, v := range values {
		logs = append(logs, logOf(v))
	}
	return spreadOf(logs)
}

// growthOf is the spread of how much each host's largest upload to one owner
// grew from one day to the next.
func growthOf(before, after uploadTable) spread {
	best := map[netip.Addr]int64{}
	change := map[netip.Addr]float64{}
	for k, u := range before.lists {
		best[k.src] = max(best[k.src], u.total())
	}
	for k, u := range before.lists {
		now := after.lists[k].total()
		if now == 0 || u.total() != best[k.src] {
			continue
		}
		// Where two owners share the first place, the one that grew more
		// counts, so that the result does not depend on their order.
		grew := logOf(now) - logOf(u.total())
		if old, ok := change[k.src]; !ok || grew > old {
			change[k.src] = grew
		}
	}
	return spreadOf(slices.Collect(maps.Values(change)))
}

// upload describes a list as evidence.
func (u *uploadList) upload(d day, key uploadKey, at places, old int64) Upload {
	up := Upload{Src: key.src, Dst: u.top, Owner: at.of(u.top).owner, Country: at.of(u.top).country,
		Counts: u.biased, Baseline: old, Times: round3(ratio(u.biased.Up, old)), Pace: PaceFast}
	for _, c := range u.all {
		if isUpload(c) {
			up.Addresses++
		}
	}
	if h, ok := d.Host(key.src); ok {
		for _, r := range h.Largest {
			if c, ok := u.all[r.Dst]; ok && isUpload(c) {
				up.Largest = append(up.Largest, r)
			}
		}
	}
	return up
}

func (u Upload) finding(score float64, window [2]flow.Time) Finding {
	attack := []string{"T1048"}
	if isCloud(u.Owner.Name) {
		attack = []string{"T1567.002"}
	}
	if u.Pace == PaceSlow {
		attack = append(attack, "T1030")
	}
	return Finding{Rule: RuleExfiltration, Entity: u.Src.String(), Severity: severityOf(score), Score: score,
		Attack: attack, Summary: u.summary(), Evidence: u, Window: window}
}

func (u Upload) summary() string {
	to := u.Dst.String()
	if u.Owner.Name != "" {
		to += " (" + u.Owner.Name + ")"
	}
	if u.Addresses > 1 {
		to += fmt.Sprintf(" and %d more addresses of it", u.Addresses-1)
	}
	history := "to which it sent nothing on the baseline day"
	if u.Baseline > 0 {
		history = times(u.Times) + " its baseline"
	}
	return fmt.Sprintf("uploaded %s to %s in %s, %s", bytesText(u.Up), to, plural(u.Flows, "flow"), history)
}

// cloudOwners are words in the names of owners who let anyone store data.
var cloudOwners = []string{"google", "microsoft", "amazon", "dropbox", "apple", "box", "mega", "oracle", "backblaze",
	"wasabi", "digitalocean", "ovh", "hetzner", "alibaba", "tencent", "yandex", "pcloud", "cloudflare"}

// isCloud says whether an owner lets anyone store data.
func isCloud(owner string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(strings.ToLower(owner), func(r rune) bool {
		return !('a' <= r && r <= 'z')
	}), func(word string) bool { return slices.Contains(cloudOwners, word) })
}
