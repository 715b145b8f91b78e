package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/pflag"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/reportgen/internal/alert"
	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/siem"
)

const alertHelp = `Rules say how findings are made and where alerts go. A file of --rules overrides the
built-in ones, which reportgen rules prints. Alerts are also sent to each --alert:
stdout, file:PATH, syslog+udp://HOST:PORT, syslog+tcp://HOST:PORT,
syslog+tls://HOST:PORT, syslog+unix:///PATH, or the https://… address of a webhook.

Alerts are sent before the findings are printed. Undelivered alerts are kept in the
folder of --alert-spool and sent first the next time; the exit status is then 1.

Alerts have absolute times. The date of the day under test is --day, or else the date in
the name of its file or of a folder above it, such as date=2024-04-21; its midnight is
taken as UTC. If there is none, alerts have no times. OCSF and ECS require one: they get
the time at which the alert was made, or $SOURCE_DATE_EPOCH.`

// alertOptions are the flags of detect for rules and alerts.
type alertOptions struct {
	rules   []string
	day     string
	to      []string
	format  string
	least   string
	timeout time.Duration
	retries int
	spool   string
	ca      string
	cert    string
}

func (o *alertOptions) addFlags(f *pflag.FlagSet) {
	f.StringArrayVar(&o.rules, "rules", nil, rulesUsage)
	f.StringVar(&o.day, "day", "", "`DATE` date of the day under test, such as 2024-04-21")
	f.StringArrayVar(&o.to, "alert", nil, "`DESTINATION` send alerts there (repeatable)")
	f.StringVar(&o.format, "alert-format", "", "`FORMAT` format of sent alerts: json, ocsf or ecs (default json; for syslog the summary)")
	f.StringVar(&o.least, "alert-least", string(detect.Medium), "`SEVERITY` minimum severity of findings to send")
	f.DurationVar(&o.timeout, "alert-timeout", alert.DefaultTimeout, "`DURATION` timeout of an attempt to send")
	f.IntVar(&o.retries, "alert-retries", alert.DefaultRetries, "`NUMBER` retries after a failed attempt")
	f.StringVar(&o.ca, "alert-ca", "", "`FILE` root certificates (PEM) of TLS servers, instead of the system's")
	f.StringVar(&o.cert, "alert-cert", "", "`FILE` client certificate and key (PEM), for TLS servers that ask for one")
	f.StringVar(&o.spool, "alert-spool", "", "`FOLDER` undelivered alerts (default flowbook/alerts in the user's configuration folder)")
}

// alerting makes and sends the alerts of a run of detect.
type alerting struct {
	alertOptions
	set    *siem.Set
	tls    *tls.Config
	alerts []alert.Alert
	routes alert.Routes
}

// open checks the flags.
func (o alertOptions) open(set *siem.Set) (*alerting, error) {
	a := &alerting{alertOptions: o, set: set}
	var err error
	if a.tls, err = alert.TLSConfig(o.ca, o.cert); err != nil {
		return nil, err
	}
	for _, to := range o.to {
		if _, err := alert.ParseDestination(to); err != nil {
			return nil, fmt.Errorf("--alert: %w", err)
		}
	}
	switch {
	case alert.CheckFormat(o.format) != nil:
		return nil, fmt.Errorf("--alert-format %q: %w", o.format, alert.CheckFormat(o.format))
	case !detect.Severity(o.least).Known():
		return nil, fmt.Errorf("--alert-least %q: %s", o.least, wantSeverity)
	case o.timeout <= 0:
		return nil, fmt.Errorf("--alert-timeout %v: must be above 0", o.timeout)
	case o.retries < 0:
		return nil, fmt.Errorf("--alert-retries %d: must not be negative", o.retries)
	}
	if o.day != "" {
		if _, err := time.Parse(time.DateOnly, o.day); err != nil {
			return nil, fmt.Errorf("--day %q: want a date such as 2024-04-21", o.day)
		}
	}
	if err := set.CheckActions(os.LookupEnv); err != nil {
		return nil, err
	}
	return a, nil
}

// make makes the alerts, if the format of findings or a destination needs them, and
// decides where they go.
func (a *alerting) make(found []detect.Finding, in detect.Input, path, format string, c *console.Console) error {
	send := len(a.to) > 0 || a.set.HasActions()
	if !send && format != alert.FormatOCSF && format != alert.FormatECS {
		return nil
	}
	made, err := alert.MadeNow()
	if err != nil {
		return err
	}
	day, reason := alert.DayOf(in.Test, path, made)
	switch {
	case a.day != "":
		if day.Midnight, err = time.Parse(time.DateOnly, a.day); err != nil {
			return err
		}
	case !in.TestDate.IsZero():
		day.Midnight = in.TestDate
	case reason != "":
		c.Warnf("alerts have no times of their own: %s; give the date with --day", reason)
	}
	if a.alerts, err = a.set.Alerts(found, day); err != nil || !send {
		return err
	}
	return a.route()
}

// route adds the routes of the rules' actions, then those of the flags.
func (a *alerting) route() error {
	opt := alert.Options{Format: a.format, Timeout: a.timeout, Retries: &a.retries, Spool: cmp.Or(a.spool, alert.DefaultSpool()), TLS: a.tls}
	if err := a.set.AddRoutes(&a.routes, a.alerts, opt, os.LookupEnv); err != nil {
		return err
	}
	for _, text := range a.to {
		to, err := alert.ParseDestination(text)
		if err != nil {
			return fmt.Errorf("--alert: %w", err)
		}
		a.routes.Add(to, opt, alert.AtLeast(a.alerts, detect.Severity(a.least)))
	}
	return nil
}

// deliver sends the alerts, except to standard output, and reports what happened.
func (a *alerting) deliver(ctx context.Context, c *console.Console) error {
	err := a.routes.Deliver(ctx, c)
	if errors.As(err, new(*tls.CertificateVerificationError)) {
		c.Warnf("set --alert-ca to the certificates that verify the server")
	}
	return exit.With(exit.Failed, err)
}
