package nb

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/flowbook/flowbook/pkg/chart"
	"github.com/flowbook/flowbook/pkg/frame"
)

// Option is an option of a table or figure.
type Option func(*display)

// display holds the options of a table or figure.
type display struct {
	kind, label, alt string
	caption          string // Markdown
	captionText      string // the caption without the escapes of its arguments
	report           bool   // reportgen runs the cell
	unlabelled       bool   // needs no label in a report either
	otherwise        string // Markdown
	most             int
	columns          []string
	formats          map[string]func(float64) string
	titles           map[string]string
}

// Label sets the label of a figure ("fig-countries") or table ("tbl-countries").
// Prose refers to it as @fig-countries.
func Label(label string) Option { return func(d *display) { d.label = label } }

// Caption sets the caption of a figure or table, formatted as by [Prose].
func Caption(format string, args ...any) Option {
	return func(d *display) {
		d.caption, d.captionText = markdownf(format, args), textf(format, args)
	}
}

// Alt sets the alt text of a figure, which describes it for readers who cannot see
// it. It is plain text, formatted as by fmt.Sprintf. The default is chart.Figure.Alt,
// which is computed from the data.
func Alt(format string, args ...any) Option {
	return func(d *display) { d.alt = textf(format, args) }
}

// Otherwise sets the sentence that is displayed instead if there are no rows. It
// is formatted as by [Prose].
func Otherwise(format string, args ...any) Option {
	return func(d *display) { d.otherwise = markdownf(format, args) }
}

// Columns selects the columns of a table and their order.
func Columns(names ...string) Option { return func(d *display) { d.columns = names } }

// Most limits a table to its first n rows. The caption says how many rows there are
// if not all are shown.
func Most(n int) Option { return func(d *display) { d.most = n } }

// Format sets the format of the numbers of a table's column. The default is the unit
// of frame.Describe.
func Format(column string, format func(float64) string) Option {
	return func(d *display) { d.formats[column] = format }
}

// Title sets the heading of a table's column. The default is the title of
// frame.Describe.
func Title(column, title string) Option {
	return func(d *display) { d.titles[column] = title }
}

func newDisplay(kind string, options []Option) *display {
	d := &display{kind: kind, report: inReport(), formats: map[string]func(float64) string{}, titles: map[string]string{}}
	for _, o := range options {
		o(d)
	}
	return d
}

// check returns an error if the label, caption or alt text is invalid, or missing in a
// report. While exploring, nothing is needed.
func (d *display) check() error {
	prefix := map[string]string{"figure": "fig-", "table": "tbl-"}[d.kind]
	switch {
	case d.label == "" && d.caption == "" && (d.unlabelled || !d.report):
		return nil
	case d.label == "":
		return fmt.Errorf("%s without a label: set it with nb.Label(%q)", d.kind, prefix+"…")
	case !strings.HasPrefix(d.label, prefix):
		return fmt.Errorf("label %q of a %s: must start with %q", d.label, d.kind, prefix)
	case d.caption == "":
		return fmt.Errorf("%s: no caption; set it with nb.Caption", d.label)
	case d.kind == "figure" && d.alt == "":
		return fmt.Errorf("%s: no alt text; describe the figure with nb.Alt", d.label)
	}
	return nil
}

// metadata returns the metadata of a captioned output: see ARCHITECTURE.md. Without a label,
// it is the alt text of a figure, as nbformat has it.
func (d *display) metadata() map[string]any {
	switch {
	case d.label == "" && d.alt == "":
		return nil
	case d.label == "":
		return map[string]any{string(protocol.MIMEImageSVG): map[string]string{"alt": d.alt}}
	}
	m := map[string]string{"kind": d.kind, "label": d.label, "caption": d.caption}
	if d.alt != "" {
		m["alt"] = d.alt
	}
	return map[string]any{"reportgen": m}
}

// Figure displays a figure with its Label, Caption and Alt. In a report, label and
// caption are needed; while exploring in Jupyter, they are not. If the figure has no
// rows, it displays the sentence of Otherwise.
func Figure(fig *chart.Figure, options ...Option) {
	data, err := figureData(fig, newDisplay("figure", options))
	Check(err)
	send(data)
}

