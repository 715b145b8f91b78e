package png_test

import (
	"bytes"
	"image/color"
	stdpng "image/png"
	"testing"

	"github.com/go-gota/gota/dataframe"
	"github.com/go-gota/gota/series"

	"github.com/flowbook/flowbook/pkg/chart"
	"github.com/flowbook/flowbook/pkg/chart/png"
	"github.com/flowbook/flowbook/pkg/frame"
)

// TestPNG: an image has the size of the figure and its margin, a white background
// and bars, and the same bytes each time.
func TestPNG(t *testing.T) {
	fig := chart.Bars(dataframe.New(
		series.New([]string{"10.0.0.1", "10.0.0.2", "10.0.0.3"}, series.String, "src_ip"),
		series.New([]int{3_000_000, 20_000, 7}, series.Int, "up_bytes"),
	), "src_ip", []string{"up_bytes"}, chart.Day(frame.TestDay))
	b, err := png.Encode(fig)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := png.Encode(fig); err != nil || !bytes.Equal(b, again) {
		t.Errorf("a second time it differs (%v)", err)
	}
	img, err := stdpng.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	const margin, dpi = 8, 192
	width, height := (fig.Width+2*margin).Points()*dpi/72, (fig.Height+2*margin).Points()*dpi/72
	if got := img.Bounds().Size(); got.X < int(width)-1 || got.X > int(width)+1 || got.Y < int(height)-1 || got.Y > int(height)+1 {
		t.Errorf("it is %v, want %.0f by %.0f", got, width, height)
	}
	if got := color.NRGBAModel.Convert(img.At(0, 0)); got != (color.NRGBA{R: 255, G: 255, B: 255, A: 255}) {
		t.Errorf("its corner is %v", got)
	}
	bars := 0
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			if color.RGBAModel.Convert(img.At(x, y)) == (color.RGBA{R: 0x00, G: 0x72, B: 0xB2, A: 0xFF}) {
				bars++
			}
		}
	}
	if bars == 0 {
		t.Error("no pixel has the colour of the test day")
	}
}

func TestPNGOfNothing(t *testing.T) {
	if _, err := png.Encode(chart.Bars(frame.Frame{}, "src_ip", []string{"flows"})); err == nil {
		t.Error("no error for a figure without rows")
	}
}
