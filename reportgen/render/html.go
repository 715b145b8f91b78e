package render

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	"golang.org/x/net/html"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// rawHTML replaces the raw HTML in a text by fragments, in which pictures are
// resolved and nothing is unsafe.
func (b *builder) rawHTML(where document.Origin, t *document.Text, attachments map[string]any) {
	var blocks []*ast.HTMLBlock
	var inlines []*ast.RawHTML
	_ = ast.Walk(t.Root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.HTMLBlock:
			if entering {
				blocks = append(blocks, n)
			}
		case *ast.RawHTML:
			if entering {
				inlines = append(inlines, n)
			}
		}
		return ast.WalkContinue, nil
	})
	for _, n := range blocks {
		source := string(n.Lines().Value(t.Source))
		if n.HasClosure() {
			source += string(n.ClosureLine.Value(t.Source))
		}
		block := &document.BlockHTML{Fragment: b.fragment(where, escapeLess(source), attachments, false)}
		n.Parent().ReplaceChild(n.Parent(), n, block)
	}
	for _, n := range inlines {
		if n.Parent() == nil {
			continue // part of an element that begins before it
		}
		source := string(n.Segments.Value(t.Source))
		source += takeElement(n, source, t.Source)
		unsetFormulas(n, t.Source)
		inline := &document.InlineHTML{Fragment: b.fragment(where, source, attachments, false)}
		n.Parent().ReplaceChild(n.Parent(), n, inline)
	}
}

// wholeElement matches the start tag of an element that is read to its end: its
// content is not text.
var wholeElement = regexp.MustCompile(`(?is)^<(svg|video|audio|iframe|object|math|script|style)\b[^>]*[^/>]?>$`)

// takeElement removes the nodes after n up to the end of the element that n begins
// and returns their source. It returns "" if the content of the element is text.
func takeElement(n *ast.RawHTML, tag string, source []byte) string {
	m := wholeElement.FindStringSubmatch(strings.TrimSpace(tag))
	if m == nil || strings.HasSuffix(tag, "/>") {
		return ""
	}
	end := "</" + strings.ToLower(m[1])
	for last := n.NextSibling(); last != nil; last = last.NextSibling() {
		raw, ok := last.(*ast.RawHTML)
		if !ok || raw.Segments.Len() == 0 || !strings.HasPrefix(strings.ToLower(string(raw.Segments.Value(source))), end) {
			continue
		}
		start := n.Segments.At(n.Segments.Len() - 1).Stop
		stop := raw.Segments.At(raw.Segments.Len() - 1).Stop
		for next := n.NextSibling(); next != nil; next = n.NextSibling() {
			n.Parent().RemoveChild(n.Parent(), next)
			if next == last {
				break
			}
		}
		return string(source[start:stop])
	}
	return ""
}

// fragmentReader converts HTML to a fragment.
type fragmentReader struct {
	*builder
	where       document.Origin
	attachments map[string]any
	trusted     bool
	tokens      *html.Tokenizer
	markup      strings.Builder
	pieces      []document.Piece
	quiet       quietElement
}

// fragment converts HTML of a notebook to a fragment: pictures are resolved, and
// whatever is not safe is removed and reported, unless the HTML is trusted.
func (b *builder) fragment(where document.Origin, source string, attachments map[string]any, trusted bool) document.Fragment {
	r := &fragmentReader{builder: b, where: where, attachments: attachments, trusted: trusted, tokens: html.NewTokenizer(strings.NewReader(source))}
	for r.next() {
	}
	r.flush()
	return document.Fragment{Pieces: r.pieces}
}

// flush ends a piece of markup.
func (r *fragmentReader) flush() {
	markup := r.markup.String()
	r.markup.Reset()
	if markup == "" {
		return
	}
	if !r.trusted {
		for _, what := range r.sanitizer.Removed(markup) {
			r.removed(r.where, what)
		}
		markup = r.sanitizer.Tags(markup)
	}
	if markup != "" {
		r.pieces = append(r.pieces, document.Piece{Markup: markup})
	}
}

