package detect

import (
	"fmt"
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
// Values are compared on a logarithmic scale. The level is the upload
// among the largest uploads of the baseline's hosts, one a host. The record is
// the upload ÷ the host's own largest of the baseline day, among how much such
// records change from one day to the next. An upload stands out by its level,
// or, where the host has a baseline day, by the geometric mean of level and
// record. The growth is the upload ÷ what the host sent to the same owner on the
// baseline day: where it did, that must stand out too, so that a backup of every
// night is silent. Where hosts upload on the baseline day too, in the sense of more
// going up than coming down, the upload must also exceed what all but one in
// twenty of them do, for people send large files now and then. The pace is slow where the host's ten largest flows of the day
// carry less than half of the upload.
func Exfiltration(in Input) ExfiltrationResult {
	baseline, test := in.days()
	at, k := in.places(), in.sensitivity()
	before, after := baseline.uploads(at), test.uploads(at)
	l := learnUploads(before, after)

	type scored struct {
		Upload
		finding Finding
	}
	var found []scored
	for key, u := range after.lists {
		old := before.lists[key].total()
		excess := l.excess(u.biased.Up, old, before.record[key.src], k)
		if excess < 1 {
			continue
		}
		up := u.upload(test, key, at, old)
		found = append(found, scored{up, up.finding(scoreOf(excess), u.span.window())})
	}
	slices.SortFunc(found, func(a, b scored) int { return compareFindings(a.finding, b.finding) })
	r := ExfiltrationResult{Thresholds: l.thresholds(k)}
	for _, f := range found {
		r.Uploads = append(r.Uploads, f.Upload)
		r.Findings = append(r.Findings, f.finding)
	}
	return r
}

// upload describes a list as evidence.
func (u *uploadList) upload(d day, key uploadKey, at places, old int64) Upload {
	up := Upload{Src: key.src, Dst: u.top, Owner: at.of(u.top).owner, Country: at.of(u.top).country,
		Counts: u.biased, Baseline: old, Times: round3(ratio(u.biased.Up, old)), Pace: PaceSlow}
	var largest int64
	for _, c := range u.all {
		if isUpload(c) {
			up.Addresses++
		}
	}
	if h, ok := d.Host(key.src); ok {
		for _, r := range h.Largest {
			if c, ok := u.all[r.Dst]; ok && isUpload(c) {
				up.Largest = append(up.Largest, r)
				largest += r.Up
			}
		}
	}
	if largest >= up.Up/2 {
		up.Pace = PaceFast
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
