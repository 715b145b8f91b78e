package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// hostile holds what an input may try: escape sequences, C1 controls,
// bidirectional overrides, bytes that are not UTF-8, and lines of its own.
const hostile = "a\x1b]0;PWN\a\u009b31m\u202eb\xff\r\n::stop-commands::x\n##vso[task.setvariable]y ##[group]z"

func TestText(t *testing.T) {
	var b bytes.Buffer
	c := New(&b, Text)
	c.Infof("%s: %d flows", "day.parquet", 7)
	c.With("rows", 3).Warnf("rows left out: %s", "negative\tvalue")
	c.Infof("%s", hostile)
	c.Infof(" ::error::%s", "x")
	c.Error(fmt.Errorf("interrupted: %w", errors.Join(errors.New("one"), errors.New("two"))))
	want := `day.parquet: 7 flows
warning: rows left out: negative	value
a\x1b]0;PWN\x07\u009b31m\u202eb\xff
  | ::stop-commands::x
  | \x23#vso[task.setvariable]y \x23#[group]z
\x3a:error::x
reportgen: interrupted: one
  | two
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

// Joined errors are records and lines of their own, however they are wrapped.
func TestJoinedErrors(t *testing.T) {
	err := wrapped{errors.Join(errors.New("first"), errors.Join(errors.New("second\nline"), errors.New("third")))}
	var b bytes.Buffer
	New(&b, Text).Error(err)
	if want := "reportgen: first\nreportgen: second\n  | line\nreportgen: third\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
	b.Reset()
	New(&b, JSON).With("status", 2).Error(err)
	if got := records(t, b.String()); len(got) != 3 || got[1]["msg"] != "second\nline" || got[1]["status"] != 2.0 || got[1]["level"] != "ERROR" {
		t.Errorf("%v", got)
	}
}

// The system calls of files that are not there are not named, and the files once.
func TestMissingFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	_, opened := os.Open("day.parquet")
	_, stated := os.Stat("days")
	made := os.Mkdir("a/b", 0o777)
	var b bytes.Buffer
	c := New(&b, Text)
	for _, err := range []error{opened, fmt.Errorf("--test: %w", opened), fmt.Errorf("--days days: %w", stated), made} {
		c.Error(err)
	}
	want := `reportgen: day.parquet: no such file or directory
reportgen: --test: day.parquet: no such file or directory
reportgen: --days days: no such file or directory
reportgen: mkdir a/b: no such file or directory
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

type wrapped struct{ error }

func (w wrapped) Unwrap() error { return w.error }

func records(t *testing.T, text string) (list []map[string]any) {
	t.Helper()
	for line := range strings.Lines(text) {
		var r map[string]any
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		delete(r, "time")
		list = append(list, r)
	}
	return list
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	c := New(&b, JSON)
	c.With("kept", 3, "to", hostile, "cause", errors.New("\x1b[2J")).Warnf("warning: %s", hostile)
	fmt.Fprintf(c.Output(), "warning: not a warning of ours\n\npart")
	run := c.NewRun()
	run.Step(Step{Name: "a\x1b.ipynb", Cells: 2})
	run.Step(Step{Name: "a.ipynb", Cells: 2, Done: 1})
	run.Step(Step{Name: "a.ipynb", Cells: 2, Done: 1, Finished: true, Err: errors.New("\u009bfailed")})
	run.Close()
	if strings.ContainsFunc(strings.ReplaceAll(b.String(), "\n", ""), unsafe) {
		t.Errorf("control characters in %q", b.String())
	}
	clean := "a\\x1b]0;PWN\\x07\\u009b31m\\u202eb\\xff\n::stop-commands::x\n\\x23#vso[task.setvariable]y \\x23#[group]z"
	want := []map[string]any{
		{"level": "WARN", "msg": "warning: " + clean, "kept": 3.0, "to": clean, "cause": `\x1b[2J`},
		{"level": "INFO", "msg": "warning: not a warning of ours"},
		{"level": "INFO", "msg": "notebook started", "notebook": `a\x1b.ipynb`, "done": 0.0, "cells": 2.0, "unchanged": 0.0},
		{"level": "INFO", "msg": "cell done", "notebook": "a.ipynb", "done": 1.0, "cells": 2.0, "unchanged": 0.0},
		{"level": "ERROR", "msg": "notebook failed", "notebook": "a.ipynb", "done": 1.0, "cells": 2.0, "unchanged": 0.0, "error": `\u009bfailed`},
	}
	if diff := cmp.Diff(want, records(t, b.String())); diff != "" {
		t.Error(diff)
	}
}

func TestRunInLines(t *testing.T) {
	var b bytes.Buffer
	run := New(&b, Text).NewRun()
	for _, s := range []Step{
		{Name: "a", Cells: 2}, {Name: "a", Cells: 2, Done: 1}, {Name: "a", Cells: 2, Done: 2, Finished: true},
		{Name: "b", Cells: 3, Done: 2, Cached: 2}, {Name: "b\nc", Cells: 3, Done: 2, Finished: true, Err: errors.New("no")},
		{Name: "c", Cells: 1, Done: 1, Cached: 1}, {Name: "c", Cells: 1, Done: 1, Cached: 1, Finished: true},
		{Name: "d", Finished: true, Err: errors.New("no")},
	} {
		run.Step(s)
	}
	run.Close()
	want := "a: cell 1/2, 0s\na: done, 0s\nb: 2 of 3 cells unchanged, 0s\nb\\nc: failed after 2 of 3 cells, 0s\nc: unchanged, 0s\nd: failed before the first cell, 0s\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

// On a terminal a message has a line of its own: the bar is removed first.
func TestBars(t *testing.T) {
	var b bytes.Buffer
	c := New(&b, Text)
	c.NewBar("reading", Bytes).Set(1, 2)
	if b.Len() > 0 {
		t.Errorf("a bar without a terminal: %q", b.String())
	}
	c.shared.terminal = true
	bar := c.NewBar("read\x1bing", Bytes)
	bar.Set(1<<20, 3<<20)
	c.Infof("half")
	bar.Set(2<<20, 3<<20)
	bar.Close()
	run := c.NewRun()
	run.Step(Step{Name: "empty"})
	run.Step(Step{Name: "a.ipynb\x1b]", Cells: 4, Done: 1})
	run.Step(Step{Name: "a.ipynb", Cells: 4, Done: 2})
	c.Warnf("a warning")
	run.Close()
	var running bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&running, 1); err != nil || strings.Contains(running.String(), "progressbar.") {
		t.Errorf("a closed bar is still drawn, %v:\n%s", err, running.String())
	}
	if strings.Contains(b.String(), "\x1bing") || strings.Contains(b.String(), "\x1b]") {
		t.Errorf("the bar shows control characters: %q", b.String())
	}
	for _, want := range []string{`read\x1bing`, "\rhalf\n", "a.ipynb 2/4", "\rwarning: a warning\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in %q", want, b.String())
		}
	}
	if c.shared.bar != nil {
		t.Error("a closed bar is still shown")
	}
}

