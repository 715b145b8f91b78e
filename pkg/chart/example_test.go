package chart_test

import (
	"bytes"
	"fmt"

	"github.com/flowbook/flowbook/pkg/chart"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/frame"
	"github.com/flowbook/flowbook/pkg/profile"
)

// day returns a day on which one host sends some bytes.
func day(up int64) *profile.Profile {
	src, _ := flow.ParseAddr("10.0.0.1")
	dst, _ := flow.ParseAddr("203.0.113.9")
	b := profile.NewBuilder()
	b.Add(flow.Record{Time: 9 * flow.Hour, Src: src, Dst: dst, Proto: flow.TCP, Port: 443, Up: up})
	return b.Profile()
}

// Two days side by side, with the host under suspicion marked.
func ExampleBars() {
	sent := frame.Compare(frame.Hosts(day(3_800_000)), frame.Hosts(day(1_190_000_000)), "src_ip", "up_bytes")
	fig := chart.Bars(sent, "src_ip", []string{"up_bytes"}, chart.Options{Suspicious: []string{"10.0.0.1"}})
	svg, err := fig.SVG()
	fmt.Println(bytes.Contains(svg, []byte(">1.19 GB test, suspicious</text>")), err)
	// Output: true <nil>
}

func ExampleHours() {
	svg, err := chart.Hours(frame.Hours(day(1)), "flows", chart.Options{}).SVG()
	fmt.Println(bytes.Contains(svg, []byte(">Flows per hour</text>")), err)
	// Output: true <nil>
}

// A figure without rows is an error.
func ExampleFigure_SVG() {
	_, err := chart.Bars(frame.Hosts(&profile.Profile{}), "src_ip", []string{"flows"}, chart.Options{}).SVG()
	fmt.Println(err)
	// Output: chart: bars: no rows to draw; display a sentence instead
}
