package notebooks_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"

	// What cells call is compiled by the test itself; naming it here makes go
	// test forget its cached result when it changes.
	_ "github.com/flowbook/flowbook/pkg/nb"
	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

var parameter = regexp.MustCompile(`(?m)^var (\w+) = (\S+)`)

// program makes one Go program of all notebooks, with a function for each cell:
// what GoNB would compile cell by cell. Parameters come from the environment,
// NB_baseline and so on. What notebooks declare alike is declared once.
func program(nbs []notebook) string {
	var imports, declarations, main []string
	add := func(to *[]string, text string) {
		if !slices.Contains(*to, text) {
			*to = append(*to, text)
		}
	}
	for _, nb := range nbs {
		for _, c := range nb.Cells {
			text := c.text()
			if c.Type != "code" {
				main = append(main, fmt.Sprintf("fmt.Println(%q)", text))
			} else if statements, ok := body(c); ok {
				main = append(main, "func() {\n"+statements+"\n}()")
			} else if c.tagged("parameters") {
				for _, m := range parameter.FindAllStringSubmatch(text, -1) {
					add(&declarations, fmt.Sprintf("var %s = parameter(%q, %s)", m[1], m[1], m[2]))
				}
			} else {
				rest, found := strings.CutPrefix(text[max(0, strings.Index(text, "import (\n")):], "import (\n")
				if block, run, _ := strings.Cut(rest, "\n)\n"); found {
					for l := range strings.SplitSeq(block, "\n") {
						add(&imports, strings.TrimSpace(l))
					}
					rest = run
				}
				add(&declarations, rest)
			}
		}
	}
	return fmt.Sprintf(runner, strings.Join(imports, "\n"), strings.Join(declarations, "\n"), strings.Join(main, "\n"))
}

const runner = `package main

import (
	"fmt"
	"os"
	"strconv"
	%s
)

%s

func parameter[T string | float64](name string, value T) T {
	given, ok := os.LookupEnv("NB_" + name)
	if !ok {
		return value
	}
	switch v := any(&value).(type) {
	case *string:
		*v = given
	case *float64:
		*v, _ = strconv.ParseFloat(given, 64)
	}
	return value
}

func main() {
	%s
}
`

// compile builds the notebooks and reportgen into a folder.
func compile(t *testing.T, nbs []notebook) string {
	t.Helper()
	dir := t.TempDir()
	source := filepath.Join(dir, "main.go")
	if err := os.WriteFile(source, []byte(program(nbs)), 0o644); err != nil {
		t.Fatal(err)
	}
	// GoNB adds imports in this way too.
	if b, err := exec.CommandContext(t.Context(), "go", "tool", "goimports", "-w", source).CombinedOutput(); err != nil {
		t.Fatalf("goimports: %v\n%s", err, b)
	}
	goBuild(t, filepath.Join(dir, "notebooks"), source)
	goBuild(t, filepath.Join(dir, "reportgen"), "../reportgen")
	return dir
}

func goBuild(t *testing.T, out, source string) {
	t.Helper()
	if b, err := exec.CommandContext(t.Context(), "go", "build", "-o", out, source).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", filepath.Base(out), err, b)
	}
}

// write writes a flow file.
func write(t *testing.T, path string, rs ...flow.Record) string {
	t.Helper()
	if _, err := flowfile.WriteRecords(t.Context(), path, slices.Values(rs)); err != nil {
		t.Fatal(err)
	}
	return path
}

func record(second int, src, dst string, port uint16, up, down int64) flow.Record {
	return flow.Record{Time: flow.Time(second) * flow.Second, Src: netip.MustParseAddr(src), Dst: netip.MustParseAddr(dst),
		Proto: flow.TCP, Port: port, Up: up, Down: down}
}

var (
	shown     = regexp.MustCompile(`(?m)^\[((?:fig|tbl)-[\w-]+)\] .+`)
	nonsense  = regexp.MustCompile(`\bNaN\b|[+-]Inf\b|%!|invalid IP|\b1 (flows|hosts|sources)\b|\t|@(fig|tbl)-[^\w]`)
	label     = regexp.MustCompile(`nb\.Label\("([^"]+)"\)`)
	reference = regexp.MustCompile(`@((?:fig|tbl)-[\w-]+)`)
)

// TestAnyDay runs the notebooks on days that lack hosts, services or countries. On each
// of them they must run to the end, refer only to figures and tables that they show, and
// print no NaN.
func TestAnyDay(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles every notebook: skipped with -short")
	}
	bin := compile(t, reported(t))
	dir := t.TempDir()
	t.Setenv("FLOWBOOK_CACHE", filepath.Join(dir, "cache"))
	t.Setenv("FLOWBOOK_REPORTGEN", filepath.Join(bin, "reportgen"))

	one := write(t, filepath.Join(dir, "one.parquet"), record(5, "10.0.0.1", "203.0.113.7", 443, 0, 0))
	inside := write(t, filepath.Join(dir, "inside.parquet"), record(5, "10.0.0.1", "10.0.0.2", 53, 7, 9), record(5, "10.0.0.2", "10.0.0.1", 445, 8, 8))
	outside := write(t, filepath.Join(dir, "outside.parquet"),
		record(5, "203.0.113.1", "198.51.100.2", 443, 7, 0), record(9, "203.0.113.2", "2001:db8::2", 22, 0, 9))
	none := map[string]string{"country": "", "asn": "", "servers": ""}
	for name, given := range map[string]map[string]string{
		"sample days":        {},
		"sample, no servers": none,
		"one flow":           with(none, "baseline", one, "test", one),
		"inside only":        with(none, "baseline", one, "test", inside),
		"outside only":       with(none, "baseline", outside, "test", outside, "servers", outside),
		"another network":    {"internal": "203.0.113.0/24"},
	} {
		t.Run(name, func(t *testing.T) { runAll(t, bin, given) })
	}
	t.Run("real days", func(t *testing.T) {
		runAll(t, bin, with(none, "baseline", realDay(t, bin, dir, "19"), "test", realDay(t, bin, dir, "20"), "servers", realDay(t, bin, dir, "21")))
	})
}