// removed warns of an element, attribute or style property that is not in the report.
func (b *builder) removed(where document.Origin, what string) {
	b.warnOnce(where, "HTML "+what, "removed from HTML: %s", what)
}

// next reads a token. It returns false at the end.
func (r *fragmentReader) next() bool {
	kind := r.tokens.Next()
	raw := string(r.tokens.Raw())
	switch kind {
	case html.ErrorToken:
		r.markup.WriteString(raw) // a tag that is not complete
		return false
	case html.StartTagToken, html.SelfClosingTagToken:
		t := r.tokens.Token()
		if kind == html.StartTagToken {
			r.quiet.start(t)
		}
		r.start(t, raw, kind == html.SelfClosingTagToken)
	case html.TextToken:
		r.text(raw)
	case html.EndTagToken:
		name := r.tokens.Token().Data
		r.quiet.end(name)
		switch {
		case r.trusted:
			r.markup.WriteString(raw)
		case name == "picture", name == "source", name == "track":
		case name == "center":
			r.markup.WriteString("</div>")
		case name == "font":
			r.markup.WriteString("</span>")
		default:
			r.markup.WriteString(raw)
		}
	default:
		r.markup.WriteString(raw)
	}
	return true
}

// start adds the element or start tag that a token begins.
func (r *fragmentReader) start(t html.Token, raw string, closed bool) {
	switch t.Data {
	case "img":
		r.image(t, raw)
	case "a":
		r.anchor(t)
	case "svg":
		r.inlineSVG(t, r.rest(raw, "svg", closed))
	case "picture", "source", "track":
		if r.trusted {
			r.markup.WriteString(raw)
		}
		// The <img> within a <picture> is shown: the others are the same in other sizes.
	case "video", "audio":
		r.media(t, r.rest(raw, t.Data, closed))
	case "iframe", "object", "embed", "frame":
		r.embedded(t, raw, closed)
	case "script", "link":
		if r.trusted {
			r.warnOfLoading(t)
		}
		r.markup.WriteString(raw)
	default:
		bare := (t.Data == "progress" || t.Data == "meter") && document.Attribute(t.Attr, "aria-label") == ""
		if bare {
			// A screen reader announces the bar by its label.
			t.Attr = append(t.Attr, html.Attribute{Key: "aria-label", Val: cmp.Or(document.Attribute(t.Attr, "title"), t.Data)})
			raw = t.String()
		}
		if r.trusted {
			if id := document.Attribute(t.Attr, "id"); id != "" {
				r.trustedID(id)
			}
			r.markup.WriteString(raw)
			return
		}
		r.tag(t, closed)
	}
}

// warnOfLoading warns of a script or style sheet that only a page has.
func (r *fragmentReader) warnOfLoading(t html.Token) {
	if t.Data == "script" && isScript(document.Attribute(t.Attr, "type")) {
		r.warnOnce(r.where, "scripts", "an output has scripts: what they draw is only in index.html")
	}
	for _, key := range []string{"src", "href"} {
		if address := document.Attribute(t.Attr, key); address != "" && !strings.HasPrefix(address, "data:") && !strings.HasPrefix(address, "#") {
			r.warnOnce(r.where, "load "+t.Data+" "+address, "an output loads %s, but a report loads nothing from elsewhere: what it draws is missing", shorten([]byte(address)))
		}
	}
}

// isScript reports whether a browser runs a <script> of the type.
func isScript(media string) bool {
	return media == "" || media == "module" || strings.HasSuffix(media, "javascript")
}

