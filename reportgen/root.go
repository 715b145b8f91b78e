package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// The exit statuses of reportgen.
const (
	exitDone        = 0
	exitFailed      = 1 // a cell or a rule failed to run, or took too long
	exitBadInput    = 2 // usage or bad input
	exitStale       = 3 // what is committed is not what the notebooks give
	exitKernelDied  = 4 // or did not start
	exitInterrupted = 130
)

// statusError is an error that asks for an exit status other than exitBadInput.
type statusError struct {
	status int
	err    error
}

func (e *statusError) Error() string { return e.err.Error() }
func (e *statusError) Unwrap() error { return e.err }

// run is reportgen as a function: it runs the command in args and returns the
// exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRootCommand()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	status := exitStatus(ctx, err)
	if log, ok := root.ErrOrStderr().(*jsonLog); ok {
		log.Error(err.Error(), "status", status)
	} else {
		fmt.Fprintln(stderr, "reportgen:", err)
	}
	return status
}

func exitStatus(ctx context.Context, err error) int {
	var s *statusError
	switch {
	case ctx.Err() != nil:
		return exitInterrupted
	case errors.As(err, &s):
		return s.status
	}
	return exitBadInput
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "reportgen",
		Version:       version(),
		Short:         "Turn notebooks and network flow logs into a report that anyone can run again",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	addLogFormat(root)
	root.AddCommand(newRunCommand())
	root.AddCommand(newManCommand())
	root.AddCommand(newCheckCommand())
	root.AddCommand(newPreviewCommand())
	root.AddCommand(newCacheCommand())
	root.AddCommand(newKernelCommand())
	root.AddCommand(newProfileCommand())
	root.AddCommand(newImportCommand())
	root.AddCommand(newDetectCommand())
	root.AddCommand(newRulesCommand())
	root.AddCommand(newEvaluateCommand())
	root.AddCommand(newSentinelCommand())
	root.AddCommand(newSynthCommand())
	root.AddCommand(newGeoCommand())
	return root
}
