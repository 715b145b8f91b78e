package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/usage"
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
// and lists every command and flag.
func TestMan(t *testing.T) {
	status, page, stderr := reportgen(t, "man")
	if status != exit.Done {
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
		if status != exit.Done || !strings.Contains(script, "reportgen") {
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
	testenv.WriteFiles(t, dir, map[string]string{"notebooks/a.ipynb": goNotebook(t, "A", "var x = 1", "%%\npanic(x)")})
	status, _, stderr := reportgen(t, "run", "--to", "md", "--log-format", "json")
	if status != exit.Failed {
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
		if strings.HasPrefix(record.Msg, "a.ipynb: cell 3") && record.Status != exit.Failed {
			t.Errorf("%+v", record)
		}
	}
	all := strings.Join(messages, "\n")
	for _, want := range []string{"INFO notebook started\nINFO cell done\nERROR notebook failed", "ERROR a.ipynb: cell 3 (code-2), line 2: panic: 1"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in\n%s", want, all)
		}
	}
	if status, _, stderr := reportgen(t, "cache", "list", "--log-format", "xml"); status != exit.BadInput || !strings.Contains(stderr, `--log-format "xml": want text, json or github`) {
		t.Errorf("status %d: %s", status, stderr)
	}
}

// A command that does not exist is an error, at every level.
func TestUnknownCommands(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"cache", "clen"}, `unknown command "clen" for "reportgen cache"; did you mean clean?`},
		{[]string{"kernel", "instal"}, `unknown command "instal" for "reportgen kernel"; did you mean install?`},
		{[]string{"geo", "konvert"}, `unknown command "konvert" for "reportgen geo"; did you mean convert?`},
		{[]string{"detct"}, `unknown command "detct" for "reportgen"; did you mean detect?`},
		{[]string{"evaluate", "word"}, `unknown command "word" for "reportgen evaluate"; did you mean worlds?`},
		{[]string{"completion", "tcsh"}, `unknown command "tcsh" for "reportgen completion"; did you mean bash, fish or zsh?`},
		{[]string{"rnu"}, `unknown command "rnu" for "reportgen"; did you mean run?`},
		{[]string{"help", "foo"}, `unknown command "foo" for "reportgen"; run reportgen --help for a list`},
		{[]string{"help", "detct"}, `unknown command "detct" for "reportgen"; did you mean detect?`},
		{[]string{"help", "detect", "more"}, `unknown command "more" for "reportgen detect"`},
		{[]string{"profile"}, "missing argument FILE; run reportgen profile --help for the usage"},
		{[]string{"rules", "more"}, `unexpected argument "more"; reportgen rules takes only flags`},
		{[]string{"cache", "zzz"}, `unknown command "zzz" for "reportgen cache"; run reportgen cache --help for a list`},
		{[]string{"cache", "cl\x1b[2Jn"}, `unknown command "cl\x1b[2Jn" for "reportgen cache"`},
	} {
		status, stdout, stderr := reportgen(t, tt.args...)
		if status != exit.BadInput || stdout != "" || !strings.Contains(stderr, tt.want) {
			t.Errorf("%q: status %d, stdout %q, stderr %q", tt.args, status, stdout, stderr)
		}
	}
	for _, parent := range []string{"cache", "kernel", "geo"} {
		if status, stdout, _ := reportgen(t, parent); status != exit.Done || !strings.Contains(stdout, "Available Commands:") {
			t.Errorf("%s: status %d, %q", parent, status, stdout)
		}
	}
}

// Errors of every command, those of its flags included, are JSON records.
func TestLogFormatOfEveryCommand(t *testing.T) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, inner := range c.Commands() {
			walk(inner)
		}
		path := strings.Fields(c.CommandPath())[1:]
		for _, args := range [][]string{
			append(append([]string{"--log-format", "json"}, path...), "--no-such-flag"),
			append(append([]string{}, path...), "--log-format=json", "--no-such-flag"),
		} {
			status, _, stderr := reportgen(t, args...)
			var record struct {
				Level  string
				Status int
			}
			if err := json.Unmarshal([]byte(stderr), &record); err != nil || status != exit.BadInput || record.Level != "ERROR" || record.Status != status {
				t.Errorf("%q: status %d, %q: %v", args, status, stderr, err)
			}
		}
	}
	walk(newRootCommand())
}

// A day that the Sentinel tool reads gives JSON records too.
func TestLogFormatOfSentinel(t *testing.T) {
	t.Setenv("FLOWBOOK_CACHE", t.TempDir())
	sample := func(name string) string { return filepath.Join("..", "testdata", name) }
	args := []string{"sentinel", "--data", sample("test.parquet"), "-gi", sample("country.mmdb"), "-gin", sample("asn.mmdb")}
	for _, args := range [][]string{append([]string{"--log-format", "json"}, args...), append(args, "--log-format", "json")} {
		status, _, stderr := reportgen(t, args...)
		var record struct{ Level, Msg string }
		if err := json.Unmarshal([]byte(stderr), &record); err != nil || status != exit.Done || record.Level != "WARN" || !strings.HasPrefix(record.Msg, "no measure") {
			t.Errorf("%q: status %d, %q: %v", args, status, stderr, err)
		}
	}
}

// The help groups the commands and shows flags with typed placeholders.
func TestHelp(t *testing.T) {
	_, root, _ := reportgen(t, "--help")
	for _, want := range []string{"Reports:\n  check ", "Flows:\n  geo ", "Detection:\n  detect ", "Setup:\n  cache "} {
		if !strings.Contains(root, want) {
			t.Errorf("no %q in\n%s", want, root)
		}
	}
	if strings.Contains(root, "Additional Commands") {
		t.Errorf("a command is in no group:\n%s", root)
	}
	placeholder := regexp.MustCompile(`^ +(-\w, )?--[\w-]+ ([A-Z][A-Z,=.]*) {2,}\S`)
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, inner := range c.Commands() {
			walk(inner)
		}
		for line := range strings.Lines(usage.Flags(c.NonInheritedFlags())) {
			name := strings.TrimLeft(strings.Fields(line)[0], "-,")
			if strings.HasPrefix(line, "  -") {
				name = strings.TrimPrefix(strings.Fields(line)[1], "--")
			}
			if f := c.Flags().Lookup(name); f != nil && f.Value.Type() != "bool" && !placeholder.MatchString(line) {
				t.Errorf("%s: no typed placeholder in %q", c.CommandPath(), line)
			}
		}
	}
	walk(newRootCommand())
}

// Each "yes" of reportgen in the table of features names tests that exist.
func TestFeatureTable(t *testing.T) {
	text, err := os.ReadFile(testenv.Path(t, "testdata/features.md"))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]bool{}
	err = filepath.WalkDir(testenv.Path(t, "."), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.HasPrefix(d.Name(), ".") {
			return filepath.SkipDir
		}
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, m := range testFunction.FindAllSubmatch(source, -1) {
			tests[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 6 || !strings.HasPrefix(line, "| ") || strings.TrimSpace(cells[1]) == "reportgen" {
			continue
		}
		rows++
		named := strings.Fields(strings.ReplaceAll(cells[5], "`", ""))
		if ours := strings.TrimSpace(cells[1]); (ours != "no") != (len(named) > 0) {
			t.Errorf("%s: %q with the tests %q", strings.TrimSpace(cells[0]), ours, named)
		}
		for _, name := range named {
			if !tests[name] {
				t.Errorf("%s: there is no test %s", strings.TrimSpace(cells[0]), name)
			}
		}
	}
	if rows < 20 {
		t.Errorf("only %d rows", rows)
	}
}

var testFunction = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
