package render

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/units"
	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/terminal"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// maxStream bounds the text output of a cell, and maxOutput any other output, in
// bytes.
const (
	maxStream = 1 << 20
	maxOutput = 16 << 20
)

// cell is the state of a code cell while its outputs are read.
type cell struct {
	cellOptions
	where   document.Origin
	figures int // number of outputs with a caption of the cell's options
	tables  int
	several bool             // more than one picture: labels are numbered
	group   *document.Figure // the figure whose parts the pictures are
	grouped *document.Table  // the table whose parts the tables are
	trusted bool
	failed  bool
}

// code adds a code cell and returns its label.
func (b *builder) code(where document.Origin, nc *nbformat.Cell) (label string) {
	options, source := b.cellOptions(where, nc)
	ran := b.input.Executed && !nc.HasTag("skip-execution")
	c := &cell{cellOptions: options, where: where, trusted: b.options.Trust || ran}
	if nc.HasTag("parameters") || nc.HasTag("injected-parameters") {
		b.parameters(source, nc.HasTag("injected-parameters"))
		c.code = CodeHidden
	}
	if c.foldCell {
		b.add(document.FoldStart{Summary: "Cell"})
	}
	b.source(c, source)
	if c.foldOutput && !c.foldCell && !c.noOutput {
		b.add(document.FoldStart{Summary: "Output"})
	}
	var failures []document.Block
	if c.foldCell || c.foldOutput {
		b.apart(func() { failures = b.outputs(c, nc.Outputs) })
	} else {
		failures = b.outputs(c, nc.Outputs)
	}
	if c.foldOutput && !c.foldCell && !c.noOutput {
		b.add(document.FoldEnd{})
	}
	if c.foldCell {
		b.add(document.FoldEnd{})
	}
	// Failures are never folded.
	for _, f := range failures {
		b.add(f)
	}
	b.unusedCaptions(c)
	return c.label
}

// wholeMain is a line with which GoNB wraps the rest of a cell in a main
// function. Readers do not need it.
var wholeMain = regexp.MustCompile(`(?m)^[ \t]*%%[ \t]*\r?\n?`)

// source adds the source of the cell unless it is hidden.
func (b *builder) source(c *cell, source string) {
	if b.language == "go" {
		source = wholeMain.ReplaceAllString(source, "")
	}
	source = strings.Trim(source, "\r\n")
	listed := c.lstCaption != "" || document.LabelKind(c.label) == document.KindListing
	if c.code == CodeHidden || strings.TrimSpace(source) == "" {
		if listed {
			b.problem(c.where, 0, "the cell is a listing (%s) but its code is hidden; show it, or remove lst-cap and the label", cmp.Or(c.label, c.lstCaption))
		}
		return
	}
	code := &document.Code{
		Origin: c.where, Language: b.language, Source: source,
		Folded: c.code == CodeFolded && !c.foldCell, Expanded: c.codeExpanded, Summary: c.codeSummary,
	}
	if listed {
		said := caption{caption: c.lstCaption}
		if document.LabelKind(c.label) == document.KindListing {
			said.label = c.label
		}
		code.Caption = b.line(c.where, said.caption)
		code.ID, code.Number = b.numbered(c, document.KindListing, said)
	}
	b.add(code)
}

// parameters keeps the source of a parameter cell for the end of the report, without
// duplicates.
func (b *builder) parameters(source string, injected bool) {
	source = strings.TrimSpace(source)
	for _, p := range b.doc.Parameters {
		if p.Source == source && p.Injected == injected && p.Language == b.language {
			if !slices.Contains(p.Notebooks, b.input.Name) {
				p.Notebooks = append(p.Notebooks, b.input.Name)
			}
			return
		}
	}
	if source != "" {
		b.doc.Parameters = append(b.doc.Parameters, &document.Parameters{
			Language: b.language, Source: source, Injected: injected, Notebooks: []string{b.input.Name},
		})
	}
}

// unusedCaptions reports captions for which the cell has no output.
func (b *builder) unusedCaptions(c *cell) {
	if c.failed || c.noOutput {
		return
	}
	figures, tables := 0, 0
	if c.group != nil {
		figures = len(c.group.Parts)
	}
	if c.grouped != nil {
		tables = len(c.grouped.Parts)
	}
	if n := len(c.tblParts); n > 0 && n != tables {
		b.problem(c.where, 0, "tbl-subcap has %d captions, but the cell has %d tables", n, tables)
	}
	if n := len(c.subCaptions); n > 0 && n != figures {
		b.problem(c.where, 0, "fig-subcap has %d captions, but the cell has %d figures", n, figures)
	} else if n == 0 && len(c.figCaptions) > c.figures {
		b.problem(c.where, 0, "fig-cap has %d captions, but the cell has %d figures", len(c.figCaptions), c.figures)
	}
	if c.tblCaption != "" && c.tables == 0 && len(c.tblParts) == 0 {
		b.problem(c.where, 0, "tbl-cap: the cell has no table (text/html or application/vnd.dataresource+json)")
	}
}

// outputs adds the cell's outputs and returns its failures.
func (b *builder) outputs(c *cell, outputs []*nbformat.Output) []document.Block {
	var failures []document.Block
	outputs = b.drawn(c, outputs)
	c.several = pictures(outputs) > 1
	for i := 0; i < len(outputs); i++ {
		o := outputs[i]
		switch {
		case o == nil:
		case o.Type == nbformat.Error:
			failures = append(failures, b.failure(c, o))
		case c.noOutput:
		case o.Type == nbformat.Stream:
			text := o.Text
			for i+1 < len(outputs) && outputs[i+1] != nil && outputs[i+1].Type == nbformat.Stream && outputs[i+1].Name == o.Name {
				i++
				text += outputs[i].Text
			}
			b.stream(c, o.Name == "stderr", c.filtered(text))
		case o.Type == nbformat.DisplayData || o.Type == nbformat.ExecuteResult:
			b.display(c, o)
		default:
			b.warn(c.where, 0, "an output of type %q is omitted: not an output type of nbformat 4", o.Type)
		}
	}
	return failures
}

// filtered returns the text without the lines that have one of the words of filter_stream of nbdev.
func (c *cell) filtered(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if !slices.ContainsFunc(c.filteredWords, func(word string) bool { return strings.Contains(line, word) }) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

func (b *builder) stream(c *cell, stderr bool, text string) {
	if stderr && c.noStderr || !stderr && c.noStdout {
		return
	}
	if c.asis && !stderr {
		b.markdownOutput(c, text)
		return
	}
	if len(text) > maxStream {
		b.warn(c.where, 0, "the cell printed %s; only the first %s are in the report", units.Bytes(int64(len(text))), units.Bytes(maxStream))
		text = text[:maxStream] + fmt.Sprintf("\n[… %s more]", units.Bytes(int64(len(text)-maxStream)))
	}
	if spans := terminal.Parse(strings.TrimRight(text, "\n")); len(spans) > 0 {
		b.add(&document.Stream{Origin: c.where, Stderr: stderr, Spans: spans})
	}
}

func (b *builder) failure(c *cell, o *nbformat.Output) *document.Failure {
	c.failed = true
	if !c.failureAllowed {
		b.failed = true
	}
	return &document.Failure{
		Origin: c.where, Anchor: b.anchors.unique("failure"), Name: o.EName, Value: o.EValue,
		Trace: terminal.Parse(strings.Join(o.Traceback, "\n")), Expected: c.failureAllowed,
	}
}
