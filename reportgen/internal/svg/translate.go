package svg

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Translate replaces the texts of the picture, and the subjects and titles of its marks, by
// what say returns. A text that becomes longer or shorter keeps its left edge, or the right
// one if it shares that with more texts, and does not extend beyond all others.
func (img *Image) Translate(say func(string) string) {
	var labels []*label
	var walk func(*element)
	walk = func(e *element) {
		for i, a := range e.attrs {
			if subjects[a.name] || a.name == "aria-label" && a.value != "" {
				e.attrs[i].value = say(a.value)
			}
		}
		for i, child := range e.children {
			switch child := child.(type) {
			case *element:
				walk(child)
			case string:
				if textual[e.name] && e.name != "style" && strings.TrimSpace(child) != "" {
					said := say(strings.TrimSpace(child))
					if e.name == "text" && len(e.children) == 1 {
						labels = append(labels, newLabel(e, child, said))
					}
					e.children[i] = said
				}
			}
		}
	}
	walk(img.root)
	for _, l := range labels {
		l.move(labels)
	}
}

// label is a text at a place of its own.
type label struct {
	element   *element
	transform string
	x         float64
	was, is   float64 // widths
	placed    bool    // it has one coordinate x and begins there
}

var fontSize = regexp.MustCompile(`font-size:\s*([\d.]+)`)

func newLabel(e *element, was, is string) *label {
	l := &label{element: e, placed: true}
	size := 0.0
	for _, a := range e.attrs {
		switch a.name {
		case "x":
			x, err := strconv.ParseFloat(a.value, 64)
			l.x, l.placed = x, l.placed && err == nil
		case "transform":
			l.transform = a.value
		case "font-size":
			size, _ = strconv.ParseFloat(strings.TrimSuffix(a.value, "px"), 64)
		case "style":
			if m := fontSize.FindStringSubmatch(a.value); m != nil {
				size, _ = strconv.ParseFloat(m[1], 64)
			}
			l.placed = l.placed && !strings.Contains(a.value, "text-anchor")
		case "text-anchor", "textLength":
			l.placed = false
		}
	}
	l.was, l.is = size*width(was), size*width(is)
	return l
}

// near is the distance below which two edges are the same.
const near = 0.4

// move shifts a label whose right edge is to stay where it was.
func (l *label) move(all []*label) {
	grown := l.is - l.was
	if !l.placed || math.Abs(grown) < near {
		return
	}
	left, right, end := 0, 0, l.x+l.was
	for _, o := range all {
		if o == l || !o.placed || o.transform != l.transform {
			continue
		}
		if math.Abs(o.x-l.x) < near {
			left++
		}
		if math.Abs(o.x+o.was-l.x-l.was) < near {
			right++
		}
		end = max(end, o.x+o.was)
	}
	shift := max(0, l.x+l.is-end)
	if right > left {
		shift = grown
	}
	for i, a := range l.element.attrs {
		if a.name == "x" {
			l.element.attrs[i].value = strconv.FormatFloat(math.Round((l.x-shift)*100)/100, 'f', -1, 64)
		}
	}
}

// widths are those of the characters from the space on in Helvetica, whose widths Arial and
// Liberation Sans have too, in thousandths of the size of the font.
var widths = [...]float64{
	278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
	556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
	1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
	667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
	333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
	556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
}

// width returns the width of a text in sizes of its font.
func width(text string) float64 {
	sum := 0.0
	for _, r := range text {
		switch i := int(r) - ' '; {
		case r == '\u00a0' || r == '\u202f':
			sum += widths[0]
		case i >= 0 && i < len(widths):
			sum += widths[i]
		case utf8.RuneLen(r) > 0:
			sum += 556
		}
	}
	return sum / 1000
}
