package render

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/snapshot"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// Outputs that need scripts, such as interactive charts, are replaced by pictures before
// they are displayed. Bokeh splits a chart into several outputs and loads its scripts in
// an earlier cell.
const (
	mimePlotly    = "application/vnd.plotly.v1+json"
	mimeBokehLoad = "application/vnd.bokehjs_load.v0+json"
	mimeBokehExec = "application/vnd.bokehjs_exec.v0+json"
	mimeHoloLoad  = "application/vnd.holoviews_load.v0+json"
)

// drawn returns the outputs with pictures in place of those that need scripts, unless
// they have a picture.
func (b *builder) drawn(c *cell, outputs []*nbformat.Output) []*nbformat.Output {
	var all []*nbformat.Output
	var roots []*nbformat.Output // of Bokeh's charts, which a script fills later
	for _, o := range outputs {
		switch {
		case o == nil || o.Type != nbformat.DisplayData && o.Type != nbformat.ExecuteResult || hasPicture(o):
			all = append(all, o)
		case b.load(c, o):
		case strings.Contains(text(o, mimeHTML), "bk-notebook-logo"):
			// "Loading BokehJS …"
		case strings.Contains(text(o, mimeHTML), "data-root-id=") && !drawsHere.MatchString(text(o, mimeHTML)):
			roots = append(roots, o)
		case o.Data[mimeBokehExec] != nil:
			page := ""
			for _, root := range roots {
				page += text(root, mimeHTML)
			}
			roots = nil
			page += b.loaded + "<script>" + text(o, mimeScript) + "</script>"
			all = append(all, b.draw(c, o, "Bokeh", func(s *snapshot.Browser) (*snapshot.Picture, error) { return s.HTML(page) }))
		default:
			all = append(all, b.drawnAlone(c, o))
		}
	}
	return append(all, roots...)
}

// load keeps the scripts that an output loads for later ones. It returns false for other
// outputs.
func (b *builder) load(c *cell, o *nbformat.Output) bool {
	switch {
	case o.Data[mimeBokehLoad] != nil, o.Data[mimeHoloLoad] != nil:
		b.loaded += "<script>" + text(o, mimeScript) + "</script>\n"
		return true
	case c.trusted && (onlyScripts(text(o, mimeHTML)) || itablesScript.MatchString(text(o, mimeHTML)) && !itables.MatchString(text(o, mimeHTML))):
		b.loaded += text(o, mimeHTML)
		return true
	}
	return false
}

// drawnAlone returns an output with a picture in place of one that needs scripts, and no
// other output.
func (b *builder) drawnAlone(c *cell, o *nbformat.Output) *nbformat.Output {
	page := text(o, mimeHTML)
	switch {
	case o.Data[mimePlotly] != nil:
		return b.draw(c, o, "Plotly", func(s *snapshot.Browser) (*snapshot.Picture, error) { return s.Plotly(o.Data[mimePlotly]) })
	case vegaSpec(o) != nil:
		return b.draw(c, o, "Vega", func(s *snapshot.Browser) (*snapshot.Picture, error) { return s.Vega(vegaSpec(o)) })
	case previewTable.MatchString(page):
		b.warnOnce(c.where, "preview", "an interactive table (itables) is shown as its static preview")
		return &nbformat.Output{Type: o.Type, Data: map[string]any{mimeHTML: previewTable.FindStringSubmatch(page)[1]}, Metadata: o.Metadata}
	case !c.trusted:
		return o
	case itables.MatchString(page):
		return b.draw(c, o, "HTML", func(s *snapshot.Browser) (*snapshot.Picture, error) { return s.HTML(b.loaded + page) })
	case localPage(page) != "" && b.input.Files != nil:
		return b.localPage(c, o)
	case drawsHere.MatchString(page):
		return b.draw(c, o, "Bokeh", func(s *snapshot.Browser) (*snapshot.Picture, error) { return s.HTML(page + b.loaded) })
	case loadsScripts.MatchString(page):
		return b.draw(c, o, "HTML", func(s *snapshot.Browser) (*snapshot.Picture, error) { return s.HTML(page) })
	}
	return o
}

var (
	// itables matches a table that a script of itables fills.
	itables = regexp.MustCompile(`<table\b[^>]*\bid="itables_`)
	// previewTable matches the static preview of such a table, which the script hides. Its text is text, unlike a picture's.
	previewTable = regexp.MustCompile(`(?s)<div id="itables_\w+_fallback"[^>]*>\s*(<table\b.*?</table>)\s*</div>`)
	// itablesScript matches the script that later tables of itables use.
	itablesScript = regexp.MustCompile(`window\._itables_|window\._datatables`)
)

// drawsHere matches HTML of Bokeh and HoloViews with the script that draws it.
var drawsHere = regexp.MustCompile(`(?s)data-root-id=.*<script\b|<script\b.*data-root-id=`)

// onlyScripts reports whether HTML loads scripts for later outputs and shows nothing
// itself.
func onlyScripts(source string) bool {
	return loadsScripts.MatchString(source) && strings.TrimSpace(scriptElement.ReplaceAllString(source, "")) == ""
}

