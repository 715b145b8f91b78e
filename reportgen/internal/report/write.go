package report

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/dustin/go-humanize/english"

	"github.com/flowbook/flowbook/reportgen/execute"
	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/email"
	"github.com/flowbook/flowbook/reportgen/internal/pdf"
	"github.com/flowbook/flowbook/reportgen/internal/typst"
	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// The files and folders of a report that readers open.
const (
	HTMLName      = "index.html"
	markdownName  = "report.md"
	SummaryName   = "summary.md"
	FiguresName   = document.PicturesFolder
	FilesName     = render.FilesFolder
	PDFName       = "report.pdf"
	siteName      = "site"
	typstName     = typst.FileName
	emailName     = email.FileName
	notebooksName = "notebooks"
)

// DocumentName is the file that holds the document of a report.
const DocumentName = "document.json"

// DefaultFormats returns the formats of a report that does not ask for others.
func DefaultFormats() []string { return []string{"html", "md", "ipynb"} }

// Format is a format of a report, and the file or folder that it is written to.
type Format struct{ Name, File string }

// Formats returns all formats.
func Formats() []Format {
	return []Format{
		{"html", HTMLName}, {"md", markdownName}, {"ipynb", notebooksName}, {"pdf", PDFName}, {"site", siteName},
		{"typst", typstName}, {"email", emailName},
	}
}

// FormatNames returns the names of all formats.
func FormatNames() (names []string) {
	for _, f := range Formats() {
		names = append(names, f.Name)
	}
	return names
}

// CheckFormats returns an error if a format is unknown or cannot be written on this machine.
func CheckFormats(formats []string) error {
	for _, format := range formats {
		if !slices.Contains(FormatNames(), format) {
			return fmt.Errorf("%q: want %s", format, english.WordSeries(FormatNames(), "or"))
		}
	}
	if slices.Contains(formats, "pdf") {
		if err := pdf.Available(); err != nil {
			return fmt.Errorf("format pdf: %w", err)
		}
	}
	return nil
}

// notPrintedError reports that the browser did not print a report whose other formats were written.
type notPrintedError struct{ Err error }

func (e *notPrintedError) Error() string { return PDFName + " not written: " + e.Err.Error() }

// Unwrap returns the reason.
func (e *notPrintedError) Unwrap() error { return e.Err }

// notWrittenError reports that the report could not be written, so that the previous one is still there.
type notWrittenError struct{ Err error }

func (e *notWrittenError) Error() string { return "report not written: " + e.Err.Error() }

// Unwrap returns the reason.
func (e *notWrittenError) Unwrap() error { return e.Err }

// fault is an imperfection of the notebooks, such as a figure without alt text, that [WriteOptions] treat as an error.
type fault struct{ Text string }

func (f *fault) Error() string { return f.Text }

// WriteOptions control what is written.
type WriteOptions struct {
	Formats []string
	Trust   bool                 // keep HTML outputs that this run did not make as they are, scripts included
	Strict  bool                 // return faults of the notebooks as errors
	Version string               // of this program, for sources.json
	Warn    func(message string) // reports faults of the notebooks unless Strict is set; may be nil
	Note    func(message string) // reports which program printed the PDF; may be nil

	Dossiers []Dossier // that will be in the report's folder, for links to them
}

// Write replaces the folder with the report and returns its document. If cells failed, the report holds what there is,
// and the error joins their errors and, if the options are strict, the faults of the notebooks. If no cell ran at all,
// nothing is written.
func (r *Run) Write(ctx context.Context, folder *Folder, o WriteOptions) (*document.Document, error) {
	failures := r.joinErrors()
	if !r.ranCell() {
		return nil, failures
	}
	var d *document.Document
	var problems error
	err := folder.Replace(func(dir string) (err error) {
		d, problems, err = r.writeInTime(ctx, dir, o)
		return err
	})
	if err != nil {
		return nil, errors.Join(failures, problems, &notWrittenError{err})
	}
	return d, errors.Join(failures, problems)
}

// partialTime is the time to write the report of a run that was interrupted or timed out.
const partialTime = 20 * time.Second

// writeInTime writes the report's files into dir until ctx ends or the run's timeout passes. Then it returns, whatever
// the writing, which knows of neither, is still doing. The report of a run whose cells were stopped gets some time more.
func (r *Run) writeInTime(ctx context.Context, dir string, o WriteOptions) (*document.Document, error, error) {
	limit, reason := r.deadline, error(&execute.TimeoutError{What: "the whole run", Limit: r.timeout})
	switch {
	case ctx.Err() != nil:
		reason, ctx, limit = context.Cause(ctx), context.WithoutCancel(ctx), time.Now().Add(partialTime)
	case !limit.IsZero() && !time.Now().Before(limit):
		limit = time.Now().Add(partialTime)
	}
	if !limit.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, limit, reason)
		defer cancel()
	}
	type outcome struct {
		d             *document.Document
		problems, err error
	}
	done := make(chan outcome, 1)
	go func() {
		d, problems, err := r.writeFiles(ctx, dir, o)
		done <- outcome{d, problems, err}
	}()
	select {
	case w := <-done:
		return w.d, w.problems, w.err
	case <-ctx.Done():
	}
	select { // what heeds ctx may be about to end
	case w := <-done:
		return w.d, w.problems, w.err
	case <-time.After(2 * time.Second):
		return nil, nil, context.Cause(ctx)
	}
}

