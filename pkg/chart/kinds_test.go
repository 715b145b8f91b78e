package chart

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-gota/gota/dataframe"
	"github.com/go-gota/gota/series"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/frame"
)

// connections returns flows of some hosts over a day, as a query returns them.
// Values are what value returns for each.
func connections(n, hosts int, value func(*rand.Rand, int) float64) frame.Frame {
	rng := rand.New(rand.NewPCG(7, 8))
	src, dst, country := make([]string, n), make([]string, n), make([]string, n)
	at, hour, lasted, sizes, other := make([]int, n), make([]int, n), make([]int, n), make([]float64, n), make([]float64, n)
	for i := range n {
		src[i] = fmt.Sprintf("192.168.100.%d", 10+rng.IntN(hosts))
		dst[i] = fmt.Sprintf("203.0.113.%d", rng.IntN(1+hosts/2))
		country[i] = []string{"Portugal", "United States", "Netherlands", "Brazil", "China", "Germany", "France", "Bosnia and Herzegovina"}[rng.IntN(min(8, hosts))]
		at[i] = rng.IntN(int(flow.Day))
		hour[i] = at[i] / int(flow.Hour)
		lasted[i] = min(int(math.Exp(rng.Float64()*13)), int(flow.Day)-at[i])
		sizes[i], other[i] = value(rng, i), value(rng, i)
	}
	slices.Sort(at)
	return dataframe.New(strs("src_ip", src...), strs("dst_ip", dst...), strs("country", country...),
		ints("timestamp", at...), ints("hour", hour...), ints("duration", lasted...), nums("up_bytes", sizes...), nums("down_bytes", other...))
}

func sizes(rng *rand.Rand, _ int) float64 { return math.Round(math.Exp(4 + rng.NormFloat64()*3)) }

// kinds are the kinds of data that charts of any rows must draw.
func kinds() map[string]frame.Frame {
	return map[string]frame.Frame{
		"2 rows":     connections(2, 2, sizes),
		"60 rows":    connections(60, 4, sizes),
		"2,000 rows": connections(2000, 150, sizes),
		"missing values": connections(60, 4, func(r *rand.Rand, i int) float64 {
			if i%3 == 0 {
				return math.NaN()
			}
			return sizes(r, i)
		}),
		"one category": connections(60, 1, sizes),
		"negative":     connections(60, 4, func(r *rand.Rand, _ int) float64 { return math.Round(r.NormFloat64() * 1e6) }),
		"zero range":   connections(60, 4, func(*rand.Rand, int) float64 { return 1500 }),
		"all zero":     connections(60, 4, func(*rand.Rand, int) float64 { return 0 }),
		"many zeros": connections(400, 30, func(r *rand.Rand, i int) float64 {
			if i%2 == 0 {
				return 0
			}
			return sizes(r, i)
		}),
		"large and close": connections(60, 4, func(_ *rand.Rand, i int) float64 { return 1e9 + float64(i%7) }),
		"one row":         connections(1, 1, sizes),
		"infinite": connections(60, 4, func(r *rand.Rand, i int) float64 {
			if i%5 == 0 {
				return math.Inf(1)
			}
			return sizes(r, i)
		}),
		"no names":   noNames(),
		"dates":      dates(),
		"long names": longNames(),
	}
}

// dates returns rows of several days, as a query of a folder of days does.
func dates() frame.Frame {
	f := connections(400, 5, sizes)
	var days []string
	for i := range f.Nrow() {
		days = append(days, fmt.Sprintf("2026-03-%02d", 1+i*14/f.Nrow()))
	}
	return f.Mutate(series.New(days, series.String, "hour"))
}

func longNames() frame.Frame {
	f := connections(300, 12, sizes)
	names, err := frame.Strings(f, "src_ip")
	if err != nil {
		panic(err)
	}
	for i, n := range names {
		names[i] = strings.Repeat("Wirtschaftsprüfung & Söhne <GmbH> ", 1+i%3) + n
	}
	return f.Mutate(series.New(names, series.String, "src_ip"))
}

func noNames() frame.Frame {
	f := connections(60, 4, sizes)
	return f.Mutate(series.New(make([]string, f.Nrow()), series.String, "src_ip"))
}