// TestAnyEntity runs the notebook of reportgen investigate for each kind of entity, on
// days that lack a baseline, servers, names and countries.
func TestAnyEntity(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a notebook: skipped with -short")
	}
	bin := compile(t, slices.DeleteFunc(notebooks(t), func(nb notebook) bool { return nb.name != "investigate" }))
	dir := t.TempDir()
	t.Setenv("FLOWBOOK_CACHE", filepath.Join(dir, "cache"))
	t.Setenv("FLOWBOOK_REPORTGEN", filepath.Join(bin, "reportgen"))
	one := write(t, filepath.Join(dir, "one.parquet"), record(5, "10.0.0.1", "203.0.113.7", 443, 0, 0))
	other := write(t, filepath.Join(dir, "other.parquet"), record(5, "10.0.0.2", "203.0.113.7", 443, 1, 0))
	none := map[string]string{"country": "", "asn": "", "servers": "", "baseline": "", "test": one}
	for name, given := range map[string]map[string]string{
		"a compromised host":     {},
		"an owner":               {"entity": "Google LLC"},
		"a country":              {"entity": "pt"},
		"an external client":     {"entity": "82.155.120.33"},
		"one flow":               with(none, "entity", "10.0.0.1"),
		"its destination":        with(none, "entity", "203.0.113.7"),
		"gone on the test day":   with(none, "entity", "10.0.0.2", "baseline", other),
		"new on the test day":    with(none, "entity", "10.0.0.1", "baseline", other),
		"with an empty baseline": with(none, "entity", "203.0.113.7", "baseline", other),
	} {
		t.Run(name, func(t *testing.T) {
			text := output(t, filepath.Join(bin, "notebooks"), given)
			for _, at := range nonsense.FindAllStringIndex(text, -1) {
				t.Errorf("the text says %q: …%s…", text[at[0]:at[1]], text[max(0, at[0]-80):min(len(text), at[1]+40)])
			}
			for _, label := range []string{"tbl-overview", "tbl-ranks"} {
				if !strings.Contains(text, "["+label+"]") {
					t.Errorf("no %s in\n%s", label, text)
				}
			}
		})
	}
}

func with(base map[string]string, pairs ...string) map[string]string {
	m := map[string]string{}
	for k, v := range base {
		m[k] = v
	}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}

// realDay imports one of the real days.
func realDay(t *testing.T, bin, dir, day string) string {
	t.Helper()
	logs := testenv.Data(t, "zeek", "missing-host", "2024-04-"+day)
	out := filepath.Join(dir, day+".parquet")
	cmd := exec.CommandContext(t.Context(), filepath.Join(bin, "reportgen"), "import", "--from", "zeek", logs, "--day", "2024-04-"+day, "-o", out)
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("import: %v\n%s", err, b)
	}
	return out
}

func runAll(t *testing.T, bin string, given map[string]string) {
	t.Helper()
	text := output(t, filepath.Join(bin, "notebooks"), given)
	if len(given) == 0 && text != output(t, filepath.Join(bin, "notebooks"), given) {
		t.Error("the second run of the same days says something else")
	}
	labels, declared := map[string]bool{}, map[string]bool{}
	for _, nb := range reported(t) {
		for _, c := range nb.Cells {
			for _, m := range label.FindAllStringSubmatch(c.text(), -1) {
				declared[m[1]] = true
			}
		}
	}
	for _, m := range shown.FindAllStringSubmatch(text, -1) {
		if labels[m[1]] {
			t.Errorf("%s is shown twice", m[1])
		}
		labels[m[1]] = true
	}
	for _, m := range reference.FindAllStringSubmatch(text, -1) {
		// A reference to a table or figure that has no rows names its section.
		if !labels[m[1]] && !declared[m[1]] {
			t.Errorf("the text refers to %s, which no cell has", m[1])
		}
	}
	for _, r := range detect.Rules() {
		if !strings.Contains(text, r.Description) {
			t.Errorf("the rule %s is not in the report", r.ID)
		}
	}
	for _, at := range nonsense.FindAllStringIndex(text, -1) {
		t.Errorf("the text says %q: …%s…", text[at[0]:at[1]], text[max(0, at[0]-80):min(len(text), at[1]+40)])
	}
}

func output(t *testing.T, program string, given map[string]string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = os.Environ()
	inputs := map[string]string{"baseline": "sample:data.parquet", "test": "sample:test.parquet", "servers": "sample:servers.parquet",
		"country": "sample:country.mmdb", "asn": "sample:asn.mmdb", "internal": "", "sensitivity": "3.5"} // as report.yaml has them
	for k, v := range given {
		cmd.Env = append(cmd.Env, "NB_"+k+"="+v)
		if _, is := inputs[k]; is {
			inputs[k] = v
		}
	}
	text, err := json.Marshal(inputs)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(cmd.Env, "FLOWBOOK_INPUTS="+string(text))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	b, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", filepath.Base(program), err, stderr.String(), b)
	}
	return string(b)
}