func TestNilAndContext(t *testing.T) {
	c := FromContext(t.Context())
	c.With("a", 1).Infof("x")
	c.Error(errors.New("x"))
	c.NewBar("x", Count).Set(1, 2)
	run := c.NewRun()
	run.Step(Step{Name: "x", Cells: 1})
	run.Close()
	fmt.Fprintln(c.Output(), "x")
	var b bytes.Buffer
	FromContext(NewContext(t.Context(), New(&b, Text))).Warnf("found")
	if b.String() != "warning: found\n" {
		t.Errorf("%q", b.String())
	}
}

// Lines of several goroutines do not mix.
func TestConcurrently(t *testing.T) {
	var b bytes.Buffer
	c := New(&b, Text)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 100 {
				c.Infof("one line")
			}
		})
	}
	group.Wait()
	if b.String() != strings.Repeat("one line\n", 800) {
		t.Error("lines mix")
	}
}

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"192.168.0.1":         "192.168.0.1",
		"Überlingen 株式会社 👩‍💻": "Überlingen 株式会社 👩‍💻",
		"a\tb\nc\r":           `a\tb\nc\r`,
		"\x00\x7f\u0085":      `\x00\x7f\u0085`,
		"x\u2066y\u2029":      `x\u2066y\u2029`,
		"\x9b31m":             `\x9b31m`,
		`C:\new`:              `C:\new`,
		"::1":                 "::1",
		"::ffff:192.0.2.1":    "::ffff:192.0.2.1",
		"::stop-commands::x":  `\x3a:stop-commands::x`,
		"  ::error file=a::b": `\x3a:error file=a::b`,
		"a ##vso[task.x] ##[": `a \x23#vso[task.x] \x23#[`,
	} {
		if got := Escape(in); got != want {
			t.Errorf("Escape(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestInert puts an apostrophe before what a spreadsheet of any country would execute, and before nothing else.
func TestInert(t *testing.T) {
	for text, want := range map[string]string{
		"=1+1":                     "'=1+1",
		"@SUM(A1)":                 "'@SUM(A1)",
		"+351 21 000":              "'+351 21 000",
		"-2+cmd|' /C calc'!A0":     "'-2+cmd|' /C calc'!A0",
		"  \u00a0=1":               "'  \u00a0=1",
		"\ufeff\u200b=1":           "'\ufeff\u200b=1",
		"\t=1":                     "\t'=1",
		"a\n=1\r\n-x":              "a\n'=1\r\n'-x",
		"a;=1;b; @x":               "a;'=1;b;' @x",
		"\uff1d1\uff0b1":           "'\uff1d1\uff0b1",
		"-1.5":                     "-1.5",
		"+7":                       "+7",
		"-1e-9":                    "-1e-9",
		"":                         "",
		"a = b - c + d@e":          "a = b - c + d@e",
		"10.0.0.1:443 -> 10.0.0.2": "10.0.0.1:443 -> 10.0.0.2",
		"'=1":                      "'=1",
	} {
		if got := Inert(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestEscapeJSON(t *testing.T) {
	value := map[string]string{"owner": "a\x7f\u009b\u202e\u2028 ü\n##vso[b]"}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	escaped := EscapeJSON(append(text, '\n'))
	if want := "{\"owner\":\"a\\u007f\\u009b\\u202e\\u2028 ü\\n\\u0023#vso[b]\"}\n"; string(escaped) != want {
		t.Errorf("%q, want %q", escaped, want)
	}
	var again map[string]string
	if err := json.Unmarshal(escaped, &again); err != nil || again["owner"] != value["owner"] {
		t.Errorf("%v, %v", again, err)
	}
}

func TestWriter(t *testing.T) {
	var b bytes.Buffer
	w := Writer(&b)
	if n, err := fmt.Fprintf(w, "1 Sec\x1b]0;PWN\a\u202etion\n\tcell\n##[group]x\n"); err != nil || n != 38 {
		t.Errorf("%d bytes, %v", n, err)
	}
	if want := "1 Sec\\x1b]0;PWN\\x07\\u202etion\n\tcell\n\\x23#[group]x\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

func FuzzEscape(f *testing.F) {
	f.Add(hostile)
	f.Fuzz(func(t *testing.T, s string) {
		if got := Escape(s); strings.ContainsFunc(got, unsafe) || command.MatchString(got) || lineCommand.MatchString(got) {
			t.Errorf("Escape(%q) = %q", s, got)
		}
		for i, line := range strings.Split(strings.TrimSuffix(escapeLines(s), "\n"), "\n") {
			if strings.ContainsFunc(strings.ReplaceAll(line, "\t", ""), unsafe) || lineCommand.MatchString(line) ||
				strings.Contains(line, "##[") || strings.Contains(line, "##vso[") || i > 0 && !strings.HasPrefix(line, "  | ") {
				t.Errorf("line %d of %q is %q", i, s, line)
			}
		}
	})
}

// GitHub Actions shows warnings and errors as annotations, which the text of an input
// can neither end nor forge.
func TestGitHub(t *testing.T) {
	var b strings.Builder
	c := New(&b, GitHub)
	c.Infof("reading ::error::x")
	c.Warnf("a.ipynb: 100 %% of it\n::error::forged")
	c.Error(errors.Join(errors.New("::first"), errors.New("second\r\nline \x1b[31m")))
	want := "reading ::error::x\n" +
		"::warning title=reportgen::a.ipynb: 100 %25 of it%0A::error::forged\n" +
		"::error title=reportgen::::first\n" +
		"::error title=reportgen::second%0Aline \\x1b[31m\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}