// tag adds a start tag. Its id becomes unique in the report, and the obsolete elements
// center and font become div and span.
func (r *fragmentReader) tag(t html.Token, closed bool) {
	attributes := t.Attr[:0]
	for _, a := range t.Attr {
		if a.Key == "id" || a.Key == "name" {
			if a.Key, a.Val = "id", r.rawID(a.Val); a.Val == "" {
				continue
			}
		}
		attributes = append(attributes, a)
	}
	t.Attr = attributes
	switch t.Data {
	case "center":
		t.Data = "div"
		t.Attr = append(t.Attr, html.Attribute{Key: "align", Val: "center"})
	case "font":
		t.Data = "span"
		var style []string
		for _, a := range t.Attr {
			switch a.Key {
			case "color":
				style = append(style, "color: "+a.Val)
			case "size":
				if size, ok := map[string]string{"1": "70%", "2": "85%", "3": "100%", "4": "115%", "5": "150%", "6": "200%", "7": "300%", "+1": "115%", "+2": "150%", "+3": "200%", "-1": "85%", "-2": "70%"}[a.Val]; ok {
					style = append(style, "font-size: "+size)
				}
			case "face":
				style = append(style, "font-family: "+a.Val)
			case "style":
				style = append(style, a.Val)
			}
		}
		t.Attr = []html.Attribute{{Key: "style", Val: strings.Join(style, "; ")}}
	}
	t.Type = html.StartTagToken
	if closed {
		t.Type = html.SelfClosingTagToken
	}
	r.markup.WriteString(t.String())
}

// rawID registers an id of raw HTML as the target of links and returns the id in the
// report. Of a duplicate it returns "".
func (b *builder) rawID(id string) string {
	if id == "" || b.anchors.raw[b.input.Name+"#"+id] != nil {
		return ""
	}
	target := &document.Target{Kind: document.KindSection, Title: id, ID: b.anchors.unique(rawAnchor(id))}
	b.anchors.raw[b.input.Name+"#"+id] = target
	if b.anchors.raw["#"+id] == nil {
		b.anchors.raw["#"+id] = target
	}
	return target.ID
}

// trustedID registers an id that stays as it is, since scripts may use it.
func (b *builder) trustedID(id string) {
	for _, key := range []string{b.input.Name + "#" + id, "#" + id} {
		if b.anchors.raw[key] == nil {
			b.anchors.raw[key] = &document.Target{Kind: document.KindSection, Title: id, ID: id}
		}
	}
}

// rawAnchor returns an id in the characters that anchors may have.
func rawAnchor(id string) string {
	return strings.Trim(regexp.MustCompile(`[^\p{L}\p{N}_.:-]+`).ReplaceAllString(id, "-"), "-.:")
}

// rest returns the source of an element to its end.
func (r *fragmentReader) rest(start, name string, closed bool) string {
	if closed {
		return start
	}
	var b strings.Builder
	b.WriteString(start)
	for depth := 1; depth > 0; {
		kind := r.tokens.Next()
		b.Write(r.tokens.Raw())
		tag, _ := r.tokens.TagName()
		switch {
		case kind == html.ErrorToken:
			return b.String()
		case string(tag) != name:
		case kind == html.StartTagToken:
			depth++
		case kind == html.EndTagToken:
			depth--
		}
	}
	return b.String()
}

// anchor adds the start tag of an <a>. Its destination is resolved at the end.
func (r *fragmentReader) anchor(t html.Token) {
	r.flush()
	link := &document.Anchor{Destination: strings.TrimSpace(document.Attribute(t.Attr, "href"))}
	if id := document.Attribute(t.Attr, "id"); id != "" {
		if id = r.rawID(id); id != "" {
			link.Attributes += document.Escaped("id", id)
		}
	} else if id := r.rawID(document.Attribute(t.Attr, "name")); id != "" {
		link.Attributes += document.Escaped("id", id)
	}
	if title := document.Attribute(t.Attr, "title"); title != "" {
		link.Attributes += document.Escaped("title", title)
	}
	if style := document.Attribute(t.Attr, "style"); style != "" && !r.trusted {
		r.removed(r.where, "a style")
	}
	r.pieces = append(r.pieces, document.Piece{Link: link})
	r.links = append(r.links, rawLink{link, r.where})
}
