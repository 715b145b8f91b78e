package main

import (
	"errors"
	"fmt"
	"math"
	"net"

	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/reportgen/execute"
	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/preview"
	"github.com/flowbook/flowbook/reportgen/internal/report"
)

// newPreviewCommand returns the command that shows a report while it is being written.
func newPreviewCommand() *cobra.Command {
	var flags runFlags
	var port int
	c := &cobra.Command{
		Use:   "preview [NOTEBOOK|FOLDER]...",
		Short: "Show the report in a browser and update it when a notebook or an input changes",
		Long: `Preview serves the report to this machine only and prints its address. If a notebook,
report.yaml, a file that cells read or a Go package that they import changes, preview
runs the cells that depend on it and reloads the page at the same place. The page shows
errors. For a series, preview shows the first report. Ctrl-C ends the preview.`,
		Example:           "  reportgen preview\n  reportgen preview --port 8000 -p test=tuesday.parquet notebooks",
		ValidArgsFunction: completeNotebooks,
		RunE: func(cmd *cobra.Command, args []string) error {
			return flags.preview(cmd, args, port)
		},
	}
	c.Flags().IntVar(&port, "port", 0, "`PORT` TCP port to serve at (default: a free one)")
	flags.add(c.Flags())
	completeRunFlags(c)
	return c
}

func (o *runFlags) preview(cmd *cobra.Command, args []string, port int) (err error) {
	if port < 0 || port > math.MaxUint16 {
		return fmt.Errorf("--port %d: must be from 0 to %d", port, math.MaxUint16)
	}
	env, err := report.NewEnvironment(warn(cmd))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, env.Close()) }()
	options, err := o.options(cmd, true) // kept at least for this preview
	if err != nil {
		return err
	}
	if _, err := report.FindSource(args); err != nil {
		return err
	}
	progress := consoleOf(cmd).NewRun()
	defer progress.Close()
	options.Execute.Progress = func(e execute.Event) { progress.Step(console.Step(e)) }
	listener, err := new(net.ListenConfig).Listen(cmd.Context(), "tcp", net.JoinHostPort("127.0.0.1", fmt.Sprint(port)))
	if err != nil {
		return fmt.Errorf("--port %d: %w", port, err)
	}
	server := &preview.Server{
		Args: args, Token: preview.NewToken(), Options: options, Trust: o.trust, Strict: o.strict,
		Failed: func(err error) { consoleOf(cmd).Error(err) },
	}
	fmt.Fprintln(cmd.OutOrStdout(), server.URL(listener.Addr()))
	return server.Serve(cmd.Context(), listener)
}
