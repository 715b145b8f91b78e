package siem

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/reportgen/internal/alert"
)

// Alerts makes alerts of the findings of a day.
func (s *Set) Alerts(findings []detect.Finding, day alert.Day) ([]alert.Alert, error) {
	var alerts []alert.Alert
	for _, f := range findings {
		var rule *alert.Rule
		if r, ok := s.Rule(f.Rule); ok {
			rule = &alert.Rule{ID: r.ID, Title: r.Title, Description: r.Description, Response: r.Flowbook.Response}
		}
		a, err := alert.New(f, rule, day)
		if err != nil {
			return nil, err
		}
		alerts = append(alerts, a)
	}
	return alerts, nil
}

// Action sends a rule's alerts somewhere.
type Action struct {
	To       string          `yaml:"to"`        // a destination as [alert.ParseDestination] reads it
	Format   string          `yaml:"format"`    // json (the default), ocsf or ecs
	Least    detect.Severity `yaml:"least"`     // the least severity that is sent; medium where empty
	Timeout  string          `yaml:"timeout"`   // of one attempt, such as 5s; DefaultTimeout where empty
	Retries  *int            `yaml:"retries"`   // after the first attempt; nil means DefaultRetries
	TokenEnv string          `yaml:"token_env"` // the environment variable that holds a webhook's bearer token
}

// options returns how the action's alerts are sent, except for the spool. The
// error is that of an invalid timeout, or of a token that lookup, such as os.LookupEnv, does not have.
func (a Action) options(lookup func(string) (string, bool)) (alert.Options, error) {
	opt := alert.Options{Format: a.Format, Retries: a.Retries}
	if a.Timeout != "" {
		var err error
		if opt.Timeout, err = time.ParseDuration(a.Timeout); err != nil {
			return opt, err
		}
	}
	if a.TokenEnv != "" {
		token, ok := lookup(a.TokenEnv)
		if !ok || token == "" {
			return opt, fmt.Errorf("the environment has no %s, which token_env names", a.TokenEnv)
		}
		opt.Token = token
	}
	return opt, nil
}

// HasActions says whether a rule of the set sends its alerts somewhere.
func (s *Set) HasActions() bool {
	return slices.ContainsFunc(s.Rules(), func(r *Rule) bool { return len(r.Flowbook.Actions) > 0 })
}

// CheckActions returns an error if a rule's action cannot be carried out, such as
// one whose token is not in the environment. See [Set.AddRoutes] for lookup.
func (s *Set) CheckActions(lookup func(string) (string, bool)) error {
	return s.AddRoutes(new(alert.Routes), nil, alert.Options{}, lookup)
}

// AddRoutes adds the routes of the rules' actions for the alerts of their rules.
// The spool and the TLS configuration come from shared, all other options from the
// action. lookup, such as os.LookupEnv, finds the variables that actions name.
func (s *Set) AddRoutes(routes *alert.Routes, alerts []alert.Alert, shared alert.Options, lookup func(string) (string, bool)) error {
	for _, r := range s.Rules() {
		for _, action := range r.Flowbook.Actions {
			opt, err := action.options(lookup)
			if err != nil {
				return fmt.Errorf("rule %s: %w", r.Key(), err)
			}
			to, err := alert.ParseDestination(action.To)
			if err != nil {
				return fmt.Errorf("rule %s: %w", r.Key(), err)
			}
			opt.Spool, opt.TLS = shared.Spool, shared.TLS
			var own []alert.Alert
			for _, a := range alert.AtLeast(alerts, cmp.Or(action.Least, detect.Medium)) {
				if r.Enabled() && a.Finding.Rule == r.Key() {
					own = append(own, a)
				}
			}
			routes.Add(to, opt, own)
		}
	}
	return nil
}
