// Package exit holds the exit statuses of reportgen and decides which one an
// error asks for.
//
// A command returns an error. An error that is a usage error or bad input, the
// usual case, is returned as it is; any other is given its status by [With]:
//
//	return exit.With(exit.Stale, fmt.Errorf("%s is stale: run reportgen run", dir))
package exit

import (
	"context"
	"errors"
)

// The exit statuses of reportgen.
const (
	Done        = 0   // success
	Failed      = 1   // a cell or rule failed or timed out, or alerts were not delivered
	BadInput    = 2   // usage error or bad input
	Stale       = 3   // a report differs from what its notebooks produce
	KernelDied  = 4   // a kernel died or did not start
	Interrupted = 130 // SIGINT, SIGTERM or SIGHUP
)

// statusError is an error with an exit status of its own.
type statusError struct {
	Status int
	Err    error
}

func (e *statusError) Error() string { return e.Err.Error() }
func (e *statusError) Unwrap() error { return e.Err }

// With gives err an exit status. It returns nil if err is nil.
func With(status int, err error) error {
	if err == nil {
		return nil
	}
	return &statusError{Status: status, Err: err}
}

// Status returns the exit status of a command that returned err and ran under
// ctx. A canceled ctx is an interrupt, whatever the error. Otherwise the status
// is that of the first statusError in err's tree, or [BadInput] if there is none.
func Status(ctx context.Context, err error) int {
	if err == nil {
		return Done
	}
	if ctx.Err() != nil {
		return Interrupted
	}
	var e *statusError
	if errors.As(err, &e) {
		return e.Status
	}
	return BadInput
}
