package html

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"
	"slices"
	"strings"

	nethtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// Style is the page's style sheet, as html/template may insert it.
func (p *page) Style() template.CSS { return template.CSS(p.style()) }

func (p *page) style() string {
	style := stylesheet
	if p.formulas {
		style += fmt.Sprintf("@font-face { font-family: \"Flowbook Math\"; src: url(data:font/woff2;base64,%s) format(\"woff2\"); }\n",
			base64.StdEncoding.EncodeToString(mathFont)) + mathStyle
	}
	if p.Print != nil {
		style += printStyle + p.runningHeads()
	}
	return style
}

// Script is the page's own script. What is printed needs none.
func (p *page) Script() template.JS { return template.JS(script) }

// Policy is the content security policy. Style attributes are allowed, since
// pictures carry them; style sheets and scripts only by their hash.
func (p *page) Policy() string {
	styles, scripts := []string{hash(p.style())}, []string{hash(script)}
	for _, s := range p.trusted.styles {
		styles = append(styles, hash(s))
	}
	for _, s := range p.trusted.scripts {
		scripts = append(scripts, hash(s))
	}
	if p.Index() != "" {
		// What a script that is known by its hash adds to the page may be loaded.
		scripts = append(scripts, "'strict-dynamic'")
	}
	return strings.Join([]string{
		"default-src 'none'",
		"base-uri 'none'",
		"form-action 'none'",
		"img-src data:",
		"media-src data:",
		"font-src data:",
		"style-src 'unsafe-inline'",
		"style-src-elem " + strings.Join(styles, " "),
		"style-src-attr 'unsafe-inline'",
		"script-src " + strings.Join(scripts, " "),
	}, "; ")
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// trusted are the scripts and the style sheets of trusted outputs.
type trusted struct{ scripts, styles []string }

// trust adds the scripts and style sheets of the blocks to those that may run.
func (p *page) trust(blocks []document.Block) {
	t := &p.trusted
	for _, b := range blocks {
		h, ok := b.(*document.HTML)
		if !ok || !h.Trusted {
			continue
		}
		root, err := nethtml.Parse(strings.NewReader(string(p.output(h))))
		if err != nil {
			continue // Balance made it text
		}
		for n := range root.Descendants() {
			if n.Type != nethtml.ElementNode || n.FirstChild == nil {
				continue
			}
			switch content := n.FirstChild.Data; {
			case n.DataAtom == atom.Script && !slices.Contains(t.scripts, content):
				t.scripts = append(t.scripts, content)
			case n.DataAtom == atom.Style && !slices.Contains(t.styles, content):
				t.styles = append(t.styles, content)
			}
		}
	}
}