// sums are the charts of reports, of the sums of connections.
func sums() map[string]func(frame.Frame) *Figure {
	bad := Suspicious("192.168.100.11")
	hosts := func(f frame.Frame) frame.Frame { return frame.By(f, "src_ip").Sum("up_bytes", "down_bytes") }
	days := func(f frame.Frame) frame.Frame {
		return hosts(f).Rename("baseline_up_bytes", "up_bytes").Rename("test_up_bytes", "down_bytes")
	}
	halves := func(f frame.Frame, by string) frame.Frame {
		times, err := frame.Floats(f, "timestamp")
		if err != nil {
			panic(err)
		}
		for i, t := range times {
			times[i] = math.Floor(t/180_000) * 180_000
		}
		return frame.By(frame.WithFloats(f, "timestamp", times), by, "timestamp").Sum("up_bytes")
	}
	return map[string]func(frame.Frame) *Figure{
		"bars":      func(f frame.Frame) *Figure { return Bars(hosts(f), "src_ip", []string{"up_bytes", "down_bytes"}, bad) },
		"bars-days": func(f frame.Frame) *Figure { return Bars(days(f), "src_ip", []string{"up_bytes"}, bad) },
		"bars-small": func(f frame.Frame) *Figure {
			return Bars(days(f), "src_ip", []string{"up_bytes"}, bad, Top(5), Small())
		},
		"hours":  func(f frame.Frame) *Figure { return Hours(frame.By(f, "hour").Sum("up_bytes"), "up_bytes") },
		"strips": func(f frame.Frame) *Figure { return Strips(halves(f, "src_ip"), "src_ip", "up_bytes", bad) },
		"half-hours": func(f frame.Frame) *Figure {
			one := f.Mutate(series.New(slices.Repeat([]string{"192.168.100.11"}, f.Nrow()), series.String, "src_ip"))
			return HalfHours(halves(one, "src_ip"), []string{"up_bytes"}, bad)
		},
	}
}

// explore are the charts of rows of connections.
func explore() map[string]func(frame.Frame) *Figure {
	bad := Suspicious("192.168.100.11")
	by := func(column string) Option {
		return func(s *settings) {
			By(column)(s)
			bad(s)
		}
	}
	return map[string]func(frame.Frame) *Figure{
		"line":         func(f frame.Frame) *Figure { return Line(f, "timestamp", "up_bytes") },
		"lines":        func(f frame.Frame) *Figure { return Line(f, "timestamp", "up_bytes", by("src_ip")) },
		"line-hours":   func(f frame.Frame) *Figure { return Line(f, "hour", "up_bytes", by("country")) },
		"area":         func(f frame.Frame) *Figure { return Area(f, "timestamp", "up_bytes", by("country")) },
		"scatter":      func(f frame.Frame) *Figure { return Scatter(f, "up_bytes", "down_bytes", "src_ip", bad) },
		"scatter-by":   func(f frame.Frame) *Figure { return Scatter(f, "timestamp", "down_bytes", "", by("country")) },
		"histogram":    func(f frame.Frame) *Figure { return Histogram(f, "up_bytes") },
		"histogram-by": func(f frame.Frame) *Figure { return Histogram(f, "up_bytes", by("src_ip")) },
		"ecdf":         func(f frame.Frame) *Figure { return ECDF(f, "up_bytes", by("src_ip")) },
		"boxes":        func(f frame.Frame) *Figure { return Boxes(f, "src_ip", "up_bytes", bad) },
		"heatmap":      func(f frame.Frame) *Figure { return Heatmap(f, "hour", "src_ip", "up_bytes", bad) },
		"timeline":     func(f frame.Frame) *Figure { return Timeline(f, "src_ip", "timestamp", "duration", bad) },
		"graph":        func(f frame.Frame) *Figure { return Graph(f, "src_ip", "dst_ip", "up_bytes", bad) },
		"multiples":    func(f frame.Frame) *Figure { return Multiples(f, "src_ip", "timestamp", "up_bytes", bad) },
	}
}

// refusals are the kinds that a chart does not draw, and why.
var refusals = map[string]string{
	"area/negative":       "negative value",
	"graph/negative":      "negative value",
	"half-hours/negative": "negative value",
	"strips/negative":     "negative value",
	"hours/dates":         "text, not numbers",
}

