package chart

import (
	"math"
	"testing"

	"github.com/go-gota/gota/dataframe"
)

// FuzzBars draws bars of any name and value. Names and owners come from
// databases that anybody may have written, so the SVG must stay well-formed
// whatever they hold.
func FuzzBars(f *testing.F) {
	f.Add("192.168.100.35", "Google LLC", 1.19e9, 0.0)
	f.Add("</text><script>alert(1)</script>", "a\nb\x00\u202e", math.MaxFloat64, -1.0)
	f.Add("\xff\xfe", "中国电信", math.SmallestNonzeroFloat64, math.NaN())
	f.Fuzz(func(t *testing.T, name, owner string, a, b float64) {
		if math.IsInf(a, 0) || math.IsInf(b, 0) {
			t.Skip("profiles hold no infinite counts")
		}
		rows := dataframe.New(strs("src_ip", name, "other"), strs("owner", owner, ""),
			nums("baseline_up_bytes", a, 7), nums("test_up_bytes", b, 9), nums("up_down", a, b))
		for _, value := range []string{"up_bytes", "up_down"} {
			svg, err := Bars(rows, "src_ip", []string{value}, Beside("owner"), Suspicious(name), Top(1)).SVG()
			if err != nil {
				t.Fatal(err)
			}
			wellFormed(t, svg)
		}
	})
}
