package chart

import (
	"encoding/xml"
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/go-gota/gota/dataframe"
	"gonum.org/v1/plot/text"

	"github.com/flowbook/flowbook/pkg/frame"
)

// box is the position of a text, in points from the lower left corner.
type box struct {
	words                    string
	left, right, low, height float64
}

var rotated = regexp.MustCompile(`<g transform="rotate`)

// texts returns the boxes of a figure's upright texts. Rotated ones are the
// titles of vertical axes, at the left edge.
func texts(t *testing.T, svg []byte) []box {
	t.Helper()
	style := textStyle(ink, text.XLeft, text.YBottom)
	var all []box
	depth, turned := 0, 0
	d := xml.NewDecoder(strings.NewReader(string(svg)))
	for {
		tok, err := d.Token()
		if err != nil {
			return all
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			depth++
			if tok.Name.Local == "g" && turned == 0 && rotated.MatchString(fmt.Sprintf(`<g transform="%s`, attr(tok, "transform"))) {
				turned = depth
			}
			if tok.Name.Local == "text" && turned == 0 {
				var words string
				if err := d.DecodeElement(&words, &tok); err != nil {
					t.Fatal(err)
				}
				depth--
				x, y := number(t, attr(tok, "x")), -number(t, attr(tok, "y"))
				all = append(all, box{words, x, x + style.Width(words).Points(), y, 6})
			}
		case xml.EndElement:
			if depth == turned {
				turned = 0
			}
			depth--
		}
	}
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// checkLayout checks that texts are inside the figure and do not overlap.
func checkLayout(t *testing.T, f *Figure, least int) {
	t.Helper()
	svg, err := f.SVG()
	if err != nil {
		t.Fatal(err)
	}
	all := texts(t, svg)
	if len(all) < least {
		t.Fatalf("only %d texts were found", len(all))
	}
	for i, a := range all {
		if a.left < -1.5 || a.right > f.Width.Points()+1.5 || a.low < -1 || a.low+a.height > f.Height.Points()+1 {
			t.Errorf("%q runs out of the figure: %+v in %g × %g", a.words, a, f.Width.Points(), f.Height.Points())
		}
		for _, b := range all[:i] {
			if a.left < b.right && b.left < a.right && a.low < b.low+b.height && b.low < a.low+a.height {
				t.Errorf("%q overlaps %q", a.words, b.words)
			}
		}
	}
}

func TestLayout(t *testing.T) {
	for name, fig := range figures() {
		t.Run(name, func(t *testing.T) { checkLayout(t, fig, 1) })
	}
}

// TestLayoutOfAnything draws bars of random names and values, from a single row
// to a long tail and from a byte to an exabyte.
func TestLayoutOfAnything(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 60 {
		n := 1 + rng.IntN(45)
		names, base, test, flows := make([]string, n), make([]int, n), make([]int, n), make([]int, n)
		spread := rng.Float64() * 18
		draw := func() int {
			if rng.IntN(8) == 0 {
				return 0
			}
			return int(math.Pow(10, rng.Float64()*spread))
		}
		for i := range n {
			names[i] = strings.Repeat("Wirtschaft ", rng.IntN(7)) + fmt.Sprint("AS", i)
			base[i], test[i], flows[i] = draw(), draw(), draw()
		}
		f := dataframe.New(strs("owner", names...), ints("baseline_up_bytes", base...), ints("test_up_bytes", test...),
			ints("flows", flows...), ints("down_bytes", base...))
		o := []Option{Suspicious(names[:1]...), Top(rng.IntN(30))}
		checkLayout(t, Bars(f, "owner", []string{"up_bytes"}, o...), 4)
		checkLayout(t, Bars(f, "owner", []string{"flows", "down_bytes"}, o...), 4)
		checkLayout(t, Bars(f, "owner", []string{"up_bytes"}, append(o, Small())...), 4)
		if t.Failed() {
			t.Fatalf("%d rows over %.0f orders of magnitude", n, spread)
		}
	}
}

// TestRefused checks that what cannot be drawn is an error that says why.
func TestRefused(t *testing.T) {
	some := hosts(3)
	none := frame.Head(some, 0)
	for name, c := range map[string]struct {
		fig  *Figure
		says string
	}{
		"no rows":        {Bars(none, "src_ip", []string{"up_bytes"}), "no rows to draw"},
		"no hours":       {Hours(none, "flows"), "no rows to draw"},
		"no half hours":  {HalfHours(none, []string{"flows"}), "no rows to draw"},
		"no strips":      {Strips(none, "src_ip", "flows"), "no rows to draw"},
		"no column":      {Bars(some, "src_ip", []string{"packets"}), `no column "packets"`},
		"no label":       {Bars(some, "dst_ip", []string{"up_bytes"}), `no column "dst_ip"`},
		"no beside":      {Bars(some, "src_ip", []string{"up_bytes"}, Beside("owner")), `no column "owner"`},
		"no values":      {Bars(some, "src_ip", nil), "no column of values"},
		"text as number": {Bars(some, "src_ip", []string{"src_ip"}), "text, not numbers"},
		"no points":      {Line(none, "src_ip", "test_up_bytes"), "no rows to draw"},
		"no bins":        {Histogram(none, "test_up_bytes"), "no rows to draw"},
		"no boxes":       {Boxes(none, "src_ip", "test_up_bytes"), "no rows to draw"},
		"no cells":       {Heatmap(none, "src_ip", "src_ip", "test_up_bytes"), "no rows to draw"},
		"no timeline":    {Timeline(none, "src_ip", "test_up_bytes", "test_up_bytes"), "no rows to draw"},
		"no graph":       {Graph(none, "src_ip", "src_ip", "test_up_bytes"), "no rows to draw"},
		"no multiples":   {Multiples(none, "src_ip", "src_ip", "test_up_bytes"), "no rows to draw"},
		"no series":      {Line(some, "src_ip", "test_up_bytes", By("country")), `no column "country"`},
		"days by column": {Line(some, "src_ip", "up_bytes", By("src_ip")), "draw one day"},
		"stacked days":   {Area(some, "src_ip", "up_bytes"), "use Line"},
		"heat of days":   {Heatmap(some, "src_ip", "src_ip", "up_bytes"), "shows one day"},
		"wide heatmap":   {Heatmap(hosts(100), "src_ip", "src_ip", "test_up_bytes"), "at most 60"},
		"texts":          {Scatter(some, "src_ip", "test_up_bytes", ""), "text, not numbers"},
		"ends first":     {Timeline(some, "src_ip", "test_up_bytes", "baseline_up_bytes"), "ends before"},
		"two hosts":      {HalfHours(halfHoursOf("a", "b"), []string{"flows"}), "use Strips"},
		"broken frame":   {Bars(some.Select([]string{"x"}), "src_ip", []string{"up_bytes"}), "invalid frame"},
	} {
		_, err := c.fig.SVG()
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %v does not say %q", name, err, c.says)
		}
	}
}

