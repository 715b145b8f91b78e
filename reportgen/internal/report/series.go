package report

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/language"
	"github.com/flowbook/flowbook/reportgen/internal/markdown"
	"github.com/flowbook/flowbook/reportgen/render"
)

// The files of a series beside the folders of its reports, and its index in HTML, which is called as a report's page.
const (
	SeriesName      = "series.json"
	seriesIndexName = "index.md"
)

// seriesFile is the content of series.json.
type seriesFile struct {
	Reports []seriesReport `json:"reports"`
}

type seriesReport struct {
	Name       string      `json:"name"`
	Parameters [][2]string `json:"parameters"`
}

// ReadSeries returns the names of the reports in the series in dir, in order. It returns nil if dir has none.
func ReadSeries(dir string) ([]string, error) {
	file := filepath.Join(dir, SeriesName)
	src, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var s seriesFile
	if err := json.Unmarshal(src, &s); err != nil {
		return nil, fmt.Errorf("%s: damaged: %w; make the series again", file, err)
	}
	var names []string
	for _, r := range s.Reports {
		if !filepath.IsLocal(r.Name) {
			return nil, fmt.Errorf("%s: damaged: report %q is not below this folder; make the series again", file, r.Name)
		}
		names = append(names, r.Name)
	}
	return names, nil
}

// written is a report of a series after it was written.
type written struct {
	Member
	document *document.Document // nil if no cell ran
	err      error
}

// WriteSeries runs the members one after the other and replaces the folder with their reports, one folder each, and an
// index. A member whose cells fail does not keep the others from being written; the error joins what failed. An
// interrupt, and bad input, leave the earlier series as it was.
func WriteSeries(ctx context.Context, folder *Folder, members []Member, o WriteOptions, run func(Member) (*Run, error)) error {
	var failures error
	err := folder.Replace(func(dir string) error {
		var all []written
		for _, m := range members {
			w, err := writeMember(ctx, filepath.Join(dir, m.Name), m, o, run)
			if err != nil {
				return fmt.Errorf("%s: %w", m.Name, err)
			}
			if w.err != nil {
				failures = errors.Join(failures, fmt.Errorf("%s: %w", m.Name, w.err))
			}
			all = append(all, w)
		}
		return writeIndex(dir, members[0].Source, o.Formats, all)
	})
	if err != nil {
		return errors.Join(failures, &notWrittenError{err})
	}
	return failures
}

// writeMember runs a member and writes its report. Failed cells are in the result and not an error.
func writeMember(ctx context.Context, dir string, m Member, o WriteOptions, run func(Member) (*Run, error)) (w written, err error) {
	w.Member = m
	r, err := run(m)
	if err != nil {
		return w, err
	}
	defer func() { err = errors.Join(err, r.Wait()) }()
	if ctx.Err() != nil {
		return w, fmt.Errorf("interrupted: %w", context.Cause(ctx))
	}
	folder, err := NewFolder(dir)
	if err != nil {
		return w, err
	}
	w.document, w.err = r.Write(ctx, folder, o)
	if unwritten, ok := errors.AsType[*notWrittenError](w.err); ok {
		return w, unwritten
	}
	return w, nil
}

