package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/pkg/testenv"
)

// Every command says what it does and shows an example.
func TestEveryCommandIsDocumented(t *testing.T) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Short == "" || !c.HasSubCommands() && c.Example == "" {
			t.Errorf("%s: short %q, example %q", c.CommandPath(), c.Short, c.Example)
		}
		shown := c.Example == ""
		for _, command := range strings.FieldsFunc(c.Example, func(r rune) bool { return r == '\n' || r == '|' }) {
			words := strings.Fields(command)
			if len(words) < 2 || words[0] != "reportgen" {
				continue
			}
			found, _, err := c.Root().Find(words[1:])
			if err != nil {
				t.Errorf("%s: its example %q: %v", c.CommandPath(), command, err)
				continue
			}
			shown = shown || strings.HasPrefix(found.CommandPath(), c.CommandPath())
		}
		if !shown {
			t.Errorf("%s: its examples are of other commands", c.CommandPath())
		}
		for _, inner := range c.Commands() {
			walk(inner)
		}
	}
	for _, c := range newRootCommand().Commands() {
		walk(c)
	}
}

// The commands of the workflow are ours, with flags and paths that exist.
func TestWorkflow(t *testing.T) {
	src, err := os.ReadFile("../.github/workflows/report.yml")
	if err != nil {
		t.Fatal(err)
	}
	var workflow struct {
		Jobs map[string]struct {
			Steps []struct{ Run string }
		}
	}
	if err := yaml.Unmarshal(src, &workflow); err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, step := range workflow.Jobs["report"].Steps {
		for line := range strings.Lines(step.Run) {
			command, _, _ := strings.Cut(line, "|")
			words := strings.Fields(command)
			if len(words) == 0 || words[0] != ".tools/bin/reportgen" {
				continue
			}
			found++
			c, args, err := newRootCommand().Find(words[1:])
			if err == nil {
				err = c.ParseFlags(args)
			}
			if err != nil {
				t.Errorf("%s: %v", line, err)
			}
			for _, path := range c.Flags().Args() {
				if _, err := os.Stat(filepath.Join("..", path)); err != nil {
					t.Errorf("%s: %v", line, err)
				}
			}
		}
	}
	if found != 2 {
		t.Errorf("%d commands of reportgen, want 2", found)
	}
}

// The manual page is one that groff takes without a warning, the same each time,
// and tells of every command and flag.
func TestMan(t *testing.T) {
	status, page, stderr := reportgen(t, "man")
	if status != exitDone {
		t.Fatal(stderr)
	}
	if _, again, _ := reportgen(t, "man"); again != page {
		t.Error("a second page differs")
	}
	for _, want := range []string{".SS reportgen run", ".SS reportgen cache clean", `\-\-allow\-errors`, ".SH EXIT STATUS"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	cmd := exec.Command(testenv.Program(t, "groff", "Debian's package groff"), "-K", "utf8", "-man", "-ww", "-Tutf8")
	cmd.Stdin = strings.NewReader(page)
	var warnings strings.Builder
	cmd.Stderr = &warnings
	out, err := cmd.Output()
	if err != nil || warnings.Len() > 0 {
		t.Errorf("groff: %v\n%s", err, warnings.String())
	}
	if !strings.Contains(string(out), "reportgen cache clean --older 720h") {
		t.Errorf("an example is not printed as it is:\n%s", out)
	}
}

// Shells get scripts that work, and what they ask for.
func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		status, script, stderr := reportgen(t, "completion", shell)
		if status != exitDone || !strings.Contains(script, "reportgen") {
			t.Errorf("%s: %s", shell, stderr)
		}
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"run", "--to", ""}, "html\nmd\nipynb"},
		{[]string{"run", ""}, "ipynb\n:8"},
		{[]string{"check", ""}, ":16"},
		{[]string{"cac"}, "cache\t"},
	} {
		_, out, stderr := reportgen(t, append([]string{cobra.ShellCompRequestCmd}, tt.args...)...)
		if !strings.Contains(out, tt.want) {
			t.Errorf("%q: %q, want %q\n%s", tt.args, out, tt.want, stderr)
		}
	}
}

// With --log-format json every line on stderr is a record, an error as well.
func TestLogFormat(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real GoNB kernel: skipped with -short")
	}
	dir := notebookFolder(t, nil)
	writeFiles(t, dir, map[string]string{"notebooks/a.ipynb": goNotebook(t, "A", "var x = 1", "%%\npanic(x)")})
	status, _, stderr := reportgen(t, "run", "--to", "md", "--log-format", "json")
	if status != exitFailed {
		t.Errorf("status %d", status)
	}
	var messages []string
	for line := range strings.Lines(stderr) {
		var record struct {
			Level, Msg, Notebook, Error string
			Done, Cells, Status         int
		}
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		messages = append(messages, record.Level+" "+record.Msg)
		if record.Msg == "notebook failed" && (record.Notebook != "a.ipynb" || record.Done != 1 || record.Cells != 2 || !strings.Contains(record.Error, "cell 3")) {
			t.Errorf("%+v", record)
		}
		if strings.HasPrefix(record.Msg, "a.ipynb: cell 3") && record.Status != exitFailed {
			t.Errorf("%+v", record)
		}
	}
	all := strings.Join(messages, "\n")
	for _, want := range []string{"INFO notebook begins\nINFO cell done\nERROR notebook failed", "ERROR a.ipynb: cell 3 (code-2), line 2: panic: 1"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in\n%s", want, all)
		}
	}
	if status, _, stderr := reportgen(t, "cache", "list", "--log-format", "xml"); status != exitBadInput || !strings.Contains(stderr, "use text or json") {
		t.Errorf("status %d: %s", status, stderr)
	}
}
