package evaluation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// captureRow is how the labels of one kind of a capture came out in one
// setting. A case is a label on a day on which it is active.
type captureRow struct {
	capture, what, setting string
	cases                  int
	found                  int // cases with a finding at medium or above
	right                  int // cases with one for the right reason
	high                   int // cases with one for the right reason at high or above
	worst                  detect.Severity
	rules                  map[string]int // rules of the best finding of each case
	most                   int            // most findings above info on a day that name an entity
	hosts, alerted         int            // host-days of hosts inside without a label, and those with an alert
	wrong                  map[string]int // rules of the alerts of these
	outside                int            // clients and destinations outside without a label that have an alert
	rita, periodogram      string         // of the best labelled pair
}

// measureCaptures judges every capture in every setting.
func measureCaptures(ctx context.Context, dir string, peer *Periodogram, progress func(string)) ([]captureRow, error) {
	captures, err := readCaptures(ctx, dir)
	if err != nil {
		return nil, err
	}
	org, err := newOrganisation()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, org.Close()) }()
	rows := make([][]captureRow, len(captures))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, c := range captures {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			var err error
			if rows[i], err = c.measure(ctx, org, peer); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	progress(fmt.Sprintf("measured %d captures", len(captures)))
	return slices.Concat(rows...), err
}

// The settings in which a capture is judged.
const (
	settingAlone    = "alone"
	settingEmbedded = "embedded"
	settingHistory  = "history"
)

// measure judges a capture alone, in an organisation, and with a history.
func (c capture) measure(ctx context.Context, org *organisation, peer *Periodogram) ([]captureRow, error) {
	profiles := make([]*profile.Profile, len(c.days))
	var before []detect.Day
	for i, d := range c.days {
		profiles[i] = profileOf(slices.Values(d.records))
	}
	for _, d := range c.before {
		before = append(before, detect.Day{Profile: profileOf(slices.Values(d.records))})
	}
	rows := map[[2]string]*captureRow{}
	embedding := org.embedding(c)
	for i, d := range c.days {
		alone := detect.Input{Test: profiles[i], TestDate: d.date, Internal: c.networks(profiles[i])}
		c.judge(rows, settingAlone, i, alone, func(a netip.Addr) netip.Addr { return a }, nil)
		embedded := org.input(embedding.profile(d))
		c.judge(rows, settingEmbedded, i, embedded, embedding.move, org.alerted)
		history := slices.Clone(before)
		for j, p := range profiles[:i] {
			history = append(history, detect.Day{Date: c.days[j].date, Profile: p})
		}
		if len(history) > 0 {
			alone.History = history
			c.judge(rows, settingHistory, i, alone, func(a netip.Addr) netip.Addr { return a }, nil)
		}
	}
	if err := c.score(ctx, rows, profiles, peer); err != nil {
		return nil, err
	}
	order := []string{settingAlone, settingEmbedded, settingHistory}
	return slices.SortedFunc(func(yield func(captureRow) bool) {
		for _, r := range rows {
			if !yield(*r) {
				return
			}
		}
	}, func(a, b captureRow) int {
		return cmp.Or(cmp.Compare(a.what, b.what), cmp.Compare(slices.Index(order, a.setting), slices.Index(order, b.setting)))
	}), nil
}

// networks returns the internal networks as the program infers them, or those of
// the capture if none fits and the program asks for them.
func (c capture) networks(p *profile.Profile) flow.Networks {
	if n := detect.InferNetworks(p).Internal; n != nil {
		return n
	}
	return c.inside
}

// judge runs the detections on the i-th day and adds the outcome to the rows of
// a setting. The entities of the capture are at the addresses that move gives.
// Entities in known have an alert without the capture.
func (c capture) judge(rows map[[2]string]*captureRow, setting string, i int, in detect.Input, move func(netip.Addr) netip.Addr, known map[netip.Addr]bool) {
	findings := detect.All(in).Findings
	labelled := map[netip.Addr]bool{}
	whats := map[string]bool{}
	for _, l := range c.labels {
		labelled[move(l.entity)] = true
		for _, p := range l.peers {
			if !c.inside.Contains(p) {
				labelled[p] = true
			}
		}
		if l.active(i) {
			whats[l.what] = true
		}
	}
	if len(c.labels) == 0 {
		whats["no attack"] = true
	}
	for what := range whats {
		row := rows[[2]string{what, setting}]
		if row == nil {
			row = &captureRow{capture: c.name, what: what, setting: setting, worst: detect.Critical, rules: map[string]int{}, wrong: map[string]int{}}
			rows[[2]string{what, setting}] = row
		}
		named := map[int]bool{}
		for _, l := range c.labels {
			if l.what == what && l.active(i) {
				row.addCase(findings, l, move, named)
			}
		}
		row.most = max(row.most, len(named))
		row.addOthers(c, i, in, findings, labelled, move, known)
	}
}

