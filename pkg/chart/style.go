package chart

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/flowbook/flowbook/pkg/frame"
)

// The colours of figures, each with the same meaning in all figures. They are
// from the palette of Okabe and Ito ("Color Universal Design", 2008), which can be
// distinguished with any colour vision. Their lightness differs too, so they can
// be distinguished in greyscale.
var (
	baselineColor   = color.RGBA{R: 0x56, G: 0xB4, B: 0xE9, A: 0xFF} // the baseline day
	testColor       = color.RGBA{R: 0x00, G: 0x72, B: 0xB2, A: 0xFF} // the test day
	suspiciousColor = color.RGBA{R: 0xD5, G: 0x5E, B: 0x00, A: 0xFF} // findings of detections
)

var (
	ink  = color.RGBA{R: 0x22, G: 0x22, B: 0x22, A: 0xFF} // text
	pale = color.RGBA{R: 0x66, G: 0x66, B: 0x66, A: 0xFF} // axis titles and notes
	rule = color.RGBA{R: 0xD9, G: 0xD9, B: 0xD9, A: 0xFF} // grid lines
)

// Sizes of figures. A figure is 540 points (720 CSS pixels) wide, so its text is
// as large as the captions of a page.
const (
	width      vg.Length = 540
	smallWidth vg.Length = 172
	textSize   vg.Length = 8.5
	titleSize  vg.Length = 8.5
	rowHeight  vg.Length = 14 // of a single bar and its label
	gap        vg.Length = 4  // between a mark and its label
)

// colorOf returns the colour of a day's marks.
func colorOf(day string) color.Color {
	if day == frame.TestDay {
		return testColor
	}
	return baselineColor
}

// textStyle returns the style of text in figures.
func textStyle(c color.Color, x text.XAlignment, y text.YAlignment) text.Style {
	return text.Style{
		Color:   c,
		Font:    font.Font{Typeface: "Liberation", Variant: "Sans", Size: textSize},
		XAlign:  x,
		YAlign:  y,
		Handler: plot.DefaultTextHandler,
	}
}

// newPlot returns an empty plot in the common style: no background, frame or tick
// marks, and grid lines behind the data.
func newPlot() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.LineStyle.Width = 0
		a.Tick.Length = 0
		a.Tick.LineStyle.Width = 0
		a.Padding = gap * 3 / 2
		a.Label.Padding = gap
		a.Label.TextStyle.Color = pale
		a.Label.TextStyle.Font = font.Font{Typeface: "Liberation", Variant: "Sans", Size: titleSize}
		a.Tick.Label.Color = ink
		a.Tick.Label.Font = font.Font{Typeface: "Liberation", Variant: "Sans", Size: textSize}
	}
	// A vertical axis raises its tick labels by the font's descent, which is
	// twice the offset that centres digits on their row.
	t := &p.Y.Tick.Label
	t.YAlign = level(*t) - text.YAlignment(t.FontExtents().Descent/t.FontExtents().Height)
	return p
}

// level returns the alignment that centres digits and capitals at a point. They
// have no descenders, unlike the box of the font.
func level(s text.Style) text.YAlignment {
	e := s.FontExtents()
	return text.YCenter + text.YAlignment(e.Descent/e.Height/2)
}

// grid returns grid lines across one axis: vertical lines mark values of the X
// axis, horizontal ones of the Y axis.
func grid(vertical bool) *plotter.Grid {
	line := draw.LineStyle{Color: rule, Width: 0.5}
	if vertical {
		return &plotter.Grid{Vertical: line}
	}
	return &plotter.Grid{Horizontal: line}
}