// writeIndex writes the list of reports as series.json, Markdown and HTML.
func writeIndex(dir string, source *Source, formats []string, all []written) error {
	var s seriesFile
	for _, w := range all {
		s.Reports = append(s.Reports, seriesReport{w.Name, w.Values})
	}
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, SeriesName), append(text, '\n'), 0o666); err != nil {
		return err
	}
	title := source.config.Title
	words := language.Of(source.config.Lang)
	if title == "" {
		title = words.Say("Reports")
	}
	index := "# " + markdown.Escape(title) + "\n\n" + indexTable(all, entrance(formats, "md", "html", "site", "pdf"), words)
	if err := os.WriteFile(filepath.Join(dir, seriesIndexName), []byte(index), 0o666); err != nil {
		return err
	}
	d := &document.Document{Lang: source.config.Lang, Title: title}
	d.Authors, d.Affiliations = source.config.authors()
	if d.Lang == "" {
		d.Lang = "en"
	}
	made, err := source.creationTime()
	if err != nil {
		return err
	}
	file := entrance(formats, "html", "site", "pdf", "md")
	feed, err := atomFeed(title, d.AuthorNames(), all, file, made, words)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, feedName), feed, 0o666); err != nil {
		return err
	}
	p := document.NewParser()
	// With a heading, the page has contents and a search.
	d.Blocks = []document.Block{
		&document.Heading{Depth: 1, ID: "reports", Text: p.ParseLine(words.Say("Reports"))},
		document.Prose{Text: p.Parse(indexTable(all, file, words) + "\n[" + words.Say("Feed") + "](" + feedName + ")\n")},
	}
	if line := trend(all, words); line != nil {
		d.Blocks = append(d.Blocks, line)
	}
	return writeFile(filepath.Join(dir, HTMLName), func(w io.Writer) error { return render.WriteHTML(w, d) })
}

// entrance returns the file of a report that the index leads to: that of the first of the preferred formats that was
// written.
func entrance(formats []string, preferred ...string) string {
	files := map[string]string{"html": HTMLName, "md": markdownName, "site": siteName + "/" + HTMLName, "pdf": PDFName}
	for _, format := range preferred {
		if slices.Contains(formats, format) {
			return files[format]
		}
	}
	return notebooksName + "/"
}

// indexTable returns a table in Markdown with a row for each report, whose links lead to the file with the given name.
func indexTable(all []written, file string, words *language.Words) string {
	var b strings.Builder
	header := words.Say("Report")
	if slices.ContainsFunc(all, func(w written) bool { return w.title() != w.Name }) {
		var names []string
		for _, v := range all[0].Values {
			names = append(names, v[0])
		}
		header = markdown.Escape(strings.Join(names, ", "))
	}
	b.WriteString("| " + header + " | " + words.Say("Result") + " | " + words.Say("Summary") + " |\n|---|---|---|\n")
	for _, w := range all {
		fmt.Fprintf(&b, "| [%s](%s/%s) | %s | %s |\n", markdown.Escape(w.title()), w.Name, file, w.result(words), markdown.Escape(w.summary()))
	}
	return b.String()
}

// title returns the values of a report's parameters.
func (w written) title() string {
	var values []string
	for _, v := range w.Values {
		values = append(values, v[1])
	}
	return strings.Join(values, ", ")
}

// result says in a word or two how a report ended.
func (w written) result(words *language.Words) string {
	switch {
	case w.document == nil:
		return words.Say("no cell ran")
	case len(w.document.Failures()) == 1:
		return words.Say("1 cell failed")
	case len(w.document.Failures()) > 1:
		return words.Say("%d cells failed", len(w.document.Failures()))
	case w.err != nil:
		return words.Say("incomplete")
	}
	return words.Say("complete")
}

// dated returns the texts in which the date of a report may be.
func (w written) dated() []string {
	texts := []string{w.Name}
	for _, v := range w.Values {
		texts = append(texts, v[1])
	}
	return texts
}

// summary returns the first paragraph of the report's summary; "" if it has none.
func (w written) summary() string {
	if w.document == nil {
		return ""
	}
	for _, b := range w.document.Summary {
		if p, ok := b.(document.Prose); ok {
			if text := firstParagraph(p.Text); text != "" {
				return text
			}
		}
	}
	return ""
}

func firstParagraph(t *document.Text) string {
	text := ""
	_ = ast.Walk(t.Root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if p, ok := n.(*ast.Paragraph); ok && entering {
			text = document.PlainNode(p, t.Source)
			return ast.WalkStop, nil
		}
		return ast.WalkContinue, nil
	})
	return text
}
