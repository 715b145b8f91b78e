package alert

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"time"
)

// Options says how alerts are sent; the zero value is the usual way.
type Options struct {
	Format  string        // FormatJSON where empty; a syslog message is then the finding's sentence
	Timeout time.Duration // of one attempt; 0 means DefaultTimeout
	Retries *int          // after the first attempt; nil means DefaultRetries
	Backoff time.Duration // before the first retry, doubling each time; 0 means DefaultBackoff
	Spool   string        // folder of what could not be sent; must be given for destinations other than stdout
	Token   string        // a webhook's bearer token; empty for none
	TLS     *tls.Config   // of syslog+tls and https: roots to trust, our certificate; nil means the system's roots and none
	Stdout  io.Writer     // where the destination stdout leads
}

// The defaults of Options: with them, a destination that is down is
// waited for 7.5 seconds.
const (
	DefaultTimeout = 10 * time.Second
	DefaultRetries = 4
	DefaultBackoff = 500 * time.Millisecond
)

// maxWait is the longest wait between two attempts, whatever the destination
// asks for.
const maxWait = 30 * time.Second

// Delivery is what became of alerts.
type Delivery struct {
	Sent  int    // alerts that the destination took, those kept before among them
	Kept  int    // alerts that wait in Spool
	Spool string // file of what is kept; empty where nothing is
	Cause error  // why the first of them was not sent
}

// Deliver sends alerts, after those that wait in the spool since an earlier
// time. Each is in the spool until it is sent, so none is lost if the program
// ends; one may be sent twice, with the same uid. Where a destination does not
// answer after all retries the rest is kept without trying; what it refuses is
// kept too, and the rest goes on. UDP and local sockets do not tell whether
// anybody listens beyond this machine, nor do TCP and TLS whether what was sent
// was read.
//
// The error is that of a spool that cannot be read or written, or of an alert
// that cannot be written in the format. What could not be sent is no error but
// told in Delivery.
func Deliver(ctx context.Context, to Destination, alerts []Alert, opt Options) (Delivery, error) {
	var fresh []message
	for _, a := range alerts {
		m, err := to.message(a, opt.Format)
		if err != nil {
			return Delivery{}, err
		}
		fresh = append(fresh, m)
	}
	out := to.sender(opt)
	defer out.Close()
	if to.kind == "stdout" {
		for i, m := range fresh {
			if err := out.send(ctx, m); err != nil {
				return Delivery{Sent: i}, fmt.Errorf("alerts to stdout: %w", err)
			}
		}
		return Delivery{Sent: len(fresh)}, nil
	}
	sp, err := openSpool(ctx, opt.Spool, to)
	if err != nil {
		return Delivery{}, err
	}
	defer sp.close()
	waiting, err := sp.add(fresh)
	if err != nil || len(waiting) == 0 {
		return Delivery{}, err
	}
	kept, cause := sendAll(ctx, out, waiting, opt)
	d := Delivery{Sent: len(waiting) - len(kept), Kept: len(kept), Cause: cause}
	if len(kept) > 0 {
		d.Spool = sp.path
	}
	return d, sp.replace(kept)
}

// sendAll returns the messages that were not sent and why the first was not.
func sendAll(ctx context.Context, out sender, all []message, opt Options) (kept []message, cause error) {
	for i, m := range all {
		err := sendOne(ctx, out, m, opt)
		if err == nil {
			continue
		}
		cause = cmp.Or(cause, err)
		if !errors.As(err, &refused{}) {
			return append(kept, all[i:]...), cause
		}
		kept = append(kept, m)
	}
	return kept, cause
}

// sendOne tries a message until it is sent, refused or tried often enough.
func sendOne(ctx context.Context, out sender, m message, opt Options) error {
	retries := DefaultRetries
	if opt.Retries != nil {
		retries = *opt.Retries
	}
	wait := cmp.Or(opt.Backoff, DefaultBackoff)
	for attempt := 0; ; attempt++ {
		try, cancel := context.WithTimeout(ctx, cmp.Or(opt.Timeout, DefaultTimeout))
		err := out.send(try, m)
		cancel()
		// A certificate that does not verify now does not in a minute.
		var unverified *tls.CertificateVerificationError
		if err == nil || errors.As(err, &refused{}) || errors.As(err, &unverified) || attempt == retries || ctx.Err() != nil {
			return err
		}
		pause := wait
		var asked retryAfter
		if errors.As(err, &asked) {
			pause = max(pause, asked.wait)
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(min(pause, maxWait)):
		}
		wait *= 2
	}
}