var scriptElement = regexp.MustCompile(`(?is)<(script|style)\b.*?</(?:script|style)>|<link\b[^>]*>|<!--.*?-->`)

// localPage returns the address of the page beside the notebook that HTML embeds; "" for
// none.
func localPage(source string) string {
	m := embeddedPage.FindStringSubmatch(source)
	if m == nil || strings.Contains(m[1], ":") || strings.HasPrefix(m[1], "//") {
		return ""
	}
	return html.UnescapeString(m[1])
}

var embeddedPage = regexp.MustCompile(`(?is)^\s*(?:<div[^>]*>\s*)?<iframe\b[^>]*\bsrc\s*=\s*["']([^"']+\.html?)["'][^>]*>\s*(?:</iframe>)?\s*(?:</div>)?\s*$`)

// localPage draws a page that a cell wrote beside the notebook and embeds.
func (b *builder) localPage(c *cell, o *nbformat.Output) *nbformat.Output {
	name := localPage(text(o, mimeHTML))
	page, err := b.imageData(name, nil)
	if err != nil {
		return missingOutput("the embedded page " + name + ": " + err.Error())
	}
	return b.draw(c, o, "HTML", func(s *snapshot.Browser) (*snapshot.Picture, error) { return s.HTML(string(page)) })
}

// loadsScripts matches HTML that loads a script from elsewhere, in a tag or by a script.
var loadsScripts = regexp.MustCompile(`(?is)<script\b[^>]*\bsrc\s*=\s*["']?(?:https?:)?//|<script\b[^>]*>[^<]*\bhttps?://[^\s"']*(?:\.js|cdn)|srcdoc=[^>]*script|data-html=`)

// vegaSpec returns the specification of a chart of Vega or Vega-Lite: its MIME type's, or
// that in the HTML of Altair.
func vegaSpec(o *nbformat.Output) any {
	for _, mime := range slices.Sorted(maps.Keys(o.Data)) {
		if strings.HasPrefix(mime, "application/vnd.vega") {
			return o.Data[mime]
		}
	}
	page := text(o, mimeHTML)
	at := strings.LastIndex(page, "})({")
	if !strings.Contains(page, "vega-embed") || at < 0 {
		return nil
	}
	var spec map[string]any
	if json.NewDecoder(strings.NewReader(page[at+len("})("):])).Decode(&spec) != nil {
		return nil
	}
	return spec
}

// draw returns an output with the picture of one that needs scripts, or one that says why
// there is none.
func (b *builder) draw(c *cell, o *nbformat.Output, kind string, draw func(*snapshot.Browser) (*snapshot.Picture, error)) *nbformat.Output {
	what := map[bool]string{true: "interactive HTML", false: "an interactive chart (" + kind + ")"}[kind == "HTML"]
	if kind != "Plotly" && kind != "Vega" && !c.trusted {
		return missingOutput(what + ": its scripts are not run, since the notebook is not trusted")
	}
	if b.snapshots == nil {
		b.snapshots = snapshot.New(b.options.Scripts)
	}
	picture, err := draw(b.snapshots)
	if errors.Is(err, snapshot.ErrNothing) && kind == "Bokeh" && text(o, mimePlain) == "" {
		return nil // HoloViews asks the browser for its properties
	}
	if err != nil {
		missing := missingOutput(what + ": " + err.Error())
		if plain := text(o, mimePlain); !representation.MatchString(plain) {
			missing.Data[mimePlain] = plain
		}
		return missing
	}
	b.warnOnce(c.where, "drawn "+kind, "%s is shown as a picture", what)
	if picture.Missing != "" {
		b.warnOnce(c.where, "drawn without "+picture.Missing, "%s is drawn without %s, which no installed package has", what, picture.Missing)
	}
	shown := &nbformat.Output{Type: nbformat.DisplayData, Data: map[string]any{}, Metadata: maps.Clone(o.Metadata)}
	if picture.SVG != "" {
		shown.Data[mimeSVG] = picture.SVG
		return shown
	}
	shown.Data["image/png"] = base64.StdEncoding.EncodeToString(picture.PNG)
	if shown.Metadata == nil {
		shown.Metadata = map[string]any{}
	}
	shown.Metadata["width"] = fmt.Sprint(picture.Width)
	return shown
}

// representation matches what Python prints of an object that has no text of its own.
var representation = regexp.MustCompile(`(?s)^\s*(?:<.*>|[\w.]+\(\.\.\.\))?\s*$`)

// mimeMissing is the MIME type of an output in place of one that cannot be shown.
const mimeMissing = "application/vnd.flowbook.missing"

func missingOutput(why string) *nbformat.Output {
	return &nbformat.Output{Type: nbformat.DisplayData, Data: map[string]any{mimeMissing: why}}
}

// closeSnapshots ends the browser that drew outputs.
func (b *builder) closeSnapshots() {
	if b.snapshots == nil {
		return
	}
	if err := b.snapshots.Close(); err != nil {
		b.warn(document.Origin{Notebook: "report"}, 0, "close the browser: %v", err)
	}
}