// addCase adds a label on a day, and to named the places of the findings above
// info that name the entity.
func (r *captureRow) addCase(findings []detect.Finding, l label, move func(netip.Addr) netip.Addr, named map[int]bool) {
	r.cases++
	var best, other *detect.Finding
	for i, f := range findings {
		addrs := f.Addresses()
		if !slices.Contains(addrs, move(l.entity)) || f.Severity == detect.Info {
			continue
		}
		named[i] = true
		if !f.Severity.Alert() {
			continue
		}
		if l.explains(f, addrs, move) {
			if best == nil {
				best = &f
			}
		} else if other == nil {
			other = &f
		}
	}
	switch {
	case best != nil:
		r.found++
		r.right++
		if best.Severity.Compare(detect.High) >= 0 {
			r.high++
		}
		r.rules[best.Rule]++
		if best.Severity.Compare(r.worst) < 0 {
			r.worst = best.Severity
		}
	case other != nil:
		r.found++
		r.rules["wrong: "+other.Rule]++
		r.worst = detect.Info
	default:
		r.worst = detect.Info
	}
}

// explains says whether a finding of a label's entity gives the right reason:
// its rule is one that names the behaviour, or, if several do, the evidence names
// a labelled other end, if it names any.
func (l label) explains(f detect.Finding, addrs []netip.Addr, move func(netip.Addr) netip.Addr) bool {
	if len(l.rules) > 0 {
		return slices.Contains(l.rules, f.Rule)
	}
	if f.Rule == detect.RuleHostAnomaly {
		return false
	}
	if len(l.peers) == 0 || len(addrs) <= max(1, len(f.Members)) {
		return true
	}
	return slices.ContainsFunc(l.peers, func(p netip.Addr) bool { return slices.Contains(addrs, move(p)) })
}

// addOthers counts the hosts of the capture without a label, and the entities
// without one that have an alert.
func (r *captureRow) addOthers(c capture, i int, in detect.Input, findings []detect.Finding, labelled map[netip.Addr]bool, move func(netip.Addr) netip.Addr, known map[netip.Addr]bool) {
	hosts := map[netip.Addr]bool{}
	for _, rec := range c.days[i].records {
		if c.inside.Contains(rec.Src) {
			hosts[move(rec.Src)] = true
		}
	}
	alerted := map[netip.Addr]bool{}
	inside := in.Internal
	if inside == nil {
		inside = flow.Private
	}
	var parts []detect.Finding
	for _, f := range findings {
		parts = append(parts, partsOf(f)...)
	}
	for _, f := range parts {
		if !f.Severity.Alert() || labelled[f.Entity] || known[f.Entity] || alerted[f.Entity] {
			continue
		}
		alerted[f.Entity] = true
		switch {
		case hosts[f.Entity]:
			r.alerted++
			r.wrong[f.Rule]++
		case !inside.Contains(f.Entity):
			r.outside++
		}
	}
	for h := range hosts {
		if !labelled[h] {
			r.hosts++
		}
	}
}

// score adds RITA's score and the periodogram's p-value of the best labelled
// pair of the last day with a label, with its rank among the pairs of that day.
func (c capture) score(ctx context.Context, rows map[[2]string]*captureRow, profiles []*profile.Profile, peer *Periodogram) error {
	tests := map[int][]pairTest{}
	for _, r := range rows {
		if r.setting != settingAlone || r.cases == 0 {
			continue
		}
		day := c.lastActive(r.what)
		pair := c.pairs(r.what, day)
		scores := detect.RITAScores(profiles[day])
		if i := slices.IndexFunc(scores, func(s detect.PairScore) bool { return pair(s.Src, s.Dst) }); i >= 0 {
			r.rita = fmt.Sprintf("%.3f, %d of %d", scores[i].RITA.Score, i+1, len(scores))
		}
		if tests[day] == nil {
			var err error
			if tests[day], err = peer.test(ctx, profiles[day]); err != nil {
				return err
			}
		}
		tested := tests[day]
		if i := slices.IndexFunc(tested, func(t pairTest) bool { return pair(t.src, t.dst) }); i >= 0 {
			as := 0
			for _, t := range tested {
				if t.p <= tested[i].p {
					as++
				}
			}
			r.periodogram = fmt.Sprintf("%.2g, %d of %d", tested[i].p, as, len(tested))
		}
	}
	return nil
}

// lastActive returns the last day on which a label of the kind is active.
func (c capture) lastActive(what string) int {
	for i := len(c.days) - 1; i > 0; i-- {
		if slices.ContainsFunc(c.labels, func(l label) bool { return l.what == what && l.active(i) }) {
			return i
		}
	}
	return 0
}

// pairs returns a function that says whether two addresses are the ends of
// malicious flows on the i-th day.
func (c capture) pairs(what string, i int) func(src, dst netip.Addr) bool {
	return func(src, dst netip.Addr) bool {
		return slices.ContainsFunc(c.labels, func(l label) bool {
			if l.what != what || !l.active(i) {
				return false
			}
			if len(l.peers) == 0 {
				return src == l.entity
			}
			return src == l.entity && slices.Contains(l.peers, dst) || dst == l.entity && slices.Contains(l.peers, src)
		})
	}
}

// names lists what is counted, most frequent first, as in "beacon 3, dns-c2".
func names(counts map[string]int) string {
	var list []string
	for _, name := range slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	}) {
		if n := counts[name]; n > 1 {
			name = fmt.Sprintf("%s %d", name, n)
		}
		list = append(list, name)
	}
	return cmp.Or(strings.Join(list, ", "), "-")
}
