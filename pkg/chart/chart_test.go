package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-gota/gota/dataframe"
	"github.com/go-gota/gota/series"

	"github.com/flowbook/flowbook/pkg/frame"
	"github.com/flowbook/flowbook/pkg/testenv"
)

func strs(name string, v ...string) series.Series { return series.New(v, series.String, name) }
func ints(name string, v ...int) series.Series    { return series.New(v, series.Int, name) }
func nums(name string, v ...float64) series.Series {
	return series.New(v, series.Float, name)
}

// hosts returns as many hosts as a real network has, with a long tail.
func hosts(n int) frame.Frame {
	var names []string
	var base, test []int
	for i := range n {
		names = append(names, fmt.Sprintf("192.168.100.%d", i+10))
		base = append(base, 60_000_000/(i+2))
		test = append(test, 61_000_000/(i+2)+i*1000)
	}
	if n > 40 {
		test[40] = 1_187_000_000
	}
	return dataframe.New(strs("src_ip", names...), ints("baseline_up_bytes", base...), ints("test_up_bytes", test...))
}

func halfHoursOf(names ...string) frame.Frame {
	var src []string
	var at, flows []int
	var ratio []float64
	for k, n := range names {
		for i := range 48 {
			src, at = append(src, n), append(at, i*30*60*100)
			v := 0
			switch {
			case k == 0 && (i == 19 || i == 22 || i == 30 || i == 31):
				v = 40 + i
			case k > 0 && i >= 8 && i < 40:
				v = 20 + i%3
			}
			flows = append(flows, v)
			r := math.NaN()
			if v > 0 {
				r = 0.11 + float64(i%5)/100
			}
			ratio = append(ratio, r)
		}
	}
	return dataframe.New(strs("src_ip", src...), ints("timestamp", at...), ints("flows", flows...), nums("up_down", ratio...))
}

func hoursOf(days bool) frame.Frame {
	var hour, base, test []int
	for h := range 24 {
		hour = append(hour, h)
		v := int(90000 * math.Exp(-math.Pow(float64(h)-12, 2)/18))
		base, test = append(base, v), append(test, v+v/12+300)
	}
	if !days {
		return dataframe.New(ints("hour", hour...), ints("flows", base...))
	}
	return dataframe.New(ints("hour", hour...), ints("baseline_flows", base...), ints("test_flows", test...))
}

func countries() frame.Frame {
	return dataframe.New(
		strs("country", "United States", "Portugal", "Internal network", "Netherlands", "United Kingdom", "Democratic Republic of the Congo and more", "Brazil"),
		ints("flows", 334778, 274777, 274208, 17948, 7460, 3, 5335),
		ints("bytes", 39621538092, 26423827803, 15754974807, 1728071763, 717314962, 0, 512859364),
	)
}

// figures are the figures of the golden files: of each chart of any rows, the one of
// 60 rows.
func figures() map[string]*Figure {
	all := map[string]*Figure{
		"hours":             Hours(hoursOf(true), "flows"),
		"hours-one":         Hours(hoursOf(false), "flows", Day(frame.TestDay)),
		"hours-small":       Hours(hoursOf(true), "flows", Small()),
		"uploads-small":     Bars(hosts(200), "src_ip", []string{"up_bytes"}, Top(5), Suspicious("192.168.100.50"), Small()),
		"countries":         Bars(countries(), "country", []string{"flows", "bytes"}),
		"uploads":           Bars(hosts(200), "src_ip", []string{"up_bytes"}, Top(12), Suspicious("192.168.100.50")),
		"few":               Bars(hosts(3), "src_ip", []string{"up_bytes"}),
		"half-hours":        HalfHours(halfHoursOf("82.155.120.34"), []string{"flows", "up_down"}),
		"half-hours-marked": HalfHours(halfHoursOf("82.155.120.52"), []string{"up_down"}, Suspicious("82.155.120.52")),
		"strips": Strips(halfHoursOf("82.155.120.34", "82.155.120.52", "82.155.120.168"), "src_ip", "flows",
			Suspicious("82.155.120.52", "82.155.120.168")),
	}
	for name, draw := range explore() {
		all[name] = draw(kinds()["60 rows"])
	}
	return all
}

func TestFigures(t *testing.T) {
	for name, fig := range figures() {
		t.Run(name, func(t *testing.T) {
			got, err := fig.SVG()
			if err != nil {
				t.Fatal(err)
			}
			again, err := figures()[name].SVG()
			if err != nil || !bytes.Equal(got, again) {
				t.Errorf("drawn twice, the bytes differ (%v)", err)
			}
			wellFormed(t, got)
			if bytes.Contains(got, []byte("NaN")) || bytes.Contains(got, []byte("Inf")) {
				t.Error("the figure contains NaN or Inf")
			}
			testenv.Golden(t, filepath.Join("testdata", name+".svg"), string(got))
		})
	}
}

// wellFormed checks that svg is XML whose text is text, inside the figure, and
// that nothing in it points elsewhere.
func wellFormed(t *testing.T, svg []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(svg))
	words := 0
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("no XML: %v", err)
		}
		if s, ok := tok.(xml.StartElement); ok && s.Name.Local == "text" {
			words++
		}
	}
	if words == 0 {
		t.Error("the figure has no text")
	}
	for _, bad := range []string{"href", "url(", "<image"} {
		if strings.Contains(string(svg), bad) {
			t.Errorf("the figure contains %q", bad)
		}
	}
}
