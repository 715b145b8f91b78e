package chart

import (
	"bytes"
	"fmt"
	"html"
	"image/color"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/flowbook/flowbook/pkg/frame"
)

// marked is a part of a figure that stands for a row or a summary of rows. In SVG
// it is a group with its values as title, and with the host, owner or country that
// it shows, so that a page can find the same one elsewhere.
type marked struct {
	entity, peer string // "" for none
	words        string // the exact values
}

// hit is the colour of areas that are not seen but answer to a pointer.
var hit = color.NRGBA{R: 0x80, G: 0x80, B: 0x80, A: 1}

// mark draws a part of a figure. On canvases other than SVG it only draws.
func mark(c draw.Canvas, m marked, paint func()) {
	inner := c.Canvas
	for { // a plot pads the canvas for its data
		padded, ok := inner.(draw.Canvas)
		if !ok {
			break
		}
		inner = padded.Canvas
	}
	canvas, ok := inner.(*svgCanvas)
	if !ok || m.words == "" {
		paint()
		return
	}
	canvas.open(m)
	paint()
	canvas.close()
}

// svgCanvas is a canvas of vgsvg that can also group marks. vgsvg writes no groups
// of others, so their tags are written as texts of their own, which no other text can
// be: the delimiter is removed from those.
type svgCanvas struct {
	*vgsvg.Canvas
	marks []marked
	face  font.Face
}

const delimiter = "\uF8F0" // for private use, so no font draws it

// newSVGCanvas returns a canvas of that size.
func newSVGCanvas(w, h vg.Length) *svgCanvas {
	return &svgCanvas{Canvas: vgsvg.NewWith(vgsvg.UseWH(w, h)), face: font.DefaultCache.Lookup(font.Font{Typeface: "Liberation", Variant: "Sans"}, textSize)}
}

func (c *svgCanvas) open(m marked) {
	c.Canvas.FillString(c.face, vg.Point{}, delimiter+strconv.Itoa(len(c.marks))+delimiter)
	c.marks = append(c.marks, m)
}

func (c *svgCanvas) close() { c.Canvas.FillString(c.face, vg.Point{}, delimiter+delimiter) }

// FillString implements vg.Canvas.
func (c *svgCanvas) FillString(f font.Face, at vg.Point, text string) {
	c.Canvas.FillString(f, at, strings.ReplaceAll(text, delimiter, ""))
}

var tags = regexp.MustCompile(`<text [^>]*>` + delimiter + `(\d*)` + delimiter + `</text>`)

// grouped writes the tags of groups as tags.
func (c *svgCanvas) grouped(svg []byte) []byte {
	return tags.ReplaceAllFunc(svg, func(tag []byte) []byte {
		n := tags.FindSubmatch(tag)[1]
		if len(n) == 0 {
			return []byte("</g>")
		}
		i, _ := strconv.Atoi(string(n)) // open wrote it
		m := c.marks[i]
		var b bytes.Buffer
		b.WriteString("<g")
		if m.entity != "" {
			fmt.Fprintf(&b, ` data-entity="%s"`, html.EscapeString(plainText(m.entity)))
		}
		if m.peer != "" {
			fmt.Fprintf(&b, ` data-peer="%s"`, html.EscapeString(plainText(m.peer)))
		}
		fmt.Fprintf(&b, "><title>%s</title>", html.EscapeString(plainText(m.words)))
		return b.Bytes()
	})
}

// exact formats a value of a column for readers who want all of its digits.
func exact(c frame.Column, v float64) string {
	words := c.Unit.Format(v)
	switch {
	case math.IsNaN(v):
		return "no value"
	case c.Unit == frame.Bytes && math.Abs(v) >= 1000:
		words += " (" + humanize.Comma(int64(v)) + " bytes)"
	case c.Unit == frame.Count:
		words += " " + strings.ToLower(c.Title)
	}
	return words
}

// entityOf returns the value of a column if it names a host, owner or country.
func entityOf(column, value string) string {
	if frame.Describe(column).Entity && value != noName && !frame.Unknown(value) {
		return value
	}
	return ""
}

// rectangle returns the corners of a rectangle.
func rectangle(x0, y0, x1, y1 vg.Length) []vg.Point {
	return []vg.Point{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}}
}