// writeFiles writes the report's files into dir. Problems do not keep the report from being written.
func (r *Run) writeFiles(ctx context.Context, dir string, o WriteOptions) (d *document.Document, problems, err error) {
	if err := r.collectSources(o.Version).write(dir); err != nil {
		return nil, nil, err
	}
	if slices.Contains(o.Formats, "ipynb") {
		if err := r.writeNotebooks(filepath.Join(dir, notebooksName)); err != nil {
			return nil, nil, err
		}
	}
	d, problems, err = r.build(ctx, o, func(name string, data []byte) error {
		file := filepath.Join(dir, FilesName, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			return err
		}
		return os.WriteFile(file, data, 0o666)
	})
	if d == nil || err != nil {
		return nil, problems, err
	}
	if err := writeFile(filepath.Join(dir, DocumentName), func(w io.Writer) error { return document.Encode(w, d) }); err != nil {
		return nil, problems, err
	}
	for _, format := range o.Formats {
		err := r.writeFormat(ctx, dir, format, d, o.Warn, o.Note)
		if unprinted, ok := errors.AsType[*notPrintedError](err); ok {
			problems = errors.Join(problems, unprinted)
		} else if err != nil {
			return nil, problems, err
		}
	}
	return d, problems, nil
}

// build makes the document of the executed notebooks. It passes the files that they
// link to on to attach.
func (r *Run) build(ctx context.Context, o WriteOptions, attach func(name string, data []byte) error) (d *document.Document, problems, err error) {
	options, err := r.source.documentOptions()
	if err != nil {
		return nil, nil, err
	}
	options.Trust = o.Trust
	options.Attach = attach
	options.Scripts = r.scriptFolders(ctx)
	for _, p := range r.parameters {
		options.Provenance = append(options.Provenance, document.Field{Name: p.Name, Value: shown(p)})
	}
	var inputs []render.Input
	for _, result := range r.Results {
		project, folder, err := pictureRoot(result.Dir)
		if err != nil {
			return nil, nil, err
		}
		root, err := os.OpenRoot(project)
		if err != nil {
			return nil, nil, err
		}
		defer root.Close() //nolint:gocritic // pictures are read while the document is built
		inputs = append(inputs, render.Input{Name: result.Name, Notebook: result.Notebook, Files: r.files(root.FS()), Folder: folder, Executed: result.Err == nil})
	}
	d, warnings, err := render.Build(inputs, options)
	if d == nil {
		return nil, nil, err
	}
	for _, dossier := range o.Dossiers {
		file := dossier.Folder + "/" + entrance(o.Formats, "html", "site", "pdf", "md")
		d.Dossiers = append(d.Dossiers, document.Field{Name: dossier.Entity, Value: file})
	}
	for _, w := range warnings {
		d.Warnings = append(d.Warnings, w.String())
	}
	for _, problem := range joined(err) {
		d.Warnings = append(d.Warnings, problem.Error())
	}
	var faults []error
	for _, w := range d.Warnings {
		if o.Strict {
			faults = append(faults, &fault{w})
		} else if o.Warn != nil {
			o.Warn(w)
		}
	}
	return d, errors.Join(faults...), nil
}

// joined returns the errors that err joins.
func joined(err error) []error {
	if list, ok := err.(interface{ Unwrap() []error }); ok {
		return list.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

func (r *Run) writeFormat(ctx context.Context, dir, format string, d *document.Document, warn, note func(string)) error {
	switch format {
	case "html":
		return writeFile(filepath.Join(dir, HTMLName), func(w io.Writer) error { return render.WriteHTML(w, d) })
	case "md":
		return render.WriteMarkdown(dir, d)
	case "typst":
		return render.WriteTypst(dir, d)
	case "email":
		created, err := r.source.creationTime()
		if err != nil {
			return err
		}
		if len(d.Summary) == 0 && warn != nil {
			warn(emailName + ": no cell has the tag summary, so the message is the title and the abstract only")
		}
		return writeFile(filepath.Join(dir, emailName), func(w io.Writer) error { return render.WriteEmail(w, d, created) })
	case "site":
		site := filepath.Join(dir, siteName)
		if err := os.Mkdir(site, 0o777); err != nil {
			return err
		}
		return render.WriteSite(site, d)
	case "pdf":
		created, err := r.source.creationTime()
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := render.WritePDF(ctx, &b, d, created, warn); err != nil {
			return &notPrintedError{err}
		}
		if made, ok := pdf.ReadMade(b.Bytes()); ok && note != nil {
			note(PDFName + " printed by " + made.Browser)
		}
		return os.WriteFile(filepath.Join(dir, PDFName), b.Bytes(), 0o666)
	}
	return nil // notebooks are written already
}

func (r *Run) writeNotebooks(dir string) error {
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	for _, result := range r.Results {
		err := writeFile(filepath.Join(dir, result.Name), func(w io.Writer) error { return nbformat.Write(w, result.Notebook) })
		if err != nil {
			return err
		}
	}
	return nil
}

func writeFile(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

// ReadDocument reads the document of the report in dir.
func ReadDocument(dir string) (*document.Document, error) {
	name := filepath.Join(dir, DocumentName)
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d, err := document.Decode(f)
	if errors.Is(err, document.ErrVersion) {
		return nil, fmt.Errorf("%s: another reportgen made it: %w; make the report again", name, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: damaged: %w; make the report again", name, err)
	}
	return d, nil
}
