// Package png encodes figures as PNG images, for programs that write pictures to
// files. It is separate from package chart because cells do not need it, and it
// would make each of them slower to link.
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

// dpi is the resolution: two image pixels for each CSS pixel.
const dpi = 192

// margin is the space around the figure.
const margin vg.Length = 8

// Encode returns a figure as a PNG image with a white background. The same data
// gives the same bytes. It is an error if there is nothing to draw.
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
