package siem

import (
	"cmp"

	"github.com/flowbook/flowbook/pkg/detect"
)

// Detect runs each enabled rule at its own sensitivity. The sensitivity of in
// takes precedence if it is set. Findings below a rule's score are left out, and
// so are those of detections that no rule of the set names.
func (s *Set) Detect(in detect.Input) (detect.Result, error) {
	days := detect.NewContext(in)
	at := newPlaces(in)
	outcomes := map[string]detect.Outcome{}
	var findings []detect.Finding
	for _, r := range s.visible() {
		if !r.enabled() {
			continue
		}
		if r.evaluated() {
			fs, err := s.evaluate(r, in, at)
			if err != nil {
				return detect.Result{}, err
			}
			findings = append(findings, fs...)
			continue
		}
		o := days.Run(r.Flowbook.Detection, cmp.Or(in.Sensitivity, r.Flowbook.Thresholds.Sensitivity))
		outcomes[r.Flowbook.Detection] = o
		for _, f := range o.Findings {
			if f.Score >= r.Flowbook.Thresholds.Score {
				f.Severity = r.severityOf(f)
				findings = append(findings, f)
			}
		}
	}
	result := detect.Combine(append(findings, days.Resolved(findings)...))
	result.Outcomes = outcomes
	return result, nil
}

// severityOf is the severity of a detection's finding under the rule.
func (r *Rule) severityOf(f detect.Finding) detect.Severity {
	level := r.levelSeverity()
	switch r.Flowbook.Severity {
	case severityLevel:
		return level
	case severityCapped:
		if level.Compare(f.Severity) < 0 {
			return level
		}
	}
	return f.Severity
}
