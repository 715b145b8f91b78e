package alert

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/dustin/go-humanize/english"

	"github.com/flowbook/flowbook/reportgen/internal/console"
)

// Options say how alerts are sent. The zero value has the defaults.
type Options struct {
	Format  string        // "" means JSON, and for syslog the finding's summary
	Timeout time.Duration // of an attempt; 0 means DefaultTimeout
	Retries *int          // after a failed attempt; nil means DefaultRetries
	Backoff time.Duration // before the first retry, doubling each time; 0 means DefaultBackoff
	Spool   string        // folder of undelivered alerts
	Token   string        // bearer token of a webhook; "" means none
	TLS     *tls.Config   // of syslog+tls and https; nil means the system's roots and no client certificate
}

// The defaults of Options. With them, a destination that is down delays the
// program by 7.5 seconds.
const (
	DefaultTimeout = 10 * time.Second
	DefaultRetries = 4
	defaultBackoff = 500 * time.Millisecond
)

// maxWait is the longest wait between two attempts, even if the destination asks
// for more.
const maxWait = 30 * time.Second

// claimWait is the longest wait for another program that sends to the same
// destination.
const claimWait = time.Minute

// Route is alerts on their way to one destination.
type Route struct {
	To      Destination
	Options Options
	Alerts  []Alert
}

// Routes is a list of routes with at most one for each destination and format.
type Routes struct {
	list []*Route
	uids []map[string]bool // of the alerts of each route
}

// Add adds alerts to the route to a destination, each alert once. If there is a
// route to it in the same format already, its other options apply.
func (r *Routes) Add(to Destination, opt Options, alerts []Alert) {
	i := 0
	for i < len(r.list) && !(r.list[i].To == to && r.list[i].Options.Format == opt.Format) {
		i++
	}
	if i == len(r.list) {
		r.list = append(r.list, &Route{To: to, Options: opt})
		r.uids = append(r.uids, map[string]bool{})
	}
	for _, a := range alerts {
		if !r.uids[i][a.UID] {
			r.uids[i][a.UID] = true
			r.list[i].Alerts = append(r.list[i].Alerts, a)
		}
	}
}

// List returns the routes in the order in which they were added first.
func (r *Routes) List() []*Route { return r.list }

// Deliver sends the alerts as the function [Deliver] does, reports on a console what
// happened to each route, and returns an error if an alert was not delivered or may
// have been lost.
func (r *Routes) Deliver(ctx context.Context, c *console.Console) error {
	var errs []error
	for _, d := range Deliver(ctx, r.list) {
		d.report(c)
		errs = append(errs, d.Err())
	}
	return errors.Join(errs...)
}

// WriteStdout writes to w the alerts whose destination is standard output.
func (r *Routes) WriteStdout(w io.Writer) error {
	for _, route := range r.list {
		if route.To.stdout() {
			if err := Write(w, route.Alerts, route.Options.Format); err != nil {
				return err
			}
		}
	}
	return nil
}

// Delivery reports what happened to the alerts of a route.
type Delivery struct {
	To          Destination
	Sent        int     // alerts that the destination took, including earlier ones from the spool
	Unconfirmed int     // of Sent: alerts that a syslog receiver took twice without ending the connection
	Kept        int     // alerts that wait in Spool
	Lost        int     // alerts that were neither sent nor kept
	Spool       string  // file of the alerts that wait, if there are any
	Cause       error   // why the first of the alerts was not sent
	Problems    []error // of the spool: damaged, or not usable
}

// report writes what happened to a console. Damage of the spool is left to Err.
func (d Delivery) report(c *console.Console) {
	log := c.With("destination", d.To.String(), "sent", d.Sent, "kept", d.Kept, "lost", d.Lost)
	for _, p := range d.Problems {
		if !errors.As(p, new(*damagedError)) {
			log.Warnf("%s: %v", d.To, p)
		}
	}
	switch {
	case d.Kept > 0:
		log.Warnf("%s: %d sent, %d kept in %s: %v", d.To, d.Sent, d.Kept, d.Spool, d.Cause)
	case d.Sent > 0:
		log.Infof("%s: %d sent", d.To, d.Sent)
	}
	if d.Unconfirmed > 0 {
		log.Warnf("%s: the receiver took %d alerts twice without ending the connection, so it may not have read them; they are not sent again", d.To, d.Unconfirmed)
	}
}

