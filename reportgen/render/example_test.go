package render_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/flowbook/flowbook/reportgen/internal/browser"
	"github.com/flowbook/flowbook/reportgen/internal/cite"
	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// A notebook becomes a document, and the document Markdown or HTML.
func ExampleBuild() {
	notebook, err := nbformat.Read(strings.NewReader(`{
 "nbformat": 4, "nbformat_minor": 5, "metadata": {},
 "cells": [
  {"cell_type": "markdown", "id": "title", "metadata": {}, "source": "# Uploads\n\nThe largest are in @tbl-top."},
  {"cell_type": "code", "id": "top", "metadata": {}, "execution_count": 1, "source": "//| echo: false\ntop()", "outputs": [
   {"output_type": "display_data",
    "metadata": {"reportgen": {"kind": "table", "label": "tbl-top", "caption": "Hosts by upload."}},
    "data": {"application/vnd.dataresource+json": {
     "schema": {"fields": [{"name": "host", "type": "string"}, {"name": "up", "type": "integer", "title": "Sent"}]},
     "data": [{"host": "10.0.0.7", "up": 1190000000}],
     "text": [["10.0.0.7", "1.19 GB"]]}}}]}
 ]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	document, warnings, err := render.Build(
		[]render.Input{{Name: "uploads.ipynb", Notebook: notebook}},
		render.Options{Title: "A day of flows", Date: "20 April 2024"})
	if err != nil || len(warnings) > 0 {
		fmt.Println(warnings, err)
		return
	}
	dir, err := os.MkdirTemp("", "report")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	if err := render.WriteMarkdown(dir, document); err != nil {
		fmt.Println(err)
		return
	}
	text, err := os.ReadFile(dir + "/report.md")
	fmt.Print(string(text), err)
	// Output:
	// # A day of flows
	//
	// 20 April 2024
	//
	// ## Contents
	//
	// - [1 Uploads](#1-uploads)
	//
	// <details><summary>Tables</summary>
	//
	// - [1.1](#tbl-top) Hosts by upload.
	//
	// </details>
	//
	// ## 1 Uploads
	//
	// The largest are in [Table 1.1](#tbl-top).
	//
	// <a id="tbl-top"></a>
	//
	// **Table 1.1** Hosts by upload.
	//
	// | host | Sent |
	// | --- | ---: |
	// | 10.0.0.7 | 1.19 GB |
	// <nil>
}

// prose is a notebook of one Markdown cell.
func prose(source string) *nbformat.Notebook {
	return &nbformat.Notebook{Minor: 5, Cells: []*nbformat.Cell{{Type: nbformat.Markdown, Source: source}}}
}

// Problems have a place in a notebook, and the document is complete except for them.
func ExampleBuild_problems() {
	document, warnings, err := render.Build([]render.Input{
		{Name: "uploads.ipynb", Notebook: prose("# Uploads\n\nThe largest are in @tbl-top, of $\\frac{1$ hosts.")},
	}, render.Options{})
	fmt.Println(document != nil, len(warnings))
	fmt.Println(err)
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		if problem, ok := errors.AsType[*render.Problem](e); ok {
			fmt.Println(problem.Where.Cell, problem.Line)
		}
	}
	// Output:
	// true 0
	// uploads.ipynb, cell 1, line 3: formula \frac{1: Unexpected end of input in a macro argument, expected '}' at end of input: \frac{1
	// uploads.ipynb, cell 1, line 3: @tbl-top: no figure, table or section has this label
	// 1 3
	// 1 3
}

// Works are cited by their keys, and the document lists them in the order of
// citation.
func ExampleOptions_works() {
	works, err := cite.Parse("refs.bib", []byte(`@misc{rita, author = {{Active Countermeasures}}, title = {RITA}, year = 2024}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	document, _, err := render.Build([]render.Input{{Name: "a.ipynb", Notebook: prose("# Beacons\n\nScored as RITA does [@rita].")}},
		render.Options{Works: works})
	if err != nil {
		fmt.Println(err)
		return
	}
	r := document.References[0]
	fmt.Printf("[%d] %s, %s, %s.\n", r.Number, r.Authors, r.Title, r.Details)
	// Output: [1] Active Countermeasures, RITA, 2024.
}

// A document is written in as many forms as are wanted.
func ExampleWriteSite() {
	document, _, err := render.Build([]render.Input{
		{Name: "1.ipynb", Notebook: prose("# Method\n\nSee @sec-result.")},
		{Name: "2.ipynb", Notebook: prose("# Result {#sec-result}\n\nNone.")},
	}, render.Options{Title: "A day of flows"})
	if err != nil {
		fmt.Println(err)
		return
	}
	dir, err := os.MkdirTemp("", "site")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	if err := render.WriteSite(dir, document); err != nil {
		fmt.Println(err)
		return
	}
	pages, err := filepath.Glob(filepath.Join(dir, "*.html"))
	for _, page := range pages {
		fmt.Println(filepath.Base(page))
	}
	fmt.Println(err)
	// Output:
	// 1-method.html
	// 2-sec-result.html
	// index.html
	// <nil>
}

// Without a browser nothing is printed, and the error says what to install.
func ExampleWritePDF() {
	document, _, err := render.Build([]render.Input{{Name: "a.ipynb", Notebook: prose("# Method")}}, render.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	var file strings.Builder
	made := time.Date(2024, 4, 20, 0, 0, 0, 0, time.UTC)
	err = render.WritePDF(context.Background(), &file, document, made, nil)
	if errors.Is(err, browser.ErrNotFound) {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	fmt.Println(strings.HasPrefix(file.String(), "%PDF-1."), err)
}
