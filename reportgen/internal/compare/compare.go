// Package compare finds what differs between two reports: a report that was made before, and one made now.
//
// [Reports] compares two folders. A report is stale if any of its files has other bytes. Reports then names the sections,
// texts, tables, rows and figures of its document that differ (see [Documents]), the files, and what changed among the
// sources of the report.
package compare

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/report"
)

// Reports compares the report in was with the fresh one, whose PDF was compared by [PDF], and writes the differences
// to w. It reports whether the report in was is stale.
func Reports(w io.Writer, was, fresh string, p Printed) (stale bool, err error) {
	files, err := changedFiles(was, fresh)
	if err != nil {
		return false, err
	}
	if p.Stale {
		files = append(files, report.PDFName)
	}
	if len(files) == 0 {
		fmt.Fprintf(w, "%s is up to date\n", was)
		p.write(w)
		return false, nil
	}
	if err := writeChanges(w, was, fresh); err != nil {
		return false, err
	}
	fmt.Fprintf(w, "Files that differ: %s\n", strings.Join(files, ", "))
	p.write(w)
	return true, writeReasons(w, was, fresh)
}

// writeChanges writes what differs between the documents of two reports.
func writeChanges(w io.Writer, was, fresh string) error {
	old, err := report.ReadDocument(was)
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(w, "What changed in the text is unknown: the report has no %s (an earlier reportgen made it)\n", report.DocumentName)
		return nil
	}
	if err != nil {
		return err
	}
	now, err := report.ReadDocument(fresh)
	if err != nil {
		return err
	}
	changes, err := Documents(old, now)
	if err != nil {
		return err
	}
	if len(changes) == 0 {
		fmt.Fprintln(w, "The documents are equal, but the files written from them differ.")
	}
	section := ""
	for _, c := range changes {
		if c.Section != section {
			section = c.Section
			fmt.Fprintln(w, section)
		}
		fmt.Fprintf(w, "  %s\n", c.What)
	}
	return nil
}

// changedFiles lists the files of a report whose bytes differ. Files that only describe the report, and foreign files
// beside it, do not count.
func changedFiles(was, fresh string) ([]string, error) {
	old, err := reportFiles(was)
	if err != nil {
		return nil, err
	}
	now, err := reportFiles(fresh)
	if err != nil {
		return nil, err
	}
	var changed []string
	for name, content := range now {
		if before, there := old[name]; !there || before != content {
			changed = append(changed, name)
		}
	}
	for name := range old {
		if _, made := now[name]; !made {
			changed = append(changed, name+" (no longer written)")
		}
	}
	slices.Sort(changed)
	return changed, nil
}

func reportFiles(dir string) (map[string]string, error) {
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		top, _, _ := strings.Cut(name, "/")
		if !slices.Contains([]string{report.HTMLName, report.MarkdownName, report.FiguresName, report.NotebooksName, report.SiteName, report.DocumentName}, top) {
			return nil
		}
		src, err := os.ReadFile(file)
		files[name] = string(src)
		return err
	})
	return files, err
}

// Formats returns the formats of the report in dir.
func Formats(dir string) ([]string, error) {
	if _, err := os.ReadDir(dir); err != nil {
		return nil, fmt.Errorf("report to check: %w", err)
	}
	var found []string
	for _, f := range []struct{ name, format string }{
		{report.HTMLName, "html"}, {report.MarkdownName, "md"}, {report.NotebooksName, "ipynb"}, {report.SiteName, "site"}, {report.PDFName, "pdf"},
	} {
		if _, err := os.Stat(filepath.Join(dir, f.name)); err == nil {
			found = append(found, f.format)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: not a report (it has none of %s, %s, %s/, %s/ and %s); make one with reportgen run -o %s",
			dir, report.HTMLName, report.MarkdownName, report.NotebooksName, report.SiteName, report.PDFName, dir)
	}
	return found, nil
}
