package translate

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/go-gota/gota/dataframe"
	"github.com/go-gota/gota/series"

	"github.com/flowbook/flowbook/pkg/chart"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/frame"
)

// figures returns charts of each kind with every text that they can compute: suspects, missing values and rows left out.
func figures() map[string]*chart.Figure {
	const n = 240
	var src, dst, country, who []string
	var at, hours, lasted []int
	var flows, up, down []float64
	for i := range n {
		src, dst = append(src, fmt.Sprint("10.0.0.", i%60)), append(dst, fmt.Sprint("203.0.113.", i*7%50))
		country, who = append(country, fmt.Sprint("C", i%30)), append(who, fmt.Sprint("AS", i%25))
		at, hours, lasted = append(at, i*int(flow.Day)/n), append(hours, i%24), append(lasted, (i*7919)%100000)
		flows, up, down = append(flows, float64(1+i%40)), append(up, math.Exp(float64(i%20))), append(down, float64(1+i%7)*1e5)
	}
	up[3], up[4], down[5] = math.NaN(), 0, math.NaN()
	starts := make([]float64, n)
	for i := range n {
		starts[i] = float64(at[i])
	}
	starts[7] = math.NaN()
	f := dataframe.New(series.New(src, series.String, "src_ip"), series.New(dst, series.String, "dst_ip"), series.New(country, series.String, "country"),
		series.New(who, series.String, "owner"), series.New(starts, series.Float, "timestamp"), series.New(hours, series.Int, "hour"),
		series.New(lasted, series.Int, "duration"), series.New(flows, series.Float, "flows"), series.New(up, series.Float, "up_bytes"), series.New(down, series.Float, "down_bytes"))
	day := frame.Head(f, 24)
	days := frame.Compare(day, day, "hour", "flows")
	hosts := frame.Compare(frame.Head(f, 60), frame.Head(f, 60), "src_ip", "up_bytes")
	suspect := chart.Suspicious("10.0.0.1", "AS1", "C1")
	return map[string]*chart.Figure{
		"hours":     chart.Hours(days, "flows"),
		"bars":      chart.Bars(hosts, "src_ip", []string{"up_bytes"}, suspect),
		"small":     chart.Bars(hosts, "src_ip", []string{"up_bytes"}, suspect, chart.Small()),
		"line":      chart.Line(f, "hour", "flows", chart.By("owner"), suspect),
		"area":      chart.Area(f, "hour", "flows", chart.By("owner"), suspect),
		"scatter":   chart.Scatter(f, "down_bytes", "up_bytes", "src_ip", chart.By("owner"), suspect),
		"histogram": chart.Histogram(f, "up_bytes", chart.By("owner"), suspect),
		"ecdf":      chart.ECDF(f, "up_bytes", chart.By("owner"), suspect),
		"boxes":     chart.Boxes(f, "country", "up_bytes", suspect),
		"heatmap":   chart.Heatmap(f, "hour", "src_ip", "flows", suspect),
		"timeline":  chart.Timeline(f, "src_ip", "timestamp", "duration", suspect),
		"graph":     chart.Graph(f, "src_ip", "dst_ip", "flows", suspect),
		"multiples": chart.Multiples(f, "owner", "hour", "flows", suspect),
	}
}

// english matches words that no text of a figure has in Portuguese.
var english = regexp.MustCompile(`(?i)\b(?:of|the|by|with|without|from|to|at|others?|rows?|values?|highest|lowest|median|missing|drawn|and|all|is|are|has|have|most|share|pairs?|nodes?|cells?|bars?|points?|together|each|below|quartiles|suspicious|flows|time|day|hour|sent|received|source|largest|connections?|series|logarithmic|small|starts?|ends?)\b`)

// Every text of a figure has a Portuguese translation: labels, values of marks, and the alt text that is computed.
func TestFigureTexts(t *testing.T) {
	tr := portuguese(t)
	words := regexp.MustCompile(`<(?:text|title)[^>]*>([^<]+)<`)
	for name, fig := range figures() {
		svg, err := fig.SVG()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		texts := []string{}
		for _, m := range words.FindAllStringSubmatch(string(svg), -1) {
			texts = append(texts, tr.Value(m[1]))
		}
		if len(texts) < 5 {
			t.Errorf("%s: only the texts %q", name, texts)
		}
		seen := map[string]bool{}
		for _, as := range append(texts, tr.Text(fig.Alt)) {
			for _, word := range english.FindAllString(as, -1) {
				if !seen[strings.ToLower(word)] {
					seen[strings.ToLower(word)] = true
					t.Errorf("%s: %q is not translated in %q", name, word, as)
				}
			}
		}
	}
}
