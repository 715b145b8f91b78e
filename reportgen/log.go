package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/reportgen/execute"
)

// addLogFormat adds --log-format, which every command obeys.
func addLogFormat(root *cobra.Command) {
	format := "text"
	root.PersistentFlags().StringVar(&format, "log-format", format, "how progress and messages are written to stderr: text, or json for a record a line")
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		switch format {
		case "text":
		case "json":
			root.SetErr(newJSONLog(root.ErrOrStderr()))
		default:
			return fmt.Errorf("--log-format %s: there is no such format: use text or json", format)
		}
		return nil
	}
}

// jsonLog writes what a command says on stderr as records of JSON, one a line.
// As a writer it takes lines of text.
type jsonLog struct {
	*slog.Logger
	mu   sync.Mutex
	rest []byte // of a line that has not ended
}

func newJSONLog(w io.Writer) *jsonLog {
	return &jsonLog{Logger: slog.New(slog.NewJSONHandler(w, nil))}
}

func (l *jsonLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, p...)
	for {
		line, rest, found := bytes.Cut(l.rest, []byte("\n"))
		if !found {
			return len(p), nil
		}
		l.rest = rest
		text := strings.TrimSpace(string(line))
		if warning, ok := strings.CutPrefix(text, "warning: "); ok {
			l.Warn(warning)
		} else if text != "" {
			l.Info(text)
		}
	}
}

// event writes one step of a run.
func (l *jsonLog) event(e execute.Event) {
	fields := []any{"notebook", e.Name, "done", e.Done, "cells", e.Cells, "unchanged", e.Cached}
	switch {
	case e.Finished && e.Err != nil:
		l.Error("notebook failed", append(fields, "error", e.Err.Error())...)
	case e.Finished:
		l.Info("notebook done", fields...)
	case e.Done > 0:
		l.Info("cell done", fields...)
	default:
		l.Info("notebook begins", fields...)
	}
}
