package siem

import (
	"cmp"
	"fmt"
	"os"
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

// hasActions says whether a rule of the set sends its alerts somewhere.
func (s *Set) hasActions() bool {
	return slices.ContainsFunc(s.visible(), func(r *Rule) bool { return len(r.Flowbook.Actions) > 0 })
}

// CheckActions returns an error if a rule's action cannot be carried out, such as
// one whose token is not in the environment. See [Set.addRoutes] for lookup.
func (s *Set) CheckActions(lookup func(string) (string, bool)) error {
	return s.addRoutes(new(alert.Routes), nil, alert.Options{}, lookup)
}

// addRoutes adds the routes of the rules' actions for the alerts of their rules.
// The spool and the TLS configuration come from shared, all other options from the
// action. lookup, such as os.LookupEnv, finds the variables that actions name.
func (s *Set) addRoutes(routes *alert.Routes, alerts []alert.Alert, shared alert.Options, lookup func(string) (string, bool)) error {
	for _, r := range s.visible() {
		for _, action := range r.Flowbook.Actions {
			opt, err := action.options(lookup)
			if err != nil {
				return fmt.Errorf("rule %s: %w", r.key(), err)
			}
			to, err := alert.ParseDestination(action.To)
			if err != nil {
				return fmt.Errorf("rule %s: %w", r.key(), err)
			}
			opt.Spool, opt.TLS = shared.Spool, shared.TLS
			var own []alert.Alert
			for _, a := range alert.AtLeast(alerts, cmp.Or(action.Least, detect.Medium)) {
				if r.enabled() && a.Finding.Rule == r.key() {
					own = append(own, a)
				}
			}
			routes.Add(to, opt, own)
		}
	}
	return nil
}

// Alerting makes alerts of a day's findings and says where they go.
type Alerting struct {
	Set      *Set
	Findings string              // the format in which the findings are printed: some formats are made of alerts
	Date     time.Time           // of the day; zero means that of the input, or else that in the names of its files
	To       []alert.Destination // beside those of the rules' actions
	Least    detect.Severity     // of the findings that go to To
	Options  alert.Options       // of To, and the spool and TLS configuration of all

	Alerts []alert.Alert // of all findings; nil if nothing needs them
	Routes alert.Routes
}

// Make makes the alerts if the format of the findings or a destination needs them,
// and their routes: first those of the rules' actions, then those of To. The test
// day of in was read from path. If alerts have no times, undated says why.
func (a *Alerting) Make(findings []detect.Finding, in detect.Input, path string) (undated string, err error) {
	send := len(a.To) > 0 || a.Set.hasActions()
	if !send && !slices.Contains(alert.Formats(), a.Findings) {
		return "", nil
	}
	made, err := alert.MadeNow()
	if err != nil {
		return "", err
	}
	day, undated := alert.DayOf(in.Test, path, made)
	switch {
	case !a.Date.IsZero():
		day.Midnight, undated = a.Date, ""
	case !in.TestDate.IsZero():
		day.Midnight, undated = in.TestDate, ""
	}
	if a.Alerts, err = a.Set.Alerts(findings, day); err != nil || !send {
		return undated, err
	}
	if err := a.Set.addRoutes(&a.Routes, a.Alerts, a.Options, os.LookupEnv); err != nil {
		return undated, err
	}
	for _, to := range a.To {
		a.Routes.Add(to, a.Options, alert.AtLeast(a.Alerts, a.Least))
	}
	return undated, nil
}
