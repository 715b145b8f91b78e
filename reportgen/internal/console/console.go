// Package console writes what a command reports beside its results: messages,
// warnings, errors and progress. Results go to stdout; everything here goes to
// stderr, as text, as one JSON record a line (--log-format json), or as annotations of
// GitHub Actions (--log-format github):
//
//	c := console.New(os.Stderr, console.Text)
//	c.Infof("%s: %d flows", name, n)
//	c.With("destination", to, "kept", n).Warnf("%s: %d alerts not delivered", to, n)
//	bar := c.NewBar("reading", console.Bytes)
//	defer bar.Close()
//
// Text is shown by the calls and JSON is made from the calls; neither is read
// back. Names and values in messages often come from untrusted inputs,
// so all text passes [Escape]'s rules here, and only here: control characters and
// bidirectional overrides are shown escaped, and a line break inside a message
// becomes a continuation line that begins with "  | ", which neither a reader nor a
// pipeline takes for a message of its own.
//
// A nil *Console discards everything. A Console may be used by several goroutines.
package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/term"
)

// Format is how a console writes.
type Format string

// The formats of a console.
const (
	Text Format = "text"
	JSON Format = "json" // one record of log/slog a line
	// GitHub writes warnings and errors as workflow commands, which GitHub Actions
	// shows as annotations:
	// https://docs.github.com/actions/reference/workflow-commands-for-github-actions
	GitHub Format = "github"
)

// FormatOf returns the format that the flag --log-format of a command line asks
// for. It is read before any other flag, so that errors in the flags are written in
// that format too. If a shell asks for completions, words are not flags yet.
func FormatOf(args []string) (Format, error) {
	value := string(Text)
	if len(args) > 0 && strings.HasPrefix(args[0], completionRequest) {
		return Text, nil
	}
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if v, ok := strings.CutPrefix(arg, "--log-format="); ok {
			value = v
		} else if arg == "--log-format" && i+1 < len(args) {
			value = args[i+1]
		}
	}
	format, err := parseFormat(value)
	if err != nil {
		return Text, fmt.Errorf("--log-format %q: want text, json or github", value)
	}
	return format, nil
}

// completionRequest begins the names of cobra's hidden commands for shells.
const completionRequest = "__complete"

// parseFormat reads the value of --log-format.
func parseFormat(s string) (Format, error) {
	switch f := Format(s); f {
	case Text, JSON, GitHub:
		return f, nil
	}
	return "", fmt.Errorf("unknown format %q; use text, json or github", s)
}

// Console writes messages, warnings, errors and progress. Make one with [New].
type Console struct {
	shared *shared
	log    *slog.Logger // nil if the format is Text
}

// shared is what a console and those made of it by With have in common.
type shared struct {
	mu       sync.Mutex
	w        io.Writer
	terminal bool
	github   bool  // write annotations
	bar      drawn // the bar on the terminal, or nil
}

// drawn is a progress bar on a terminal.
type drawn interface{ Clear() error }

// New returns a console that writes to w.
func New(w io.Writer, format Format) *Console {
	c := &Console{shared: &shared{w: w, github: format == GitHub}}
	if format == JSON {
		c.log = slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: escapeAttr}))
		return c
	}
	f, ok := w.(*os.File)
	c.shared.terminal = ok && term.IsTerminal(int(f.Fd()))
	return c
}

// escapeAttr escapes the text of a record, since JSON escapes only some characters.
func escapeAttr(_ []string, a slog.Attr) slog.Attr {
	switch v := a.Value.Any().(type) {
	case string:
		a.Value = slog.StringValue(escapeText(v))
	case error:
		a.Value = slog.StringValue(escapeText(v.Error()))
	case fmt.Stringer:
		if a.Value.Kind() == slog.KindAny {
			a.Value = slog.StringValue(escapeText(v.String()))
		}
	}
	return a
}

// With returns a console whose JSON records also hold the given fields, which
// are keys and values in turn as in [slog.Logger.With]. Text leaves them out: what
// a reader needs is in the message.
func (c *Console) With(fields ...any) *Console {
	if c == nil || c.log == nil {
		return c
	}
	return &Console{shared: c.shared, log: c.log.With(fields...)}
}

// Infof writes a message.
func (c *Console) Infof(format string, args ...any) {
	c.message(slog.LevelInfo, "", fmt.Sprintf(format, args...))
}

// Warnf writes a warning.
func (c *Console) Warnf(format string, args ...any) {
	c.message(slog.LevelWarn, "warning: ", fmt.Sprintf(format, args...))
}

// Error writes an error. Joined errors are written one by one.
func (c *Console) Error(err error) {
	for _, e := range separate(err) {
		c.message(slog.LevelError, "reportgen: ", plain(e))
	}
}

// plain returns the text of an error without the name of the system call that did not find
// or open a file, and names the file once.
func plain(err error) string {
	text := err.Error()
	var e *fs.PathError
	if !errors.As(err, &e) || !slices.Contains([]string{"open", "stat", "lstat"}, e.Op) {
		return text
	}
	short := e.Path + ": " + e.Err.Error()
	text = strings.Replace(text, e.Error(), short, 1)
	return strings.Replace(text, e.Path+": "+short, short, 1)
}

// separate returns the errors that [errors.Join] joined to err.
func separate(err error) []error {
	switch e := err.(type) { //nolint:errorlint // errors that err wraps are reached by recursion
	case interface{ Unwrap() []error }:
		var all []error
		var text []string
		for _, inner := range e.Unwrap() {
			all = append(all, separate(inner)...)
			text = append(text, inner.Error())
		}
		if len(all) > 0 && strings.Join(text, "\n") == err.Error() {
			return all
		}
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil && inner.Error() == err.Error() {
			return separate(inner)
		}
	}
	return []error{err}
}

func (c *Console) message(level slog.Level, prefix, text string) {
	if c == nil {
		return
	}
	if c.log != nil {
		c.log.Log(context.Background(), level, text)
		return
	}
	c.shared.mu.Lock()
	defer c.shared.mu.Unlock()
	c.shared.clear()
	// Nothing is left to report a failed write to.
	_, _ = io.WriteString(c.shared.w, c.shared.written(level, prefix, text))
}

// written returns a message as text or as an annotation.
func (s *shared) written(level slog.Level, prefix, text string) string {
	switch {
	case s.github && level == slog.LevelError:
		return annotation("error", text)
	case s.github && level == slog.LevelWarn:
		return annotation("warning", text)
	}
	return escapeLines(prefix + text)
}

// clear removes the bar from the terminal, so that a message has a line of its
// own. The bar's next step draws it again.
func (s *shared) clear() {
	if s.bar != nil {
		_ = s.bar.Clear()
	}
}

// Output returns a writer for the output of other programs, such as go build:
// each line becomes a message.
func (c *Console) Output() io.Writer { return &lines{c: c} }

type lines struct {
	c    *Console
	mu   sync.Mutex
	rest []byte // of a line that has not ended
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, p...)
	for {
		line, rest, found := strings.Cut(string(l.rest), "\n")
		if !found {
			return len(p), nil
		}
		l.rest = []byte(rest)
		if line = strings.TrimRight(line, " \t\r"); line != "" {
			l.c.Infof("%s", line)
		}
	}
}

// contextKey is the key of a context's console.
type contextKey struct{}

// NewContext returns a context that carries c.
func NewContext(ctx context.Context, c *Console) context.Context {
	return context.WithValue(ctx, contextKey{}, c)
}

// FromContext returns the context's console, or nil, which discards everything.
func FromContext(ctx context.Context) *Console {
	c, _ := ctx.Value(contextKey{}).(*Console)
	return c
}