// TestAxis checks when two days get a logarithmic axis.
func TestAxis(t *testing.T) {
	flat := dataframe.New(strs("k", "a", "b", "c"), ints("baseline_flows", 10, 12, 11), ints("test_flows", 11, 13, 90))
	steep := dataframe.New(strs("k", "a", "b", "c"), ints("baseline_flows", 10, 12, 11), ints("test_flows", 11, 13, 900))
	zero := dataframe.New(strs("k", "a", "b"), ints("baseline_flows", 0, 0), ints("test_flows", 0, 0))
	for _, c := range []struct {
		f    frame.Frame
		want bool
	}{{flat, false}, {steep, true}, {zero, false}} {
		svg, err := Bars(c.f, "k", []string{"flows"}).SVG()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(svg), "(logarithmic)"); got != c.want {
			t.Errorf("logarithmic: %v, want %v of\n%v", got, c.want, c.f)
		}
	}
}

// TestMeaning checks that a colour has one meaning: a day, or suspicion.
func TestMeaning(t *testing.T) {
	svg := func(f *Figure) string {
		b, err := f.SVG()
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	hex := func(c [3]uint8) string { return fmt.Sprintf("#%02X%02X%02X", c[0], c[1], c[2]) }
	baseline, test, suspicious := hex([3]uint8{baselineColor.R, baselineColor.G, baselineColor.B}), hex([3]uint8{testColor.R, testColor.G, testColor.B}), hex([3]uint8{suspiciousColor.R, suspiciousColor.G, suspiciousColor.B})
	for name, c := range map[string]struct {
		svg       string
		has, lack []string
	}{
		"one day":      {svg(Bars(countries(), "country", []string{"flows"})), []string{baseline}, []string{test, suspicious}},
		"the test day": {svg(Bars(countries(), "country", []string{"flows"}, Day(frame.TestDay))), []string{test}, []string{baseline, suspicious}},
		"both":         {svg(Bars(hosts(3), "src_ip", []string{"up_bytes"})), []string{baseline, test}, []string{suspicious}},
		"a suspect":    {svg(Bars(hosts(3), "src_ip", []string{"up_bytes"}, Suspicious("192.168.100.10"))), []string{baseline, test, suspicious, "suspicious"}, nil},
	} {
		for _, s := range c.has {
			if !strings.Contains(c.svg, s) {
				t.Errorf("%s: %s is missing", name, s)
			}
		}
		for _, s := range c.lack {
			if strings.Contains(c.svg, s) {
				t.Errorf("%s: %s means something else", name, s)
			}
		}
	}
}