// TestAnyRows draws each chart of each kind of data: the same bytes twice, without
// texts that overlap or run out of the figure, and with words for those who do not
// see it.
func TestAnyRows(t *testing.T) {
	charts := explore()
	maps.Copy(charts, sums())
	for chart, draw := range charts {
		for kind, f := range kinds() {
			t.Run(chart+"/"+kind, func(t *testing.T) {
				fig := draw(f)
				svg, err := fig.SVG()
				if why := refusals[chart+"/"+kind]; why != "" {
					if err == nil || !strings.Contains(err.Error(), why) {
						t.Errorf("got %v, want an error that says %q", err, why)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				again, err := draw(f).SVG()
				if err != nil || !bytes.Equal(svg, again) {
					t.Errorf("drawn twice, the bytes differ (%v)", err)
				}
				wellFormed(t, svg)
				checkLayout(t, fig, 1)
				if bytes.Contains(svg, []byte("NaN")) || bytes.Contains(svg, []byte("Inf")) {
					t.Error("the figure contains NaN or Inf")
				}
				if !strings.HasSuffix(fig.Alt, ".") || strings.ContainsAny(fig.Alt, "\n\x00") {
					t.Errorf("alt text %q", fig.Alt)
				}
				if fig.Data.Err != nil || fig.Data.Nrow() == 0 {
					t.Errorf("the figure has no data: %v", fig.Data.Err)
				}
				if len(svg) > 700_000 {
					t.Errorf("the figure has %d bytes", len(svg))
				}
			})
		}
	}
}

// An area of one position is as high at its end as at its beginning, and has one mark.
func TestAreaOfOnePosition(t *testing.T) {
	svg, err := Area(dataframe.New(ints("hour", 3), nums("up_bytes", 500)), "hour", "up_bytes").SVG()
	if err != nil {
		t.Fatal(err)
	}
	path := regexp.MustCompile(`d="M([\d.]+),([\d.]+)L([\d.]+),([\d.]+)"`)
	m := path.FindAllStringSubmatch(string(svg), -1)
	if i := slices.IndexFunc(m, func(m []string) bool { return m[2] != m[4] && m[1] != m[3] }); i >= 0 || len(m) == 0 {
		t.Errorf("%d lines; a slope:\n%s", len(m), svg)
	}
	if got := strings.Count(string(svg), "03:00: "); got != 1 || strings.Contains(string(svg), "04:00: ") {
		t.Errorf("%d marks of the row, or one without a row:\n%s", got, svg)
	}
}

// TestOddHours: an hour without a row is zero of a count and unknown of a ratio, and rows
// may be in any order, but only one for each hour.
func TestOddHours(t *testing.T) {
	of := func(column string, hours ...int) *Figure {
		return Hours(dataframe.New(ints("hour", hours...), nums(column, slices.Repeat([]float64{5}, len(hours))...)), column)
	}
	for column, want := range map[string]string{"flows": "07:00: 0 flows", "up_down": "07:00: no value"} {
		svg, err := of(column, 9, 3).SVG()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(svg), want) || strings.Count(string(svg), "<title>") != 24 {
			t.Errorf("%s: not 24 hours with %q:\n%s", column, want, svg)
		}
	}
	for want, fig := range map[string]*Figure{
		"row 2: 24 is not an hour":                of("flows", 3, 24),
		"rows 1 and 3 are of the same hour":       of("flows", 3, 4, 3),
		`column "hour", row 1: -1 is not an hour`: of("flows", -1),
	} {
		if _, err := fig.SVG(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error that says %q", err, want)
		}
	}
}

// TestNegativeBars: bars of negative values end at zero, where those of others start.
func TestNegativeBars(t *testing.T) {
	svg, err := Bars(dataframe.New(strs("src_ip", "10.0.0.1", "10.0.0.2"), nums("up_bytes", 300, -100)), "src_ip", []string{"up_bytes"}).SVG()
	if err != nil {
		t.Fatal(err)
	}
	bar := regexp.MustCompile(`d="M([\d.]+),[\d.]+L([\d.]+),[\d.]+L[^"]*" style="fill:#56B4E9`)
	m := bar.FindAllStringSubmatch(string(svg), -1)
	if len(m) != 2 || m[0][1] != m[1][2] {
		t.Errorf("bars at %q:\n%s", m, svg)
	}
}

// TestSuspiciousAbove: points under suspicion are drawn last, so that no other hides them.
func TestSuspiciousAbove(t *testing.T) {
	svg, err := Scatter(dataframe.New(strs("src_ip", "10.0.0.1", "10.0.0.2"), nums("up_bytes", 1, 1), nums("down_bytes", 1, 1)),
		"up_bytes", "down_bytes", "src_ip", Suspicious("10.0.0.1")).SVG()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Index(svg, []byte("10.0.0.1,")) < bytes.Index(svg, []byte("10.0.0.2,")) {
		t.Errorf("the suspicious point is below the other:\n%s", svg)
	}
}

// TestThinColumns: a pointer finds a column that is too thin to be seen.
func TestThinColumns(t *testing.T) {
	svg, err := Strips(dataframe.New(strs("src_ip", "10.0.0.1", "10.0.0.1"), ints("timestamp", 0, 180_000), ints("flows", 1_000_000, 1)), "src_ip", "flows").SVG()
	if err != nil {
		t.Fatal(err)
	}
	mark := regexp.MustCompile(`<title>10.0.0.1, 00:30: 1 flows</title>\s*<path d="M[\d.]+,([\d.]+)L[\d.]+,[\d.]+L[\d.]+,([\d.]+)`).FindSubmatch(svg)
	if mark == nil {
		t.Fatalf("no mark:\n%s", svg)
	}
	low, _ := strconv.ParseFloat(string(mark[1]), 64)
	high, _ := strconv.ParseFloat(string(mark[2]), 64)
	if high-low < 5 {
		t.Errorf("the mark is %g points high", high-low)
	}
}

// TestTwoTicks: an axis of a small figure has two ticks at least.
func TestTwoTicks(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		lo, hi := 0.0, math.Pow(10, rng.Float64()*15)
		if hi < 2 {
			continue // counts have no parts
		}
		if ticks := linearTicks(frame.Count, 1).Ticks(lo, hi); len(ticks) != 2 {
			t.Errorf("from %g to %g: %v", lo, hi, ticks)
		}
		if ticks := logTicks(frame.Bytes, 1).Ticks(hi, hi*1500); len(ticks) < 2 {
			t.Errorf("from %g to %g: %v", hi, hi*1500, ticks)
		}
	}
}
