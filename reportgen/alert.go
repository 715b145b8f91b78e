package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/reportgen/internal/alert"
	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/siem"
	"github.com/flowbook/flowbook/reportgen/internal/usage"
	"github.com/flowbook/flowbook/reportgen/internal/wholefile"
)

const alertHelp = `Rules define what is detected and where its alerts go. A file of --rules overrides the
built-in rules, which reportgen rules prints. Alerts are also sent to each --alert:
stdout, file:PATH, syslog+udp://HOST:PORT, syslog+tcp://HOST:PORT,
syslog+tls://HOST:PORT, syslog+unix:///PATH, or the https://… address of a webhook.

Alerts are sent before the findings are printed. Undelivered alerts are kept in the
folder of --alert-spool and sent first the next time; the exit status is then 1.

Alerts need the date of the day under test for their times, which are UTC. Give it with --day,
or name the file or its folder after it, such as date=2024-04-21. Without a date, alerts have
no times. OCSF and ECS require a time: without a date, it is the time at which the alert was
made, or $SOURCE_DATE_EPOCH.`

// alertOptions are the flags of detect for rules and alerts.
type alertOptions struct {
	rules   []string
	day     time.Time
	to      []string
	format  string
	least   detect.Severity
	timeout time.Duration
	retries int
	spool   string
	ca      string
	cert    string
}

func (o *alertOptions) addFlags(c *cobra.Command) {
	f := c.Flags()
	f.StringArrayVar(&o.rules, "rules", nil, rulesUsage)
	f.TimeVar(&o.day, "day", time.Time{}, []string{time.DateOnly}, "`DATE` date of the day under test, such as 2024-04-21")
	f.StringArrayVar(&o.to, "alert", nil, "`DESTINATION` send alerts there (repeatable)")
	usage.Choice(c, &o.format, "alert-format", "`FORMAT` format of sent alerts (default: json, and for syslog a line of text)", alert.SentFormats()...)
	o.least = detect.Medium
	usage.Choice(c, &o.least, "alert-least", "`SEVERITY` minimum severity of findings to send", detect.Severities()...)
	f.Var(usage.NewDuration(&o.timeout, alert.DefaultTimeout), "alert-timeout", "`DURATION` timeout of an attempt to send")
	f.IntVar(&o.retries, "alert-retries", alert.DefaultRetries, "`NUMBER` retries after a failed attempt")
	f.StringVar(&o.ca, "alert-ca", "", "`FILE` root certificates (PEM) of TLS servers, instead of the system's")
	f.StringVar(&o.cert, "alert-cert", "", "`FILE` client certificate and key (PEM), for TLS servers that ask for one")
	f.StringVar(&o.spool, "alert-spool", "", "`FOLDER` folder for undelivered alerts (default: flowbook/alerts in the user's configuration folder)")
}

// open checks the flags.
func (o alertOptions) open(set *siem.Set, findings string) (*siem.Alerting, error) {
	a := &siem.Alerting{
		Set: set, Least: o.least, Findings: findings, Date: o.day,
		Options: alert.Options{Format: o.format, Timeout: o.timeout, Retries: &o.retries, Spool: cmp.Or(o.spool, alert.DefaultSpool())},
	}
	var err error
	if a.Options.TLS, err = alert.TLSConfig(o.ca, o.cert); err != nil {
		return nil, err
	}
	for _, text := range o.to {
		to, err := alert.ParseDestination(text)
		if err != nil {
			return nil, fmt.Errorf("--alert: %w", err)
		}
		a.To = append(a.To, to)
	}
	switch {
	case o.timeout == 0:
		return nil, errors.New("--alert-timeout 0: must be above 0")
	case o.retries < 0:
		return nil, fmt.Errorf("--alert-retries %d: must not be negative", o.retries)
	}
	if err := wholefile.CheckFolder(a.Options.Spool); err != nil {
		return nil, fmt.Errorf("--alert-spool: %w", err)
	}
	return a, set.CheckActions(os.LookupEnv)
}

// deliver sends the alerts, except to standard output, and reports what happened.
func deliver(ctx context.Context, a *siem.Alerting, c *console.Console) error {
	err := a.Routes.Deliver(ctx, c)
	if errors.As(err, new(*tls.CertificateVerificationError)) {
		c.Warnf("set --alert-ca to the certificates that verify the server")
	}
	return exit.With(exit.Failed, err)
}
