package siem

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/reportgen/internal/alert"
)

// sigmaFields are the fields of Sigma's rules and correlations 2.1.0.
var sigmaFields = []string{"title", "id", "name", "related", "taxonomy", "status", "description", "license", "references",
	"author", "date", "modified", "logsource", "detection", "correlation", "fields", "falsepositives", "level", "tags", "scope", "generate"}

// unknownFields warns of top-level fields that neither Sigma nor Flowbook has:
// Sigma allows them, and a typing error looks the same.
func unknownFields(d document) []string {
	var warnings []string
	for _, v := range d.parts[0].body.Values {
		if key := v.Key.GetToken(); key.Value != "flowbook" && !slices.Contains(sigmaFields, key.Value) {
			warnings = append(warnings, fmt.Sprintf("%s:%d: %s: not a field of Sigma or Flowbook; ignored", d.parts[0].file, key.Position.Line, key.Value))
		}
	}
	return warnings
}

var (
	levels   = []string{"informational", "low", "medium", "high", "critical"}
	statuses = []string{"stable", "test", "experimental", "deprecated", "unsupported"}
	tag      = regexp.MustCompile(`^[a-z0-9_-]+\.[a-z0-9_.-]+$`)
)

// validate checks what Sigma asks of a document and what our block may say.
func (r *Rule) validate() error {
	fault := func(problem string, keys ...string) error { return r.doc.fieldError(problem, keys...) }
	if r.Title == "" {
		return fault("missing; a new rule needs a title, and a rule that overrides another needs its name or id", "title")
	}
	if len(r.Title) > 256 {
		return fault("has more than 256 characters", "title")
	}
	if _, err := uuid.Parse(r.ID); err != nil && (r.ID != "" || r.Name == "") {
		return fault(fmt.Sprintf("%q: not a UUID; uuidgen prints one", r.ID), "id")
	}
	if r.Level != "" && !slices.Contains(levels, r.Level) {
		return fault(fmt.Sprintf("%q: want %s", r.Level, strings.Join(levels, ", ")), "level")
	}
	if r.Status != "" && !slices.Contains(statuses, r.Status) {
		return fault(fmt.Sprintf("%q: want %s", r.Status, strings.Join(statuses, ", ")), "status")
	}
	for _, f := range [][2]string{{"date", r.Date}, {"modified", r.Modified}} {
		if _, err := time.Parse(time.DateOnly, f[1]); err != nil && f[1] != "" {
			return fault(fmt.Sprintf("%q: want a date such as 2024-04-21", f[1]), f[0])
		}
	}
	for i, t := range r.Tags {
		if !tag.MatchString(t) {
			return fault(fmt.Sprintf("%q: not a tag such as attack.t1048, in lower case", t), "tags", strconv.Itoa(i))
		}
	}
	if err := r.validateBody(); err != nil {
		return err
	}
	return r.validateBlock()
}

// validateBody checks that there is one of detection and correlation.
func (r *Rule) validateBody() error {
	fault := func(problem string, keys ...string) error { return r.doc.fieldError(problem, keys...) }
	switch {
	case r.Correlation == nil && len(r.Detection) == 0:
		return fault("has neither detection nor correlation; to override a rule, give its name or id", "detection")
	case r.Correlation != nil && len(r.Detection) > 0:
		return fault("a rule has either detection or correlation; write two, with --- between them", "correlation")
	case r.Correlation == nil && r.LogSource == (LogSource{}):
		return fault("is missing; write for example category: firewall", "logsource")
	case r.Correlation != nil:
		return r.validateCorrelation()
	}
	return nil
}

func (r *Rule) validateBlock() error {
	b := r.Flowbook
	fault := r.blockFault
	if err := r.validateEvaluation(); err != nil {
		return err
	}
	switch {
	case !(b.Thresholds.Sensitivity >= 0 && b.Thresholds.Sensitivity <= 1e6):
		return fault("must be above 0, in robust standard deviations", "thresholds", "sensitivity")
	case !(b.Thresholds.Score >= 0 && b.Thresholds.Score <= 1):
		return fault("must be between 0 and 1", "thresholds", "score")
	case b.Baseline != nil && !(b.Baseline.Times >= 0 && b.Baseline.Times <= 1e12):
		return fault("must be 0 or more, and finite", "baseline", "times")
	case !slices.Contains([]string{"", severityScored, severityCapped, severityLevel}, b.Severity):
		return fault(fmt.Sprintf("unknown severity %q: use scored, capped or level", b.Severity), "severity")
	case r.Level == "" && (b.Severity == severityCapped || b.Severity == severityLevel || r.evaluated()):
		return r.doc.fieldError("is missing; write one of "+strings.Join(levels, ", "), "level")
	}
	for i, a := range b.Actions {
		if field, err := a.validate(); err != nil {
			return fault(err.Error(), "actions", strconv.Itoa(i), field)
		}
	}
	return nil
}

// validateEvaluation checks what names a detection, or does without.
func (r *Rule) validateEvaluation() error {
	b, fault := r.Flowbook, r.blockFault
	if b.Detection != "" {
		if _, ok := detect.RuleOf(b.Detection); !ok {
			var ids []string
			for _, d := range detect.Rules() {
				ids = append(ids, d.ID)
			}
			return fault(fmt.Sprintf("there is no detection %q; there are %s", b.Detection, strings.Join(ids, ", ")), "detection")
		}
		if r.Name != b.Detection {
			return fault(fmt.Sprintf("makes findings named %q, so the rule's name must be the same", b.Detection), "detection")
		}
		if b.Baseline != nil {
			return fault("is for rules without flowbook.detection; a detection learns from the baseline day by itself", "baseline")
		}
	} else if b.Thresholds != (Thresholds{}) {
		return fault("are for rules with flowbook.detection; write the limit into the correlation's condition", "thresholds")
	}
	return nil
}

// blockFault is a fault of a field of our block.
func (r *Rule) blockFault(problem string, keys ...string) error {
	return r.doc.fieldError(problem, append([]string{"flowbook"}, keys...)...)
}

// validate returns the field at fault and why.
func (a Action) validate() (string, error) {
	if _, err := alert.ParseDestination(a.To); err != nil {
		return "to", err
	}
	if d, err := time.ParseDuration(a.Timeout); a.Timeout != "" && (err != nil || d <= 0) {
		return "timeout", fmt.Errorf("%q: not a positive duration such as 5s", a.Timeout)
	}
	switch {
	case a.Format != "" && !slices.Contains(alert.SentFormats(), a.Format):
		return "format", fmt.Errorf("%q: want json, ocsf or ecs", a.Format)
	case a.Least != "" && !a.Least.Known():
		return "least", fmt.Errorf("%q: want info, low, medium, high or critical", a.Least)
	case a.Retries != nil && (*a.Retries < 0 || *a.Retries > 20):
		return "retries", fmt.Errorf("must be between 0 and 20")
	}
	return "", nil
}
