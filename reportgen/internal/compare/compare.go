// Package compare finds what differs between two reports: a report that was made before, and one made now.
//
// [Check] compares the folder of a report with a run. The report is stale if any of its files has other bytes. Check then
// names the sections, texts, tables, rows and figures of its document that differ (see documents), the files, and what
// changed among the sources of the report.
package compare

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/pdf"
	"github.com/flowbook/flowbook/reportgen/internal/report"
	"github.com/flowbook/flowbook/reportgen/internal/volatile"
	"github.com/flowbook/flowbook/reportgen/internal/workdir"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// fresh writes the report of a run into a temporary folder and compares the report in dir with it, as [reports] does. The
// error of a run that failed has its exit status.
func fresh(ctx context.Context, w io.Writer, dir string, r *report.Run, o report.WriteOptions) (stale bool, err error) {
	temp, err := workdir.Make(os.TempDir(), "reportgen-check-")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, temp.Remove()) }()
	folder, err := report.NewFolder(filepath.Join(temp.Path, "report"))
	if err != nil {
		return false, err
	}
	d, err := r.Write(ctx, folder, o)
	if err != nil {
		return false, report.WithStatus(err)
	}
	digest, err := pdf.Digest(d)
	if err != nil {
		return false, err
	}
	return reports(w, dir, folder.Path(), digest)
}

// reports compares the report in was with the fresh one, whose document has the given [pdf.Digest], and writes the
// differences to w. It reports whether the report in was is stale.
func reports(w io.Writer, was, fresh, digest string) (stale bool, err error) {
	files, similar, err := changedFiles(was, fresh)
	if err != nil {
		return false, err
	}
	p, err := comparePDF(was, fresh, digest, slices.Contains(similar, report.DocumentName))
	if err != nil {
		return false, err
	}
	if p.stale {
		files = append(files, report.PDFName)
	}
	if len(files) == 0 {
		fmt.Fprintf(w, "%s is up to date\n", was)
		writeSimilar(w, similar)
		p.write(w)
		return false, nil
	}
	list, err := contents(was, fresh)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		fmt.Fprintf(w, "What changed in the text is unknown: the report has no %s (an earlier reportgen made it)\n", report.DocumentName)
	case err != nil:
		return false, err
	case len(list) == 0:
		fmt.Fprintln(w, "The documents are equal, but the files written from them differ.")
	default:
		writeText(w, list)
	}
	fmt.Fprintf(w, "Files that differ: %s\n", strings.Join(files, ", "))
	writeSimilar(w, similar)
	p.write(w)
	why, err := causes(was, fresh)
	why.writeText(w)
	return true, err
}

// Contents compares the documents of the reports in two folders, whatever notebooks, days or parameters they were made
// from, and writes the differences and the sources that differ to w, in one of [findings.ChangeFormats]. It reports whether
// a reader sees any difference.
func Contents(w io.Writer, was, is, format string) (different bool, err error) {
	for _, dir := range []string{was, is} {
		if _, err := report.ReadDocument(dir); errors.Is(err, fs.ErrNotExist) {
			return false, fmt.Errorf("%s: not a report (it has no %s); make one with reportgen run -o %s", dir, report.DocumentName, dir)
		} else if err != nil {
			return false, err
		}
	}
	list, err := contents(was, is)
	if len(list) == 0 || err != nil {
		return false, err
	}
	why, err := causes(was, is)
	if err != nil {
		return true, err
	}
	return true, write(w, list, why, format)
}

// contents returns what differs between the documents of two reports.
func contents(was, is string) ([]difference, error) {
	old, err := report.ReadDocument(was)
	if err != nil {
		return nil, err
	}
	now, err := report.ReadDocument(is)
	if err != nil {
		return nil, err
	}
	return documents(old, now)
}

func writeSimilar(w io.Writer, files []string) {
	if len(files) > 0 {
		fmt.Fprintf(w, "Files that differ only in random identifiers, addresses or timings: %s\n", strings.Join(files, ", "))
	}
}

// changedFiles lists the files of a report whose bytes differ, and those that differ only in volatile text. Files that
// only describe the report, and foreign files beside it, do not count.
func changedFiles(was, fresh string) (changed, similar []string, err error) {
	old, err := reportFiles(was)
	if err != nil {
		return nil, nil, err
	}
	now, err := reportFiles(fresh)
	if err != nil {
		return nil, nil, err
	}
	for name, content := range now {
		switch before, there := old[name]; {
		case there && before == content:
		case there && stable(name, before) == stable(name, content):
			similar = append(similar, name)
		default:
			changed = append(changed, name)
		}
	}
	for name := range old {
		if _, made := now[name]; !made {
			changed = append(changed, name+" (no longer written)")
		}
	}
	slices.Sort(changed)
	slices.Sort(similar)
	return changed, similar, nil
}

// stable is the content of a file of a report without what is volatile.
func stable(name, content string) string {
	switch path.Ext(name) {
	case ".html", ".svg", ".md":
		return volatile.Markup(content)
	case ".js": // the search index of a site
		return volatile.Identifiers(volatile.Text(content))
	case ".ipynb":
		nb, err := nbformat.Unmarshal([]byte(content))
		if err != nil {
			return content // it was edited
		}
		return volatile.Notebook(nb)
	case ".json":
		var v any
		if err := json.Unmarshal([]byte(content), &v); err != nil {
			return content
		}
		if fields, ok := v.(map[string]any); ok {
			delete(fields, "checksum") // of the volatile text too
		}
		normalizeStrings(v)
		text, err := json.Marshal(v)
		if err != nil {
			return content
		}
		return string(text)
	}
	return content
}

func reportFiles(dir string) (map[string]string, error) {
	compared := []string{report.SummaryName, report.FiguresName, report.FilesName, report.DocumentName}
	for _, f := range report.Formats() {
		if f.File != report.PDFName {
			compared = append(compared, f.File)
		}
	}
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
		if !slices.Contains(compared, top) {
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
	var found, files []string
	for _, f := range report.Formats() {
		files = append(files, f.File)
		if _, err := os.Stat(filepath.Join(dir, f.File)); err == nil {
			found = append(found, f.Name)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: not a report (it has none of %s); make one with reportgen run -o %s", dir, strings.Join(files, ", "), dir)
	}
	return found, nil
}
