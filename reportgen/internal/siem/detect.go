package siem

import (
	"cmp"

	"github.com/flowbook/flowbook/pkg/detect"
)

// Detect runs the detections as the rules say and adds the findings of the
// rules that are evaluated here. What detections found beside findings, such as
// their tables, is that of the run's own sensitivity.
//
// The sensitivity of in, where it is set, counts before that of rules;
// detections run once for each distinct one. Findings of disabled rules and below a rule's score are left
// out, and those of detections without a rule in the set stay as they are.
func (s *Set) Detect(in detect.Input) (detect.Result, error) {
	asked := in.Sensitivity
	own := cmp.Or(asked, detect.DefaultSensitivity)
	in.Sensitivity = own
	result := detect.All(in)
	runs := map[float64][]detect.Finding{own: result.Findings}

	var findings []detect.Finding
	for _, f := range result.Findings {
		if _, ok := s.Rule(f.Rule); !ok {
			findings = append(findings, f)
		}
	}
	at := newPlaces(in)
	for _, r := range s.Rules() {
		if !r.Enabled() {
			continue
		}
		if r.evaluated() {
			fs, err := s.evaluate(r, in, at)
			if err != nil {
				return result, err
			}
			findings = append(findings, fs...)
			continue
		}
		k := cmp.Or(asked, r.Flowbook.Thresholds.Sensitivity, own)
		if _, ok := runs[k]; !ok {
			in.Sensitivity = k
			runs[k] = detect.All(in).Findings
		}
		for _, f := range runs[k] {
			if f.Rule == r.Flowbook.Detection && f.Score >= r.Flowbook.Thresholds.Score {
				f.Severity = r.severityOf(f)
				findings = append(findings, f)
			}
		}
	}
	detect.SortFindings(findings)
	result.Findings, result.Devices = findings, detect.Devices(findings)
	return result, nil
}

// severityOf is the severity of a detection's finding under the rule.
func (r *Rule) severityOf(f detect.Finding) detect.Severity {
	level := r.Severity()
	switch r.Flowbook.Severity {
	case SeverityLevel:
		return level
	case SeverityCapped:
		if level.Compare(f.Severity) < 0 {
			return level
		}
	}
	return f.Severity
}
