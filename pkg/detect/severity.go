package detect

import (
	"cmp"
	"math"
	"net/netip"
	"slices"
)

// Alert says whether s is medium or above.
func (s Severity) Alert() bool { return s.rank() >= Medium.rank() }

// Compare orders severities, least urgent first; it returns -1, 0 or +1.
func (s Severity) Compare(o Severity) int { return cmp.Compare(s.rank(), o.rank()) }

// Severities returns the severities, least urgent first.
func Severities() []Severity { return []Severity{Info, Low, Medium, High, Critical} }

func (s Severity) rank() int { return slices.Index(Severities(), s) }

// scoreOf turns an excess over a learned limit into a score: ½ at the limit,
// ¾ at twice the limit, nearing 1 beyond, 0 at the median and below.
func scoreOf(excess float64) float64 {
	return round3(1 - math.Exp2(-max(excess, 0)))
}

// severityOf is the severity of a score: medium from the limit, high from twice
// and critical from four times the way from the baseline's median to it.
func severityOf(score float64) Severity {
	switch {
	case score >= 0.937: // 1 − 2⁻⁴
		return Critical
	case score >= 0.75:
		return High
	case score >= 0.5:
		return Medium
	case score >= 0.25:
		return Low
	}
	return Info
}

// capped lowers a finding to severity s at most, and its score with it.
func (f *Finding) capped(s Severity) {
	if f.Severity.Compare(s) <= 0 {
		return
	}
	f.Severity = s
	below := map[Severity]float64{Info: 0.249, Low: 0.499, Medium: 0.749, High: 0.936}
	if top, ok := below[s]; ok {
		f.Score = min(f.Score, top)
	}
}

// sortFindings orders findings by severity and score, most severe first, then
// by rule, entity and summary, which differ between any two findings of a day.
func sortFindings(fs []Finding) {
	slices.SortFunc(fs, compareFindings)
}

func compareFindings(a, b Finding) int {
	return cmp.Or(
		b.Severity.Compare(a.Severity),
		cmp.Compare(b.Score, a.Score),
		cmp.Compare(a.Rule, b.Rule),
		a.Entity.Compare(b.Entity),
		cmp.Compare(a.Summary, b.Summary),
	)
}

// Known says whether s is one of the severities.
func (s Severity) Known() bool { return s.rank() >= 0 }

// evidenceOf returns the evidence of findings of one rule, in their order.
func evidenceOf[E any](findings []Finding) []E {
	var all []E
	for _, f := range findings {
		all = append(all, f.Evidence.(E))
	}
	return all
}

// Signals is how unusual entities are by one rule: the distance of their value
// from the median, in units of the distance from the median to the limit. 1 is
// the limit, from which there is a finding at medium or above; a score is
// 1 − 2⁻ˢⁱᵍⁿᵃˡ. Entities that did nothing that the rule compares have none.
type Signals map[netip.Addr]float64

// note keeps the largest signal of an entity.
func (s Signals) note(a netip.Addr, excess float64) { s[a] = max(s[a], excess) }

// CountAtLeast returns the number of findings of severity least or above.
func CountAtLeast(findings []Finding, least Severity) (n int) {
	for _, f := range findings {
		if f.Severity.Compare(least) >= 0 {
			n++
		}
	}
	return n
}
