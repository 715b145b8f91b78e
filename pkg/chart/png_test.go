package chart

import (
	"bytes"
	"image/color"
	"image/png"
	"testing"

	"github.com/flowbook/flowbook/pkg/frame"
)

// A PNG has the figure's size and margin at the resolution, a white ground, and
// the figure in it; the same bytes each time.
func TestPNG(t *testing.T) {
	fig := Bars(hosts(5), "src_ip", []string{"test_up_bytes"}, Options{Day: frame.TestDay})
	b, err := fig.PNG()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := fig.PNG(); err != nil || !bytes.Equal(b, again) {
		t.Errorf("a second time it differs (%v)", err)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	width, height := (fig.Width+2*pngMargin).Points()*pngDPI/72, (fig.Height+2*pngMargin).Points()*pngDPI/72
	if got := img.Bounds().Size(); got.X < int(width)-1 || got.X > int(width)+1 || got.Y < int(height)-1 || got.Y > int(height)+1 {
		t.Errorf("it is %v, want %.0f by %.0f", got, width, height)
	}
	if got := color.NRGBAModel.Convert(img.At(0, 0)); got != (color.NRGBA{R: 255, G: 255, B: 255, A: 255}) {
		t.Errorf("its corner is %v", got)
	}
	bars := 0
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			if color.RGBAModel.Convert(img.At(x, y)) == Test {
				bars++
			}
		}
	}
	if bars == 0 {
		t.Error("nothing in it has the colour of the day under test")
	}
}

func TestPNGOfNothing(t *testing.T) {
	if _, err := Bars(frame.Frame{}, "src_ip", []string{"flows"}, Options{}).PNG(); err == nil {
		t.Error("a figure of nothing is a picture")
	}
}
