package frame

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/changes"
	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
)

// Findings returns findings in their order: rule, entity, severity, score,
// attack (ATT&CK technique ids), summary, first and last (time of the first and
// last flow).
func Findings(fs []detect.Finding) Frame {
	type row = detect.Finding
	return of(fs,
		text("rule", func(r row) string { return r.Rule }),
		text("entity", func(r row) string { return r.Entity.String() }),
		text("severity", func(r row) string { return string(r.Severity) }),
		number("score", func(r row) float64 { return r.Score }),
		text("attack", func(r row) string { return strings.Join(r.Attack, ", ") }),
		text("summary", func(r row) string { return r.Summary }),
		whole("first", func(r row) flow.Time { return r.Window[0] }),
		whole("last", func(r row) flow.Time { return r.Window[1] }),
	)
}

// Course returns findings by how they relate to the days before: state ("new",
// "ongoing" or "resolved"), since (date on which it was first seen), rule, entity,
// severity, summary.
func Course(fs []detect.Finding) Frame {
	type row = detect.Finding
	return of(fs,
		text("state", func(r row) string { return string(r.State) }),
		text("since", func(r row) string { return r.Since }),
		text("rule", func(r row) string { return r.Rule }),
		text("entity", func(r row) string { return r.Entity.String() }),
		text("severity", func(r row) string { return string(r.Severity) }),
		text("summary", func(r row) string { return r.Summary }),
	)
}

// Diff returns what changed in findings from one day to the next, a row for each entity: change, since, rule, entity, severity (of
// the second day; of the first if it is not seen on the second), was (the severity of the first day), summary.
func Diff(list []changes.Change) Frame {
	type row struct {
		changes.Change
		entity netip.Addr
	}
	var rows []row
	for _, c := range list {
		for _, entity := range c.Entities {
			rows = append(rows, row{c, entity})
		}
	}
	return of(rows,
		text("change", func(r row) string { return string(r.Kind) }),
		text("since", func(r row) string { return r.Since }),
		text("rule", func(r row) string { return r.Rule }),
		text("entity", func(r row) string { return r.entity.String() }),
		text("severity", func(r row) string { return string(r.Severity()) }),
		text("was", func(r row) string { return string(r.Before) }),
		text("summary", func(r row) string { return r.Text() }),
	)
}

// Alerts returns the findings that are alerts: those of severity medium or above.
func Alerts(fs []detect.Finding) []detect.Finding {
	var alerts []detect.Finding
	for _, f := range fs {
		if f.Severity.Alert() {
			alerts = append(alerts, f)
		}
	}
	return alerts
}

// Devices returns devices in their order: entity, severity, score, rules (of its
// findings, separated by commas), reasons (the summaries of its findings,
// separated by semicolons).
func Devices(ds []detect.Device) Frame {
	type row = detect.Device
	return of(ds,
		text("entity", func(r row) string { return r.Entity.String() }),
		text("severity", func(r row) string { return string(r.Severity) }),
		number("score", func(r row) float64 { return r.Score }),
		text("rules", func(r row) string {
			var rules []string
			for _, f := range r.Findings {
				if !slices.Contains(rules, f.Rule) {
					rules = append(rules, f.Rule)
				}
			}
			return strings.Join(rules, ", ")
		}),
		text("reasons", func(r row) string {
			var reasons []string
			for _, f := range r.Findings {
				reasons = append(reasons, f.Summary)
			}
			return strings.Join(reasons, "; ")
		}),
	)
}

// Thresholds returns the limits that a detection learned: name, limit (with its
// unit), from.
func Thresholds(ts []detect.Threshold) Frame {
	type row = detect.Threshold
	units := map[string]Unit{"bytes": Bytes, "flows": Count, "hosts": Count, "ratio": Ratio, "seconds": Seconds}
	return of(ts,
		text("name", func(r row) string { return r.Name }),
		text("limit", func(r row) string {
			u, ok := units[r.Unit]
			if !ok || u == Ratio {
				return SI(r.Value, "")
			}
			if u == Count {
				return SI(r.Value, "") + " " + r.Unit
			}
			return u.Format(r.Value)
		}),
		text("from", func(r row) string { return r.From }),
	)
}

// Suspects returns the distinct entities of the alerts among findings, in order.
func Suspects(fs []detect.Finding) []string {
	var names []string
	for _, f := range Alerts(fs) {
		entities := f.Entities()
		if f.Rule == detect.RuleInboundAttack {
			entities = []netip.Addr{f.Entity} // of hundreds of sources
		}
		for _, a := range entities {
			if name := a.String(); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// Coverage returns what rules could see: rule, ran ("yes" or "no"), learned_days and
// learned_hosts (that its limits were learned from), unseen (why it did not run or
// sees less).
func Coverage(cs []detect.Coverage) Frame {
	type row = detect.Coverage
	return of(cs,
		text("rule", func(r row) string { return r.Rule }),
		text("ran", func(r row) string {
			if r.Ran {
				return "yes"
			}
			return "no"
		}),
		whole("learned_days", func(r row) int { return r.Days }),
		whole("learned_hosts", func(r row) int { return r.Hosts }),
		text("unseen", func(r row) string { return r.Reason }),
	)
}
