// Reportgen turns notebooks and flow logs into a report that anyone can run again.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/flowbook/flowbook/reportgen/internal/exit"
)

// patience is how long a command may take to end after a signal, such as to write the
// report of the cells that have run.
const patience = time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	afterSignal(ctx, patience, func() {
		fmt.Fprintf(os.Stderr, "reportgen: ended %v after the signal: an input or output does not answer\n", patience)
		os.Exit(exit.Interrupted)
	})
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// afterSignal calls end some time after ctx has ended: no context ends a system call that
// waits for a named pipe or for a server of files.
func afterSignal(ctx context.Context, wait time.Duration, end func()) {
	context.AfterFunc(ctx, func() { time.AfterFunc(wait, end) })
}
