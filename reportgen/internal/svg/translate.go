package svg

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Translate replaces the texts of the picture, and the subjects and titles of its marks, by
// what say returns. A text that becomes longer or shorter keeps its left edge, or the right
// one if it shares that with more texts. The picture becomes wider where texts extend beyond
// all that were there.
func (img *Image) Translate(say func(string) string) {
	var labels []*label
	var walk func(e *element, turned bool)
	walk = func(e *element, turned bool) {
		turned = turned || strings.Contains(e.attr("transform"), "rotate")
		for i, a := range e.attrs {
			if subjects[a.name] || a.name == "aria-label" && a.value != "" {
				e.attrs[i].value = say(a.value)
			}
		}
		for i, child := range e.children {
			switch child := child.(type) {
			case *element:
				walk(child, turned)
			case string:
				if textual[e.name] && e.name != "style" && strings.TrimSpace(child) != "" {
					said := say(strings.TrimSpace(child))
					if e.name == "text" && len(e.children) == 1 {
						labels = append(labels, newLabel(e, child, said, turned))
					}
					e.children[i] = said
				}
			}
		}
	}
	walk(img.root, false)
	left, right := 0.0, 0.0
	if span := extent(labels); span != nil {
		for _, l := range labels {
			l.move(labels)
		}
		after := extent(labels)
		left, right = max(0, span[0]-after[0]), max(0, after[1]-span[1])
	}
	img.widen(left, right)
}

// extent returns the ends of the labels that are placed and not turned; nil if there is none.
func extent(labels []*label) []float64 {
	var all []float64
	for _, l := range labels {
		if l.placed && !l.turned {
			all = append(all, l.x, l.x+l.width)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return []float64{slices.Min(all), slices.Max(all)}
}

// widen adds space at the sides of a picture, in the units of its viewBox.
func (img *Image) widen(left, right float64) {
	box := strings.Fields(strings.ReplaceAll(img.root.attr("viewBox"), ",", " "))
	if left+right < near || len(box) != 4 {
		return
	}
	x, err := strconv.ParseFloat(box[0], 64)
	wide, err2 := strconv.ParseFloat(box[2], 64)
	if err != nil || err2 != nil || wide <= 0 {
		return
	}
	scale := (wide + left + right) / wide
	box[0], box[2] = number(hundredths(x-left)), number(hundredths(wide+left+right))
	for i, a := range img.root.attrs {
		switch w, err := strconv.ParseFloat(a.value, 64); {
		case a.name == "viewBox":
			img.root.attrs[i].value = strings.Join(box, " ")
		case a.name == "width" && err == nil:
			img.root.attrs[i].value = number(math.Round(w * scale))
		}
	}
}

func hundredths(v float64) float64 { return math.Round(v*100) / 100 }

// label is a text at a place of its own.
type label struct {
	element   *element
	transform string
	start, x  float64 // the left edge, before and after
	was, is   float64 // widths
	width     float64 // as it is placed now
	placed    bool    // it has one coordinate x and begins there
	turned    bool
}

var fontSize = regexp.MustCompile(`font-size:\s*([\d.]+)`)

func newLabel(e *element, was, is string, turned bool) *label {
	l := &label{element: e, placed: true, turned: turned}
	size := 0.0
	for _, a := range e.attrs {
		switch a.name {
		case "x":
			x, err := strconv.ParseFloat(a.value, 64)
			l.start, l.x, l.placed = x, x, l.placed && err == nil
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
	l.width = l.was
	return l
}

// near is the distance below which two edges are the same.
const near = 0.4

// move keeps the right edge of a label that shares it with more labels than the left one, and
// the middle of a turned one.
func (l *label) move(all []*label) {
	grown := l.is - l.was
	if !l.placed || math.Abs(grown) < near {
		return
	}
	l.width = l.is
	left, right := 0, 0
	for _, o := range all {
		if o == l || !o.placed || o.turned || o.transform != l.transform {
			continue
		}
		if math.Abs(o.start-l.start) < near {
			left++
		}
		if math.Abs(o.start+o.was-l.start-l.was) < near {
			right++
		}
	}
	switch {
	case l.turned:
		l.x -= grown / 2
	case right > left:
		l.x -= grown
	default:
		return
	}
	for i, a := range l.element.attrs {
		if a.name == "x" {
			l.element.attrs[i].value = number(hundredths(l.x))
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
