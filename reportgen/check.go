package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/pdf"
	"github.com/flowbook/flowbook/reportgen/internal/workdir"
)

// newCheckCommand is reportgen check: whether a report still holds.
func newCheckCommand() *cobra.Command {
	o := runOptions{noCache: true}
	cached := false
	c := &cobra.Command{
		Use:   "check FOLDER [NOTEBOOK|FOLDER]...",
		Short: "Tell whether a report is what its notebooks give today",
		Long: `Check runs the notebooks as reportgen run does, without the cache, and compares
what they give with the report in FOLDER, which it does not touch: index.html,
report.md with figures/, notebooks/, site/ and report.pdf, whichever of them there
are. A PDF depends on the browser that printed it: where that is not the one here, or
there is none, what was printed is compared instead of the pages, and check says so.
Give it the parameters and notebooks that the report was made with.

The exit status is 0 where every byte is the same, and 3 where the report is stale:
then it says which text, table or figure of which section differs and, where the
report has its ` + manifestName + `, what made it differ. It is 1 where a cell fails.`,
		Example:           "  reportgen check report\n  reportgen check -p test=tuesday.parquet report notebooks",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeReport,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.noCache = !cached
			return o.check(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), args[0], args[1:])
		},
	}
	o.addRunFlags(c.Flags())
	c.Flags().BoolVar(&cached, "cache", false, "trust the outputs that are kept of earlier runs")
	completeRunFlags(c)
	return c
}

// check compares the report in dir with what the notebooks give.
func (o runOptions) check(ctx context.Context, stdout, stderr io.Writer, dir string, args []string) (err error) {
	if o.to, err = reportFormats(dir); err != nil {
		return err
	}
	if o.to, err = printable(o.to); err != nil {
		return err
	}
	digest := ""
	o.built = func(d *document.Document) (err error) {
		digest, err = pdf.Digest(d)
		return err
	}
	if err := o.valid(); err != nil {
		return err
	}
	e, err := o.execute(ctx, stderr, args)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.kernels.Wait()) }()
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted: %w", context.Cause(ctx))
	}
	temp, err := workdir.Make(os.TempDir(), "reportgen-check-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, temp.Remove()) }()
	fresh := &folder{filepath.Join(temp.Path, "report")}
	if err := o.report(ctx, io.Discard, stderr, fresh, e); err != nil {
		return err
	}
	p, err := comparePDF(dir, fresh.path, digest)
	if err != nil {
		return err
	}
	return compareReports(stdout, dir, fresh.path, p)
}

// reportFormats are the formats of the report in dir.
func reportFormats(dir string) ([]string, error) {
	if _, err := os.ReadDir(dir); err != nil {
		return nil, fmt.Errorf("the report to check: %w", err)
	}
	var found []string
	for _, f := range []struct{ name, format string }{{"index.html", "html"}, {"report.md", "md"}, {"notebooks", "ipynb"}, {"site", "site"}, {pdfName, "pdf"}} {
		if _, err := os.Stat(filepath.Join(dir, f.name)); err == nil {
			found = append(found, f.format)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s holds no report: it has none of index.html, report.md, notebooks/, site/ and %s: make one with reportgen run -o %s", dir, pdfName, dir)
	}
	return found, nil
}

// compareReports tells what differs between the report in was and the fresh one, of
// whose PDF p is known.
func compareReports(w io.Writer, was, fresh string, p printed) error {
	files, err := changedFiles(was, fresh)
	if err != nil {
		return err
	}
	if p.stale {
		files = append(files, pdfName)
	}
	if len(files) == 0 {
		fmt.Fprintf(w, "%s is what its notebooks give\n", was)
		p.tell(w)
		return nil
	}
	changes, readable, err := pageChanges(was, fresh)
	if err != nil {
		return err
	}
	tellChanges(w, changes)
	if len(changes) == 0 && readable {
		fmt.Fprintln(w, "what a reader sees is the same; the form of the files is not")
	}
	fmt.Fprintf(w, "Files that differ: %s\n", strings.Join(files, ", "))
	p.tell(w)
	if err := tellReasons(w, was, fresh); err != nil {
		return err
	}
	return &statusError{exitStale, fmt.Errorf("%s is stale: run the notebooks again with reportgen run", was)}
}

func tellChanges(w io.Writer, changes []pageChange) {
	section := "\x00"
	for _, c := range changes {
		if c.section != section {
			section = c.section
			if section != "" {
				fmt.Fprintln(w, section)
			}
		}
		fmt.Fprintf(w, "  %s\n", c.what)
	}
}

// pageChanges compares what readers see, where there is a page or a notebook to
// read; readable is false where there is none.
func pageChanges(was, fresh string) (changes []pageChange, readable bool, err error) {
	old, err := readPage(was)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(was, "notebooks")); err != nil {
			return nil, false, nil //nolint:nilerr // a PDF alone
		}
		changes, err := notebookChanges(filepath.Join(was, "notebooks"), filepath.Join(fresh, "notebooks"))
		return changes, true, err
	}
	if err != nil {
		return nil, true, err
	}
	now, err := readPage(fresh)
	if err != nil {
		return nil, true, err
	}
	return comparePages(old, now), true, nil
}

func tellReasons(w io.Writer, was, fresh string) error {
	old, found, err := readManifest(was)
	if err != nil {
		return err
	}
	if !found {
		fmt.Fprintf(w, "What made it change is not known: the report has no %s\n", manifestName)
		return nil
	}
	now, _, err := readManifest(fresh)
	if err != nil {
		return err
	}
	why := reasons(old, now)
	if len(why) == 0 {
		fmt.Fprintln(w, "None of its sources changed: something that no cell declares did, or the report was edited")
		return nil
	}
	fmt.Fprintln(w, "Because:")
	for _, r := range why {
		fmt.Fprintf(w, "  %s\n", r)
	}
	return nil
}

// changedFiles are the files of a report that are not the same in both folders.
// Others beside them, and what only explains the report, do not count.
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
	for name, sum := range now {
		if old[name] != sum {
			changed = append(changed, name)
		}
	}
	for name := range old {
		if _, made := now[name]; !made {
			changed = append(changed, name+" (no longer made)")
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
		if !slices.Contains([]string{"index.html", "report.md", "figures", "notebooks", "site"}, top) {
			return nil
		}
		src, err := os.ReadFile(file)
		files[name] = string(src)
		return err
	})
	return files, err
}
