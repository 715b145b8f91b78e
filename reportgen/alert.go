package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/reportgen/internal/alert"
	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/epoch"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/siem"
	"github.com/spf13/pflag"
)

const alertHelp = `Rules say how findings are made and where alerts go; --rules lays a file of your own over
the built-in ones (reportgen rules prints them). Alerts are also sent to each --alert: stdout,
file:PATH, syslog+udp://HOST:PORT, syslog+tcp://HOST:PORT, syslog+tls://HOST:PORT,
syslog+unix:///PATH or a webhook's https://… Certificates of TLS servers are verified by the
system's roots, or by those of --alert-ca. What cannot be sent is kept in --alert-spool, goes
first the next time, and makes the exit status 1.

Formats ocsf and ecs, and alerts, hold absolute times. The day is --day, else the date in the
test file's name, else that of $SOURCE_DATE_EPOCH, else 1970-01-01; its midnight is taken as UTC.`

// alertOptions are the flags of detect on rules and alerts.
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
	f.StringVar(&o.format, "alert-format", "", "`FORMAT` format of sent alerts: json, ocsf or ecs")
	f.StringVar(&o.least, "alert-least", string(detect.Medium), "`SEVERITY` minimum severity of findings to send")
	f.DurationVar(&o.timeout, "alert-timeout", alert.DefaultTimeout, "`DURATION` timeout of an attempt to send")
	f.IntVar(&o.retries, "alert-retries", alert.DefaultRetries, "`NUMBER` retries after a failed attempt")
	f.StringVar(&o.ca, "alert-ca", "", "`FILE` root certificates (PEM) of TLS servers, instead of the system's")
	f.StringVar(&o.cert, "alert-cert", "", "`FILE` client certificate and key (PEM), for TLS servers that ask for one")
	f.StringVar(&o.spool, "alert-spool", "", "`FOLDER` undelivered alerts (default flowbook/alerts in the user's configuration folder)")
}

// alerting is what one run of detect needs to make alerts.
type alerting struct {
	alertOptions
	set      *siem.Set
	midnight time.Time
	tls      *tls.Config
}

// open checks the flags and reads the rules.
func (o alertOptions) open(c *console.Console) (*alerting, error) {
	a := &alerting{alertOptions: o}
	var err error
	if a.set, err = siem.Open(o.rules...); err != nil {
		return nil, err
	}
	for _, w := range a.set.Warnings {
		c.Warnf("%s", w)
	}
	if a.tls, err = o.tlsConfig(); err != nil {
		return nil, err
	}
	for _, to := range o.to {
		if _, err := alert.ParseDestination(to); err != nil {
			return nil, fmt.Errorf("--alert: %w", err)
		}
	}
	switch {
	case !slices.Contains([]string{"", alert.FormatJSON, alert.FormatOCSF, alert.FormatECS}, o.format):
		return nil, fmt.Errorf("--alert-format %q is none of json, ocsf, ecs", o.format)
	case !detect.Severity(o.least).Known():
		return nil, fmt.Errorf("--alert-least %q is none of info, low, medium, high, critical", o.least)
	case o.timeout <= 0:
		return nil, fmt.Errorf("--alert-timeout %v is not above 0", o.timeout)
	case o.retries < 0:
		return nil, fmt.Errorf("--alert-retries %d is below 0", o.retries)
	}
	if o.day != "" {
		if _, err := time.Parse(time.DateOnly, o.day); err != nil {
			return nil, fmt.Errorf("--day %q is no date such as 2024-04-21", o.day)
		}
	}
	return a, nil
}

