// Package png writes figures as PNG images, for the programs that need pictures
// in files. It is no part of package chart because cells do without it: what
// draws in pixels would make each of them slower to link.
package png

import (
	"bytes"
	"fmt"
	"image/color"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"github.com/flowbook/flowbook/pkg/chart"
)

// dpi is the resolution: twice CSS pixels, sharp on the screens of today and
// fair in print.
const dpi = 192

// margin is the ground around the figure, which a page gives an SVG.
const margin vg.Length = 8

// Encode returns a figure as a PNG image, the same bytes for the same data. Its
// ground is white: a picture file is looked at anywhere, and its text is dark.
// It is an error if there is nothing to draw.
func Encode(f *chart.Figure) ([]byte, error) {
	canvas := vgimg.PngCanvas{Canvas: vgimg.NewWith(
		vgimg.UseWH(f.Width+2*margin, f.Height+2*margin),
		vgimg.UseDPI(dpi),
		vgimg.UseBackgroundColor(color.White),
	)}
	if err := f.Draw(draw.Crop(draw.New(canvas), margin, -margin, margin, -margin)); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if _, err := canvas.WriteTo(&out); err != nil {
		return nil, fmt.Errorf("chart: write PNG: %w", err)
	}
	return out.Bytes(), nil
}
