package chart

import (
	"bytes"
	"fmt"
	"image/color"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// pngDPI is the resolution of PNG images: twice CSS pixels, sharp on the screens
// of today and fair in print.
const pngDPI = 192

// pngMargin is the ground around the figure, which a page gives an SVG.
const pngMargin vg.Length = 8

// PNG returns the figure as a PNG image, the same bytes for the same data. Its
// ground is white: a picture file is looked at anywhere, and its text is dark.
func (f *Figure) PNG() ([]byte, error) {
	if f.err != nil {
		return nil, fmt.Errorf("chart: %w", f.err)
	}
	canvas := vgimg.PngCanvas{Canvas: vgimg.NewWith(
		vgimg.UseWH(f.Width+2*pngMargin, f.Height+2*pngMargin),
		vgimg.UseDPI(pngDPI),
		vgimg.UseBackgroundColor(color.White),
	)}
	f.draw(draw.Crop(draw.New(canvas), pngMargin, -pngMargin, pngMargin, -pngMargin))
	var out bytes.Buffer
	if _, err := canvas.WriteTo(&out); err != nil {
		return nil, fmt.Errorf("chart: write PNG: %w", err)
	}
	return out.Bytes(), nil
}