// Err returns an error if an alert was not delivered or may have been lost.
func (d Delivery) Err() error {
	var errs []error
	if d.Kept > 0 {
		errs = append(errs, &keptError{d.To, d.Kept, d.Cause})
	}
	if d.Lost > 0 {
		errs = append(errs, fmt.Errorf("%s: %s lost: %w", d.To, english.Plural(d.Lost, "alert", ""), d.Cause))
	}
	return errors.Join(append(errs, d.damage()...)...)
}

// keptError is the error of alerts that wait in a spool. It does not repeat the
// cause, which report shows, but wraps it.
type keptError struct {
	to    Destination
	kept  int
	cause error
}

func (e *keptError) Error() string {
	return fmt.Sprintf("%s: %s not delivered, to be sent first the next time", e.to, english.Plural(e.kept, "alert", ""))
}

func (e *keptError) Unwrap() error { return e.cause }

// damage returns the problems that may have lost alerts.
func (d Delivery) damage() (errs []error) {
	for _, p := range d.Problems {
		if errors.As(p, new(*damagedError)) {
			errs = append(errs, p)
		}
	}
	return errs
}

// damagedError is the error of a spool with damaged lines.
type damagedError struct {
	Spool string
	Lines int
}

func (e *damagedError) Error() string {
	return fmt.Sprintf("undelivered alerts: %s: %s, moved to %s.damaged; alerts in damaged lines were not sent", e.Spool, english.Plural(e.Lines, "damaged line", ""), e.Spool)
}

// Deliver sends the alerts of all routes, after those that wait in their spools
// since earlier runs, and reports what happened to each route, in order. Routes
// to different destinations do not affect each other.
//
// All alerts are in a spool before the first one is sent, so that none is lost if
// the program is killed. An alert may arrive twice, with the same uid. If a
// destination does not answer after all retries, its remaining alerts are kept
// without further attempts; an alert that it refuses is kept, and the others are
// sent. An alert that a receiver may not have read is kept and sent once more the
// next time. If a spool cannot be used, Deliver sends without it.
//
// UDP and datagram sockets do not say whether anybody receives. Routes to standard
// output are left to the caller.
func Deliver(ctx context.Context, routes []*Route) []Delivery {
	deliveries := make([]Delivery, len(routes))
	tasks := make([]*task, len(routes))
	byDestination := map[string][]int{}
	for i, r := range routes {
		deliveries[i].To = r.To
		if r.To.stdout() {
			continue
		}
		tasks[i] = prepare(ctx, r, &deliveries[i])
		byDestination[r.To.text] = append(byDestination[r.To.text], i)
	}
	var all sync.WaitGroup
	for _, indexes := range byDestination {
		all.Go(func() {
			for _, i := range indexes {
				tasks[i].run(ctx)
			}
		})
	}
	all.Wait()
	return deliveries
}

// task is the delivery of a route.
type task struct {
	*Delivery
	opt   Options
	fresh []message
	spool *spool // nil if there is none that can be used
}

// prepare writes the alerts into the spool.
func prepare(ctx context.Context, r *Route, d *Delivery) *task {
	t := &task{Delivery: d, opt: r.Options}
	for _, a := range r.Alerts {
		m, err := r.To.message(a, r.Options.Format)
		if err != nil {
			t.Lost, t.Cause = t.Lost+1, cmp.Or(t.Cause, err)
			continue
		}
		t.fresh = append(t.fresh, m)
	}
	spool, err := openSpool(r.Options.Spool, r.To)
	if err == nil {
		t.spool = spool
		err = spool.add(ctx, t.fresh)
	}
	if err != nil {
		t.spool = nil
		t.Problems = append(t.Problems, fmt.Errorf("undelivered alerts cannot be kept: %w", err))
	}
	return t
}

func (t *task) run(ctx context.Context) {
	out := t.To.sender(t.opt)
	defer out.Close()
	if t.spool == nil {
		t.sendUnspooled(ctx, out)
	} else {
		t.sendSpooled(ctx, out)
	}
}

