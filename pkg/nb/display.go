package nb

import (
	"fmt"
	"strings"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/flowbook/flowbook/pkg/chart"
	"github.com/flowbook/flowbook/pkg/frame"
)

// Option says something about a table or a figure.
type Option func(*display)

// display is what is said about a table or a figure.
type display struct {
	kind, label, alt string
	caption          string // Markdown
	captionText      string // the caption without the escapes of its arguments
	otherwise        string // Markdown
	most             int
	columns          []string
	formats          map[string]func(float64) string
	titles           map[string]string
}

// Label names a figure ("fig-countries") or a table ("tbl-countries"), so that
// prose can refer to it as @fig-countries.
func Label(label string) Option { return func(d *display) { d.label = label } }

// Caption sets the caption of a figure or table, formatted as by [Prose].
func Caption(format string, args ...any) Option {
	return func(d *display) {
		d.caption, d.captionText = markdownf(format, args), textf(format, args)
	}
}

// Alt sets the alt text of a figure: what it shows, in words, for readers who do
// not see it. It is plain text, formatted as by fmt.Sprintf. A figure must have
// alt text.
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

// Most limits a table to its first n rows. Where that leaves rows out, the
// caption says so.
func Most(n int) Option { return func(d *display) { d.most = n } }

// Format sets how the numbers of a table's column are written. Without it they
// are written in the unit that frame.Describe gives the column.
func Format(column string, format func(float64) string) Option {
	return func(d *display) { d.formats[column] = format }
}

// Title sets the heading of a table's column. Without it, it is the one that
// frame.Describe gives.
func Title(column, title string) Option {
	return func(d *display) { d.titles[column] = title }
}

func newDisplay(kind string, options []Option) *display {
	d := &display{kind: kind, formats: map[string]func(float64) string{}, titles: map[string]string{}}
	for _, o := range options {
		o(d)
	}
	return d
}

// check says what a caption lacks or has wrong.
func (d *display) check() error {
	prefix := map[string]string{"figure": "fig-", "table": "tbl-"}[d.kind]
	switch {
	case d.label == "":
		return fmt.Errorf("the %s has no label: name it with nb.Label(%q)", d.kind, prefix+"…")
	case !strings.HasPrefix(d.label, prefix):
		return fmt.Errorf("the label %q of a %s must begin with %q", d.label, d.kind, prefix)
	case d.caption == "":
		return fmt.Errorf("%s has no caption: say what it shows with nb.Caption", d.label)
	case d.kind == "figure" && d.alt == "":
		return fmt.Errorf("%s has no alt text: say in words what it shows with nb.Alt", d.label)
	}
	return nil
}

// metadata is what the writers of reports read: the contract is in ARCHITECTURE.md.
func (d *display) metadata() map[string]any {
	m := map[string]string{"kind": d.kind, "label": d.label, "caption": d.caption}
	if d.alt != "" {
		m["alt"] = d.alt
	}
	return map[string]any{"reportgen": m}
}

// Figure displays a figure with its Label, Caption and Alt, or the sentence of
// Otherwise where the figure has no rows.
func Figure(fig *chart.Figure, options ...Option) {
	data, err := figureData(fig, newDisplay("figure", options))
	Check(err)
	send(data)
}

func figureData(fig *chart.Figure, d *display) (*protocol.DisplayData, error) {
	if d.otherwise != "" && fig.Data.Err == nil && fig.Data.Nrow() == 0 {
		return d.sentence(), nil
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	svg, err := fig.SVG()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.label, err)
	}
	data := &protocol.DisplayData{
		Data: map[protocol.MIMEType]any{
			protocol.MIMEImageSVG:  string(svg),
			protocol.MIMETextPlain: d.alt,
		},
		Metadata: d.metadata(),
	}
	// A reader of the report may want the numbers behind the picture.
	if fig.Data.Nrow() <= mostDrawn {
		t, err := newTable(fig.Data, newDisplay("table", nil))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.label, err)
		}
		if data.Data[mimeResource], err = t.resource(); err != nil {
			return nil, fmt.Errorf("%s: %w", d.label, err)
		}
	}
	return data, nil
}

// mostDrawn is how many rows a figure may draw whose data goes with it.
const mostDrawn = 1000

// sentence is what Otherwise says. It bears the label, so that prose may refer
// to what is not there: the report then names the section that says so.
func (d *display) sentence() *protocol.DisplayData {
	data := markdown(d.otherwise)
	if d.check() == nil {
		data.Metadata = d.metadata()
	}
	return data
}

// Table displays a frame as a table with its Label and Caption, or the sentence
// of Otherwise where the frame has no rows.
func Table(f frame.Frame, options ...Option) {
	data, err := tableData(f, newDisplay("table", options))
	Check(err)
	send(data)
}

func tableData(f frame.Frame, d *display) (*protocol.DisplayData, error) {
	if f.Err != nil {
		return nil, fmt.Errorf("%s: the frame is not valid: %w", d.label, f.Err)
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
	t, err := newTable(f, d)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.label, err)
	}
	resource, err := t.resource()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.label, err)
	}
	return &protocol.DisplayData{
		Data: map[protocol.MIMEType]any{
			// GoNB carries no nested values, so the JSON goes as a text.
			mimeResource:           resource,
			protocol.MIMETextHTML:  t.html(d.captionText),
			protocol.MIMETextPlain: t.plain(),
		},
		Metadata: d.metadata(),
	}, nil
}

// plain is what a program that no notebook runs prints: label, caption and the
// plain form of a table or figure, or the Markdown of prose.
func plain(data *protocol.DisplayData) string {
	if words, ok := data.Data[protocol.MIMETextMarkdown].(string); ok {
		return words + "\n"
	}
	said, _ := data.Metadata["reportgen"].(map[string]string)
	return fmt.Sprintf("[%s] %s\n%s\n", said["label"], said["caption"], data.Data[protocol.MIMETextPlain])
}

// send displays data and waits until it has arrived: a cell's program ends
// without waiting for it. Outside a notebook it prints what can be read there.
func send(data *protocol.DisplayData) {
	if !gonbui.IsNotebook {
		fmt.Println(plain(data))
		return
	}
	gonbui.SendData(data)
	gonbui.Sync()
	Check(gonbui.Error())
}