func figureData(fig *chart.Figure, d *display) (*protocol.DisplayData, error) {
	if d.otherwise != "" && fig.Data.Err == nil && fig.Data.Nrow() == 0 {
		return d.sentence(), nil
	}
	if d.alt == "" {
		d.alt = fig.Alt
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	svg, err := fig.SVG()
	if err != nil {
		return nil, d.labelled(err)
	}
	if !inReport() { // whose page has styles for both themes; JupyterLab and VS Code show the text as it is, black
		svg = bytes.Replace(svg, []byte("<svg "), []byte(`<svg style="background:#fff" `), 1)
	}
	data := &protocol.DisplayData{
		Data: map[protocol.MIMEType]any{
			protocol.MIMEImageSVG:  string(svg),
			protocol.MIMETextPlain: d.alt,
		},
		Metadata: d.metadata(),
	}
	// Readers of the report can open the data of the figure.
	if fig.Data.Nrow() <= mostDrawn {
		t, err := newTable(fig.Data, newDisplay("table", nil))
		if err != nil {
			return nil, d.labelled(err)
		}
		if data.Data[mimeResource], err = t.resource(); err != nil {
			return nil, d.labelled(err)
		}
	}
	return data, nil
}

// mostDrawn is the number of rows up to which a figure includes its data.
const mostDrawn = 1000

// sentence returns the sentence of Otherwise. It has the label, so that a reference
// in prose leads to the section with the sentence.
func (d *display) sentence() *protocol.DisplayData {
	data := markdown(d.otherwise)
	if d.check() == nil {
		data.Metadata = d.metadata()
	}
	return data
}

// Table displays a frame as a table with its Label and Caption. In a report, both are
// needed; while exploring in Jupyter, they are not, and [Show] is shorter. If the frame has no
// rows, it displays the sentence of Otherwise.
func Table(f frame.Frame, options ...Option) {
	data, err := tableData(f, newDisplay("table", options))
	Check(err)
	send(data)
}

func tableData(f frame.Frame, d *display) (*protocol.DisplayData, error) {
	if f.Err != nil {
		return nil, d.labelled(fmt.Errorf("invalid frame: %w", f.Err))
	}
	if d.otherwise != "" && f.Nrow() == 0 {
		return d.sentence(), nil
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	if all := f.Nrow(); d.most > 0 && all > d.most {
		f = frame.Head(f, d.most)
		rest := fmt.Sprintf(" (the first %s of %s)", Count(d.most), Count(all))
		d.caption, d.captionText = d.caption+rest, d.captionText+rest
	}
	return plainTable(f, d)
}

// labelled adds the label, if there is one, to an error.
func (d *display) labelled(err error) error {
	if d.label == "" {
		return err
	}
	return fmt.Errorf("%s: %w", d.label, err)
}

// plainTable returns a table with all rows of a frame.
func plainTable(f frame.Frame, d *display) (*protocol.DisplayData, error) {
	t, err := newTable(f, d)
	if err != nil {
		return nil, d.labelled(err)
	}
	resource, err := t.resource()
	if err != nil {
		return nil, d.labelled(err)
	}
	return &protocol.DisplayData{
		Data: map[protocol.MIMEType]any{
			// GoNB does not support nested values, so the JSON is a string.
			mimeResource:           resource,
			protocol.MIMETextHTML:  t.html(d.captionText),
			protocol.MIMETextPlain: t.plain(),
		},
		Metadata: d.metadata(),
	}, nil
}

// plain returns the output for a program outside a notebook: label, caption and
// plain text of a table or figure, or the Markdown of prose.
func plain(data *protocol.DisplayData) string {
	if words, ok := data.Data[protocol.MIMETextMarkdown].(string); ok {
		return words + "\n"
	}
	said, ok := data.Metadata["reportgen"].(map[string]string)
	if !ok {
		return fmt.Sprintln(data.Data[protocol.MIMETextPlain])
	}
	return fmt.Sprintf("[%s] %s\n%s\n", said["label"], said["caption"], data.Data[protocol.MIMETextPlain])
}

// send displays data and waits until it has been delivered, since a cell does not
// wait when it ends. Outside a notebook it prints the data as text.
func send(data *protocol.DisplayData) {
	if !gonbui.IsNotebook {
		fmt.Println(plain(data))
		return
	}
	gonbui.SendData(data)
	gonbui.Sync()
	Check(gonbui.Error())
}
