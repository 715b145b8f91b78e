package render

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/language"
)

// numbering counts sections over all notebooks, and figures, tables, equations
// and listings within a section.
type numbering struct {
	counters []int                 // of the sections at each depth
	last     int                   // depth of the last heading
	base     int                   // level of this notebook's first heading; 0 before it
	counts   map[document.Kind]int // of figures, tables, equations, listings in the section
}

func (n *numbering) newNotebook() { n.base = 0 }

// depth returns the depth of a heading of the given level. The first heading of a
// notebook has depth 1 whatever its level; skipped levels are closed.
func (n *numbering) depth(level int) int {
	if n.base == 0 {
		n.base, n.last = level, 1
		return 1
	}
	n.last = min(max(level-n.base+1, 1), n.last+1)
	return n.last
}

// section returns the number of the next section at depth.
func (n *numbering) section(depth int) string {
	if depth == 1 {
		clear(n.counts)
	}
	for len(n.counters) < depth {
		n.counters = append(n.counters, 0)
	}
	n.counters = n.counters[:depth]
	n.counters[depth-1]++
	parts := make([]string, depth)
	for i, c := range n.counters {
		parts[i] = strconv.Itoa(c)
	}
	return strings.Join(parts, ".")
}

// next returns the number of the next figure, table, equation or listing.
func (n *numbering) next(kind document.Kind) string {
	if n.counts == nil {
		n.counts = map[document.Kind]int{}
	}
	n.counts[kind]++
	if len(n.counters) == 0 {
		return strconv.Itoa(n.counts[kind])
	}
	return fmt.Sprintf("%d.%d", n.counters[0], n.counts[kind])
}

// anchors holds the identifiers of the document and their targets.
type anchors struct {
	taken     map[string]bool
	repeats   map[string]int              // how often an anchor got a number
	labels    map[string]*document.Target // by label, which is the anchor
	slugs     map[string]*document.Target // sections without a label, by anchor
	notebooks map[string]*document.Target // the first section of each notebook
	raw       map[string]*document.Target // ids of raw HTML, by notebook#id and #id
}

func newAnchors() anchors {
	return anchors{
		// Anchors that the writers use.
		taken:   map[string]bool{"top": true, "contents": true, "notes": true, "provenance": true, "abstract": true, "summary": true, "summary-title": true, "references": true, "figures": true, "tables": true, "search": true, "theme": true},
		repeats: map[string]int{},
		labels:  map[string]*document.Target{}, slugs: map[string]*document.Target{}, notebooks: map[string]*document.Target{}, raw: map[string]*document.Target{},
	}
}

// unique returns the anchor, with a number appended if it is already used.
func (a *anchors) unique(anchor string) string {
	if anchor == "" {
		anchor = "section"
	}
	candidate := anchor
	for a.taken[candidate] {
		a.repeats[anchor]++ // where the last one ended
		candidate = anchor + "-" + strconv.Itoa(a.repeats[anchor])
	}
	a.taken[candidate] = true
	return candidate
}

// label registers a target under a label, which becomes its anchor, and returns the
// anchor. An invalid or duplicate label is a problem; the anchor is then "".
func (b *builder) label(where document.Origin, line int, label string, target *document.Target) string {
	if first, ok := b.anchors.labels[label]; ok {
		b.taken(where, line, label, first)
		return ""
	}
	if !document.ValidLabel(label) {
		if target.Kind == document.KindSection && document.Slug(label) == label {
			// A plain {#id}, which links may use.
			target.ID = b.anchors.unique(label)
			b.anchors.slugs[target.ID] = target
			return target.ID
		}
		b.problem(where, line, "the label %q cannot be referred to; use fig-, tbl-, sec-, eq- or lst- followed by letters, digits, - and _", label)
		return ""
	}
	if kind := document.LabelKind(label); kind != target.Kind {
		b.problem(where, line, "the label %q is for a %s, but this is %s", label, strings.ToLower(string(kind)), target.Kind.Indefinite())
		return ""
	}
	target.ID = b.anchors.unique(label)
	b.anchors.labels[label] = target
	return target.ID
}

func (b *builder) taken(where document.Origin, line int, label string, first *document.Target) {
	b.problem(where, line, "the label %q is already used by %s (%s); choose another", label, first.Name(language.English()), first.Where)
}
