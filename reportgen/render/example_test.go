package render_test

import (
	"fmt"
	"os"
	"strings"

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
