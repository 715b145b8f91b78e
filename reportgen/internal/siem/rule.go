package siem

import (
	"strings"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/goccy/go-yaml"
)

// Rule is one Sigma document with what Flowbook adds to it.
type Rule struct {
	Title          string        `yaml:"title"`
	ID             string        `yaml:"id"`   // a UUID
	Name           string        `yaml:"name"` // short and unique; the rule of a finding
	Status         string        `yaml:"status"`
	Description    string        `yaml:"description"`
	Date           string        `yaml:"date"` // as 2006-01-02
	Modified       string        `yaml:"modified"`
	Tags           []string      `yaml:"tags"` // such as attack.t1048
	LogSource      LogSource     `yaml:"logsource"`
	Detection      yaml.MapSlice `yaml:"detection"`   // selections and their condition
	Correlation    *Correlation  `yaml:"correlation"` // nil for a rule on single conversations
	FalsePositives []string      `yaml:"falsepositives"`
	Level          string        `yaml:"level"` // informational, low, medium, high or critical
	Flowbook       Block         `yaml:"flowbook"`

	part    bool // of a correlation: it selects flows and makes no findings itself
	doc     document
	matches matcher // of a rule that is evaluated here
}

// LogSource says which log a rule reads. Service "servers" is the log of the
// external clients of the public servers, anything else that of the hosts.
type LogSource struct {
	Category   string `yaml:"category"`
	Product    string `yaml:"product"`
	Service    string `yaml:"service"`
	Definition string `yaml:"definition"`
}

// Correlation counts what other rules match (Sigma correlation rules 2.1.0).
type Correlation struct {
	Type      string        `yaml:"type"`
	Rules     []string      `yaml:"rules"` // by name or id
	GroupBy   []string      `yaml:"group-by"`
	Timespan  string        `yaml:"timespan"`
	Condition yaml.MapSlice `yaml:"condition"`
	Aliases   yaml.MapSlice `yaml:"aliases"`
	Generate  bool          `yaml:"generate"` // whether the rules make findings too
}

// Block is the part of a rule that is Flowbook's own.
type Block struct {
	// Detection is the detection of package detect that compares the days,
	// by the id of its rule; empty where the rule itself is evaluated.
	Detection  string     `yaml:"detection"`
	Enabled    *bool      `yaml:"enabled"` // nil means true
	Thresholds Thresholds `yaml:"thresholds"`
	Severity   string     `yaml:"severity"` // severityScored where empty
	Baseline   *Baseline  `yaml:"baseline"` // only of a rule that is evaluated here
	Conditions []string   `yaml:"conditions"`
	Response   []string   `yaml:"response"` // instructions for the reader of an alert
	Actions    []Action   `yaml:"actions"`  // what the program does
}

// Thresholds are the limits of a rule that names a detection.
type Thresholds struct {
	// Sensitivity is how many robust standard deviations from the baseline's
	// median count as unusual; 0 means
	// detect.DefaultSensitivity.
	Sensitivity float64 `yaml:"sensitivity"`
	// Score is the least score of a finding, 0 to 1; what is below is left out.
	Score float64 `yaml:"score"`
}

// Baseline compares the groups of a rule with those of the baseline day.
type Baseline struct {
	New   bool    `yaml:"new"`   // the group must not be there on the baseline day
	Times float64 `yaml:"times"` // its value must be so many times that of the baseline day
}

// How a finding's severity comes from its rule.
const (
	severityScored = "scored" // from its score alone
	severityCapped = "capped" // from its score, at most the rule's level
	severityLevel  = "level"  // the rule's level, whatever its score
)

// enabled says whether the rule makes findings.
func (r *Rule) enabled() bool { return r.Flowbook.Enabled == nil || *r.Flowbook.Enabled }

// key is the name of the rule in findings: its name, or its id without one.
func (r *Rule) key() string {
	if r.Name != "" {
		return r.Name
	}
	return r.ID
}

// levelSeverity is the rule's level in Flowbook's words.
func (r *Rule) levelSeverity() detect.Severity {
	if r.Level == "informational" {
		return detect.Info
	}
	return detect.Severity(r.Level)
}

// attack returns the MITRE ATT&CK techniques among the rule's tags, such as
// T1567.002, in their order.
func (r *Rule) attack() []string {
	techniques := []string{}
	for _, tag := range r.Tags {
		if t, ok := strings.CutPrefix(tag, "attack.t"); ok && t != "" && '0' <= t[0] && t[0] <= '9' {
			techniques = append(techniques, "T"+t)
		}
	}
	return techniques
}