// tlsConfig is nil where no flag asks for other than the usual.
func (o alertOptions) tlsConfig() (*tls.Config, error) {
	if o.ca == "" && o.cert == "" {
		return nil, nil
	}
	config := &tls.Config{}
	if o.ca != "" {
		text, err := os.ReadFile(o.ca)
		if err != nil {
			return nil, fmt.Errorf("--alert-ca: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("--alert-ca: %s: no certificate in it; give PEM, which begins with -----BEGIN CERTIFICATE-----", o.ca)
		}
	}
	if o.cert != "" {
		own, err := tls.LoadX509KeyPair(o.cert, o.cert)
		if err != nil {
			return nil, fmt.Errorf("--alert-cert: %s: %w; give one PEM file of the certificate and its key", o.cert, err)
		}
		config.Certificates = []tls.Certificate{own}
	}
	return config, nil
}

var dateInName = regexp.MustCompile(`(?:^|[^0-9])([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[^0-9]|$)`)

// dated finds the midnight that the test day begins with.
func (a *alerting) dated(test *profile.Profile) error {
	if a.day != "" {
		midnight, err := time.Parse(time.DateOnly, a.day)
		a.midnight = midnight
		return err
	}
	var named []time.Time
	for _, s := range test.Sources {
		if m := dateInName.FindStringSubmatch(s.Name); m != nil {
			if day, err := time.Parse(time.DateOnly, m[1]); err == nil && !slices.Contains(named, day) {
				named = append(named, day)
			}
		}
	}
	if len(named) == 1 {
		a.midnight = named[0]
		return nil
	}
	date, err := epoch.Read()
	if err != nil {
		return err
	}
	if date.IsZero() {
		date = time.Unix(0, 0).UTC()
	}
	a.midnight = date.Truncate(24 * time.Hour)
	return nil
}

// writer writes findings in a format of package siem.
func (a *alerting) writer(format string) func(io.Writer, detect.Result) error {
	return func(w io.Writer, r detect.Result) error {
		alerts, err := a.set.Alerts(r.Findings, a.midnight)
		if err != nil {
			return err
		}
		return alert.Write(w, alerts, format)
	}
}

// sending is alerts on their way to one destination.
type sending struct {
	to     alert.Destination
	opt    alert.Options
	alerts []alert.Alert
}

// send sends findings where the rules and flags say, and tells on stderr what
// became of them. Where something is kept the error asks for exit.Failed.
func (a *alerting) send(ctx context.Context, findings []detect.Finding, stdout io.Writer, c *console.Console) error {
	list, err := a.sendings(findings)
	if err != nil {
		return err
	}
	kept := 0
	for _, s := range list {
		s.opt.Stdout = stdout
		d, err := alert.Deliver(ctx, s.to, s.alerts, s.opt)
		if err != nil {
			return exit.With(exit.Failed, err)
		}
		if d.Kept > 0 {
			kept += d.Kept
			c.Warnf("%s: %d sent, %d kept in %s: %v", s.to, d.Sent, d.Kept, d.Spool, d.Cause)
			if errors.As(d.Cause, new(*tls.CertificateVerificationError)) {
				c.Warnf("set --alert-ca to the certificates that verify the server")
			}
		} else if d.Sent > 0 && s.to.String() != "stdout" {
			c.Infof("%s: %d sent", s.to, d.Sent)
		}
	}
	if kept > 0 {
		return exit.With(exit.Failed, fmt.Errorf("%d alerts could not be sent; they go first the next time", kept))
	}
	return nil
}

// sendings is what goes where.
type sendings []sending

// add puts alerts to one destination in one format together, each once, so
// that one that is down is waited for once. Where rules disagree on how to send
// the first counts.
func (list *sendings) add(to alert.Destination, opt alert.Options, alerts []alert.Alert) {
	i := slices.IndexFunc(*list, func(s sending) bool { return s.to == to && s.opt.Format == opt.Format })
	if i < 0 {
		*list = append(*list, sending{to, opt, alerts})
		return
	}
	s := &(*list)[i]
	for _, a := range alerts {
		if !slices.ContainsFunc(s.alerts, func(known alert.Alert) bool { return known.UID == a.UID }) {
			s.alerts = append(s.alerts, a)
		}
	}
}

// sendings lists what the rules' actions ask for, then what the flags do.
func (a *alerting) sendings(findings []detect.Finding) (sendings, error) {
	if len(a.to) == 0 && !slices.ContainsFunc(a.set.Rules(), func(r *siem.Rule) bool { return len(r.Flowbook.Actions) > 0 }) {
		return nil, nil
	}
	spool, err := a.spoolFolder()
	if err != nil {
		return nil, err
	}
	alerts, err := a.set.Alerts(findings, a.midnight)
	if err != nil {
		return nil, err
	}
	var list sendings
	add := func(to string, least detect.Severity, of func(alert.Alert) bool, opt alert.Options) error {
		d, err := alert.ParseDestination(to)
		if err != nil {
			return err
		}
		opt.Spool, opt.TLS = spool, a.tls
		list.add(d, opt, slices.DeleteFunc(slices.Clone(alerts), func(a alert.Alert) bool {
			return a.Finding.Severity.Compare(least) < 0 || !of(a)
		}))
		return nil
	}
	for _, r := range a.set.Rules() {
		for _, action := range r.Flowbook.Actions {
			opt, err := action.Options(os.LookupEnv)
			if err != nil {
				return nil, fmt.Errorf("rule %s: %w", r.Key(), err)
			}
			own := func(a alert.Alert) bool { return r.Enabled() && a.Finding.Rule == r.Key() }
			if err := add(action.To, cmp.Or(action.Least, detect.Medium), own, opt); err != nil {
				return nil, err
			}
		}
	}
	for _, to := range a.to {
		opt := alert.Options{Format: a.format, Timeout: a.timeout, Retries: &a.retries}
		if err := add(to, detect.Severity(a.least), func(alert.Alert) bool { return true }, opt); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// spoolFolder is not in the cache folder, which may be emptied at any time.
func (a *alerting) spoolFolder() (string, error) {
	if a.spool != "" {
		return a.spool, nil
	}
	config, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("alerts need --alert-spool, a folder for what cannot be sent: %w", err)
	}
	return filepath.Join(config, "flowbook", "alerts"), nil
}