// sendSpooled sends what waits in the spool.
func (t *task) sendSpooled(ctx context.Context, out sender) {
	wait, cancel := context.WithTimeout(ctx, claimWait)
	defer cancel()
	release, err := t.spool.claim(wait)
	if err != nil {
		t.Cause = cmp.Or(t.Cause, err)
		t.keptIn(t.spool, len(t.fresh))
		return
	}
	defer release()
	tried, unsent := map[[2]string]bool{}, 0
	for {
		waiting, damaged, err := t.spool.pending(ctx)
		if damaged > 0 {
			t.Problems = append(t.Problems, &damagedError{t.spool.path, damaged})
		}
		if err != nil {
			t.Problems = append(t.Problems, fmt.Errorf("undelivered alerts: %w", err))
			if len(tried) == 0 {
				t.sendUnspooled(ctx, out)
			} else {
				t.keptIn(t.spool, unsent)
			}
			return
		}
		var untried []message
		for _, m := range waiting {
			if !tried[m.id()] {
				untried = append(untried, m)
			}
			tried[m.id()] = true
		}
		if len(untried) == 0 {
			t.keptIn(t.spool, len(waiting))
			return
		}
		marks, err := t.spool.marks()
		if err != nil {
			t.Problems = append(t.Problems, fmt.Errorf("undelivered alerts: %w", err))
		}
		kept, cause := t.sendAll(ctx, out, untried, marks)
		marks.close()
		t.Cause = cmp.Or(t.Cause, cause)
		unsent += len(kept)
	}
}

// keptIn notes that n alerts wait in a spool.
func (t *task) keptIn(s *spool, n int) {
	if t.Kept = n; n > 0 {
		t.Spool = s.path
	}
}

// sendUnspooled sends without a spool. What is not sent is lost, unless the spool
// can be written by then.
func (t *task) sendUnspooled(ctx context.Context, out sender) {
	kept, cause := t.sendAll(ctx, out, t.fresh, nil)
	t.Cause = cmp.Or(t.Cause, cause)
	if len(kept) == 0 {
		return
	}
	if spool, err := openSpool(t.opt.Spool, t.To); err == nil && spool.add(ctx, kept) == nil {
		t.keptIn(spool, len(kept))
		return
	}
	t.Lost += len(kept)
}

// delivered notes messages that the destination took.
func (t *task) delivered(messages []message, marks *marker) {
	t.Sent += len(messages)
	marks.delivered(messages)
}

// doubted notes messages that a receiver took without confirming them, and returns those
// that are sent again the next time: a receiver that never confirms gets each message twice.
func (t *task) doubted(messages []message, marks *marker) (again []message) {
	var twice []message
	for _, m := range messages {
		if m.Doubt {
			twice = append(twice, m)
		} else {
			m.Doubt = true
			again = append(again, m)
		}
	}
	t.Unconfirmed += len(twice)
	t.delivered(twice, marks)
	marks.doubted(again)
	return again
}

// sendAll sends messages and notes what became of them. It returns those that were not
// sent or are in doubt, and why the first of them is.
func (t *task) sendAll(ctx context.Context, out sender, rest []message, marks *marker) (kept []message, cause error) {
	opt, retries := t.opt, DefaultRetries
	if opt.Retries != nil {
		retries = *opt.Retries
	}
	attempt, wait := 0, cmp.Or(opt.Backoff, defaultBackoff)
	for len(rest) > 0 {
		try, cancel := context.WithTimeout(ctx, cmp.Or(opt.Timeout, DefaultTimeout))
		size := out.size(rest)
		n, err := out.send(try, rest[:size])
		cancel()
		if n > 0 {
			t.delivered(rest[:n], marks)
			rest = rest[n:]
			attempt, wait = 0, cmp.Or(opt.Backoff, defaultBackoff)
		}
		switch {
		case err == nil:
			continue
		case errors.Is(err, errSilent):
			again := t.doubted(rest[:size], marks)
			if kept, rest = append(kept, again...), rest[size:]; len(again) > 0 {
				cause = cmp.Or(cause, err)
			}
			continue
		case errors.As(err, &refused{}):
			cause = cmp.Or(cause, err)
			kept, rest = append(kept, rest[0]), rest[1:]
			continue
		case errors.As(err, &doubtful{}) && ctx.Err() == nil:
			continue // in smaller batches
		}
		// A certificate that cannot be verified now cannot be verified later either.
		var unverified *tls.CertificateVerificationError
		if errors.As(err, &unverified) || attempt == retries || ctx.Err() != nil {
			return append(kept, rest...), cmp.Or(cause, err)
		}
		pause := wait
		var asked retryAfter
		if errors.As(err, &asked) {
			pause = max(pause, asked.wait)
		}
		select {
		case <-ctx.Done():
			return append(kept, rest...), cmp.Or(cause, err)
		case <-time.After(min(pause, maxWait)):
		}
		attempt++
		wait *= 2
	}
	return kept, cause
}
