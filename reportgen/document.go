package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/flowbook/flowbook/reportgen/internal/browser"
	"github.com/flowbook/flowbook/reportgen/internal/cite"
	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/epoch"
	"github.com/flowbook/flowbook/reportgen/render"
)

// knownFormats are what --to may name; the first three are written where it is
// not given.
var knownFormats = append(slices.Clone(formats), "pdf", "site")

// checkFormats tells of a format that there is not, or that cannot be written
// here, before any cell runs.
func (o runOptions) checkFormats() error {
	for _, format := range o.to {
		if !slices.Contains(knownFormats, format) {
			return fmt.Errorf("--to %s: there is no such format: use %s", format, strings.Join(knownFormats, ", "))
		}
	}
	if slices.Contains(o.to, "pdf") {
		if _, err := browser.Find(); err != nil {
			return fmt.Errorf("--to pdf: %w", err)
		}
	}
	return nil
}

// documented reports whether a format is written from the document.
func (o runOptions) documented() bool {
	return slices.ContainsFunc(o.to, func(format string) bool { return format != "ipynb" })
}

// unprintedError says that the browser did not print a report that is there in the
// other formats.
type unprintedError struct{ err error }

func (e *unprintedError) Error() string { return "report.pdf is not written: " + e.err.Error() }
func (e *unprintedError) Unwrap() error { return e.err }

// writeDocument writes the document in the formats that are asked for. What
// keeps it from being printed is unprinted: the other formats are kept.
func (o runOptions) writeDocument(ctx context.Context, dir string, s *source, d *document.Document) (unprinted, err error) {
	var errs []error
	for _, format := range o.to {
		switch format {
		case "html":
			errs = append(errs, writeFile(filepath.Join(dir, "index.html"), func(w io.Writer) error { return render.WriteHTML(w, d) }))
		case "md":
			errs = append(errs, render.WriteMarkdown(dir, d))
		case "pdf":
			made, err := s.made()
			if err != nil {
				return nil, err
			}
			var b bytes.Buffer
			if err := render.WritePDF(ctx, &b, d, made); err != nil {
				unprinted = &unprintedError{err}
				continue
			}
			errs = append(errs, os.WriteFile(filepath.Join(dir, pdfName), b.Bytes(), 0o666))
		case "site":
			site := filepath.Join(dir, "site")
			err := os.Mkdir(site, 0o777)
			if err == nil {
				err = render.WriteSite(site, d)
			}
			errs = append(errs, err)
		}
	}
	return unprinted, errors.Join(errs...)
}

// renderOptions are what report.yaml says of the document: with the works of its
// bibliographies, and with the date of $SOURCE_DATE_EPOCH where it gives none.
func (s *source) renderOptions() (render.Options, error) {
	options, err := s.config.render()
	if err != nil {
		return options, err
	}
	options.Works = cite.Works{}
	for _, name := range s.config.Bibliography {
		if !filepath.IsLocal(name) {
			return options, fmt.Errorf("%s: bibliography %q is not in its folder", filepath.Join(s.dir, configName), name)
		}
		data, err := os.ReadFile(filepath.Join(s.dir, name))
		if err != nil {
			return options, fmt.Errorf("%s: bibliography: %w", filepath.Join(s.dir, configName), err)
		}
		works, err := cite.Parse(name, data)
		if err == nil {
			err = options.Works.Add(works)
		}
		if err != nil {
			return options, fmt.Errorf("%s: %w", filepath.Join(s.dir, configName), err)
		}
	}
	if options.Date == "" {
		date, err := epoch.Read()
		if err != nil {
			return options, err
		}
		if !date.IsZero() {
			options.Date = date.Format("2 January 2006")
		}
	}
	return options, nil
}

// made is when a file of the report is said to be made: at $SOURCE_DATE_EPOCH,
// else on the date that report.yaml gives as 2006-01-02; zero for neither.
func (s *source) made() (time.Time, error) {
	date, err := epoch.Read()
	if err != nil || !date.IsZero() {
		return date, err
	}
	day, err := time.Parse(time.DateOnly, s.config.Date)
	if err != nil {
		return time.Time{}, nil //nolint:nilerr // a date in words is no time
	}
	return day, nil
}

// texts are one text or a list of them in YAML.
type texts []string

// UnmarshalYAML reads either form.
func (t *texts) UnmarshalYAML(unmarshal func(any) error) error {
	var one string
	if err := unmarshal(&one); err == nil {
		*t = texts{one}
		return nil
	}
	return unmarshal((*[]string)(t))
}
