// Command prose checks the English of this repository with Vale and the style
// in .vale/Flowbook:
//
//	prose -vale .tools/bin/vale [-exempt FOLDER,...]
//
// Vale reads Markdown but not the strings of Go programs, the cells of notebooks
// or the texts of rules. So prose gives it a copy of each file in which only the
// text is left and everything else is blank, and reports each fault at the line
// and column of the original. Files in testdata folders other than the top one,
// and the sample report, are not checked.
//
// The exit status is 1 if there is a fault. A line that quotes a text of others
// is skipped if it has a comment "prose:ignore".
package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	vale := flag.String("vale", "vale", "path of Vale")
	exempt := flag.String("exempt", "", "folders that are not checked, with commas")
	flag.Parse()
	faults, err := check(context.Background(), *vale, ".", strings.FieldsFunc(*exempt, func(r rune) bool { return r == ',' || r == ' ' }))
	if err != nil {
		fmt.Fprintln(os.Stderr, "prose:", err)
		os.Exit(2)
	}
	for _, f := range faults {
		fmt.Println(f)
	}
	if len(faults) > 0 {
		fmt.Fprintf(os.Stderr, "prose: %d faults\n", len(faults))
		os.Exit(1)
	}
}

// A fault is a phrase that the style rejects.
type fault struct {
	file         string
	line, column int
	message      string
}

func (f fault) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", f.file, f.line, f.column, f.message)
}

// check returns the faults of the files below root, sorted by place.
func check(ctx context.Context, vale, root string, exempt []string) ([]fault, error) {
	dir, err := os.MkdirTemp("", "prose-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := copyTexts(root, dir, exempt); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, vale, "--config", filepath.Join(root, ".vale.ini"), "--output=JSON", "--no-exit", dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("vale: %w: %s%s", err, stderr.String(), out)
	}
	return parse(out, dir)
}

// parse reads Vale's JSON, whose keys are paths of copies below dir.
func parse(out []byte, dir string) ([]fault, error) {
	var alerts map[string][]struct {
		Line                  int
		Span                  []int
		Message, Match, Check string
	}
	if err := json.Unmarshal(out, &alerts); err != nil {
		return nil, fmt.Errorf("vale's output: %w", err)
	}
	var faults []fault
	for copied, list := range alerts {
		file, err := filepath.Rel(dir, copied)
		if err != nil {
			return nil, err
		}
		for _, a := range list {
			if len(a.Span) == 0 {
				return nil, errors.New("vale's output: an alert without a span")
			}
			faults = append(faults, fault{file: trimCopy(filepath.ToSlash(file)), line: a.Line, column: a.Span[0],
				message: fmt.Sprintf("%s (%s)", a.Message, strings.TrimPrefix(a.Check, "Flowbook."))})
		}
	}
	slices.SortFunc(faults, func(a, b fault) int {
		return cmp.Or(strings.Compare(a.file, b.file), cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column), strings.Compare(a.message, b.message))
	})
	return faults, nil
}

// copySuffix is added to the names of copies that Vale reads as plain text.
const copySuffix = ".txt"

func trimCopy(name string) string { return strings.TrimSuffix(name, copySuffix) }

// copyTexts copies the texts of the files below root into dir.
func copyTexts(root, dir string, exempt []string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if skipFolder(rel) {
				return fs.SkipDir
			}
			return nil
		}
		extract := extractorOf(rel)
		if extract == nil || slices.Contains(exempt, filepath.ToSlash(filepath.Dir(rel))) || slices.Contains(exempt, rel) {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text, err := extract(src)
		if err != nil {
			return fmt.Errorf("%s: %w", rel, err)
		}
		to := filepath.Join(dir, filepath.FromSlash(rel))
		if filepath.Ext(rel) != ".md" {
			to += copySuffix
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		return os.WriteFile(to, dropIgnored(src, text), 0o600)
	})
}

// skipFolder reports whether a folder holds no text of this project: tools,
// test data and the generated sample report.
func skipFolder(rel string) bool {
	base := filepath.Base(rel)
	switch {
	case rel == ".":
		return false
	case strings.HasPrefix(base, ".") && rel != ".github" && rel != ".ci":
		return true
	case base == "testdata":
		return rel != "testdata"
	}
	return rel == "testdata/report" || rel == "report"
}

// dropIgnored blanks the lines of text whose original has the comment
// "prose:ignore".
func dropIgnored(src, text []byte) []byte {
	var out bytes.Buffer
	lines := bytes.SplitAfter(src, []byte("\n"))
	for i, line := range bytes.SplitAfter(text, []byte("\n")) {
		if i < len(lines) && bytes.Contains(lines[i], []byte("prose:ignore")) {
			line = blank(line)
		}
		out.Write(line)
	}
	return out.Bytes()
}
