package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/browser"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/ingest"
)

// The table of README.md has every format of logs.
func TestReadmeFormats(t *testing.T) {
	text, err := os.ReadFile(testenv.Path(t, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| format | logs |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	for _, format := range ingest.Formats() {
		if !strings.Contains(table, "`"+format+"`") {
			t.Errorf("the format %s is missing", format)
		}
	}
}

// readmeSection is a section of README.md and the commands in its blocks.
type readmeSection struct {
	title    string
	commands []string
}

// readmeSections returns the sections of README.md that have commands.
func readmeSections(t *testing.T) []readmeSection {
	t.Helper()
	text, err := os.ReadFile(testenv.Path(t, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var sections []readmeSection
	for section := range strings.SplitSeq(string(text), "\n## ") {
		title, rest, _ := strings.Cut(section, "\n")
		s := readmeSection{title: title}
		for {
			_, block, found := strings.Cut(rest, "```sh\n")
			if !found {
				break
			}
			block, rest, _ = strings.Cut(block, "```")
			for command := range strings.Lines(strings.ReplaceAll(block, "\\\n", " ")) {
				command, _, _ = strings.Cut(command, " # ")
				s.commands = append(s.commands, strings.Join(strings.Fields(command), " "))
			}
		}
		if len(s.commands) > 0 {
			sections = append(sections, s)
		}
	}
	if len(sections) < 8 {
		t.Fatalf("only %d sections of README.md have commands", len(sections))
	}
	return sections
}

// TestReadme runs the commands of reportgen in README.md, in order, on the sample
// days under the names that README.md uses. The targets of make must exist, and
// TestGoInstall runs the commands of go.
func TestReadme(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real GoNB kernels: skipped with -short")
	}
	makefile, err := os.ReadFile(testenv.Path(t, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	dir := notebookFolder(t, nil)
	for _, section := range readmeSections(t) {
		writeReadmeFiles(t, dir)
		for _, command := range section.commands {
			words := strings.Fields(command)
			switch words[0] {
			case "reportgen":
				if _, err := browser.Find(); errors.Is(err, browser.ErrNotFound) {
					command = strings.ReplaceAll(command, ",pdf", "")
				}
				if database := "/usr/share/tor/geoip"; strings.Contains(command, database) {
					t.Run(section.title, func(t *testing.T) {
						testenv.File(t, database, "Debian's package tor-geoipdb")
						mustRun(t, words[1:]...)
					})
					continue
				}
				runReadmeCommand(t, shellWords(command)[1:])
			case "make":
				if !strings.Contains(string(makefile), "\n"+words[1]+":") {
					t.Errorf("%s: %s: the Makefile has no such target", section.title, command)
				}
			case "go":
			case "sh":
				// TestDailyJob runs the script.
				testenv.File(t, testenv.Path(t, "reportgen/internal/starter/template/"+words[1]), "the template of projects")
			default:
				t.Errorf("%s: %s is not run by a test", section.title, command)
			}
		}
	}
}

// shellWord is a word of a command, or several in quotation marks.
var shellWord = regexp.MustCompile(`"[^"]*"|\S+`)

// shellWords returns the words of a command as a shell splits them.
func shellWords(command string) []string {
	words := shellWord.FindAllString(command, -1)
	for i, w := range words {
		words[i] = strings.Trim(w, `"`)
	}
	return words
}

// runReadmeCommand runs reportgen. After ">" comes the file that takes its output. Only
// diff may say that what it compares differs.
func runReadmeCommand(t *testing.T, args []string) {
	t.Helper()
	to := slices.Index(args, ">")
	if to < 0 {
		to = len(args)
	}
	status, stdout, stderr := reportgen(t, args[:to]...)
	if status != exit.Done && (status != exit.Stale || args[0] != "diff") {
		t.Fatalf("reportgen %s: exit %d: %s", strings.Join(args, " "), status, stderr)
	}
	if to < len(args) {
		testenv.WriteFiles(t, ".", map[string]string{args[to+1]: stdout})
	}
}

// writeReadmeFiles writes the files that the commands of README.md read.
func writeReadmeFiles(t *testing.T, dir string) {
	t.Helper()
	for name, from := range map[string]string{
		"monday.parquet": "testdata/data.parquet", "tuesday.parquet": "testdata/test.parquet", "servers.parquet": "testdata/servers.parquet",
		"country.mmdb": "testdata/country.mmdb", "asn.mmdb": "testdata/asn.mmdb", "notebooks/1-introduction.ipynb": "notebooks/1-introduction.ipynb",
	} {
		copyFile(t, testenv.Path(t, filepath.FromSlash(from)), filepath.Join(dir, name))
	}
	logs := map[string]string{"notebooks/report.yaml": "inputs:\n  baseline:\n  test:\n  servers:\n  country:\n  asn:\n"}
	for folder, second := range map[string]int64{"monday": 1713780000, "tuesday": 1713866400} {
		logs["logs/"+folder+"/conn.log"] = strings.ReplaceAll(fmt.Sprintf(`#separator \x09
#fields ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state
#types time string addr port addr port enum string interval count count string
%d.000000 C1 10.0.0.1 50000 203.0.113.9 443 tcp ssl 1.5 1000 2000 SF
`, second), " ", "\t")
	}
	for name, text := range logs {
		logs[name] = strings.Replace(text, "#separator\t", "#separator ", 1)
	}
	testenv.WriteFiles(t, dir, logs)
}

// readmeGoCommands returns the commands of README.md that start with go, without
// that word.
func readmeGoCommands(t *testing.T) [][]string {
	t.Helper()
	var commands [][]string
	for _, s := range readmeSections(t) {
		for _, c := range s.commands {
			if rest, ok := strings.CutPrefix(c, "go "); ok {
				commands = append(commands, strings.Fields(rest))
			}
		}
	}
	return commands
}
