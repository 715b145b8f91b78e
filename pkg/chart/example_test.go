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
	fig := chart.Bars(sent, "src_ip", []string{"up_bytes"}, chart.Suspicious("10.0.0.1"))
	svg, err := fig.SVG()
	fmt.Println(bytes.Contains(svg, []byte(">1.19 GB test, suspicious</text>")), err)
	// Output: true <nil>
}

func ExampleHours() {
	svg, err := chart.Hours(frame.Hours(day(1)), "flows").SVG()
	fmt.Println(bytes.Contains(svg, []byte(">Flows per hour</text>")), err)
	// Output: true <nil>
}

// connections returns the flows of three hosts by conversation.
func connections() frame.Frame {
	b := profile.NewBuilder()
	for i := range 30 {
		src, _ := flow.ParseAddr(fmt.Sprintf("10.0.0.%d", 1+i%3))
		dst, _ := flow.ParseAddr(fmt.Sprintf("203.0.113.%d", 1+i%4))
		b.Add(flow.Record{Time: flow.Time(i%24) * flow.Hour, Src: src, Dst: dst, Proto: flow.TCP, Port: 443, Up: int64(1000 * (i + 1)), Down: int64(i)})
	}
	return frame.Conversations(b.Profile())
}

// alt prints what a figure says to readers who do not see it.
func alt(f *chart.Figure) {
	if _, err := f.SVG(); err != nil {
		fmt.Println(err)
	}
	fmt.Println(f.Alt)
}

// One line for each host.
func ExampleLine() {
	alt(chart.Line(connections(), "first", "up_bytes", chart.By("src_ip")))
	// Output: Lines of sent by first. 10.0.0.3: 4 values, highest 54 kB at 05:00:00, lowest 30 kB at 08:00:00. 10.0.0.2: 4 values, highest 51 kB at 04:00:00, lowest 28 kB at 07:00:00. 10.0.0.1: 4 values, highest 48 kB at 03:00:00, lowest 26 kB at 06:00:00.
}

// The areas of hosts on top of each other.
func ExampleArea() {
	alt(chart.Area(connections(), "first", "up_bytes", chart.By("src_ip")))
	// Output: Areas of sent by first. 10.0.0.3: 4 values, highest 54 kB at 05:00:00, lowest 30 kB at 08:00:00. 10.0.0.2: 4 values, highest 51 kB at 04:00:00, lowest 28 kB at 07:00:00. 10.0.0.1: 4 values, highest 48 kB at 03:00:00, lowest 26 kB at 06:00:00.
}

func ExampleScatter() {
	alt(chart.Scatter(connections(), "up_bytes", "flows", "dst_ip"))
	// Output: Points of flows over sent. Sent: 12 values, from 26 kB to 54 kB, median 37.5 kB. Flows: 12 values, from 2 to 3, median 3.
}

func ExampleHistogram() {
	alt(chart.Histogram(connections(), "up_bytes"))
	// Output: Histogram of sent. 12 values, from 26 kB to 54 kB, median 37.5 kB.
}

func ExampleECDF() {
	alt(chart.ECDF(connections(), "up_bytes", chart.By("src_ip")))
	// Output: Cumulative distribution of sent. 10.0.0.3: 4 values, from 30 kB to 54 kB, median 40.5 kB. 10.0.0.2: 4 values, from 28 kB to 51 kB, median 38 kB. 10.0.0.1: 4 values, from 26 kB to 48 kB, median 35.5 kB.
}

func ExampleBoxes() {
	alt(chart.Boxes(connections(), "src_ip", "up_bytes"))
	// Output: Box plots of sent by source. 10.0.0.3: 4 values, from 30 kB to 54 kB, median 40.5 kB. 10.0.0.2: 4 values, from 28 kB to 51 kB, median 38 kB. 10.0.0.1: 4 values, from 26 kB to 48 kB, median 35.5 kB.
}

// Who sent how much to whom.
func ExampleHeatmap() {
	alt(chart.Heatmap(connections(), "dst_ip", "src_ip", "up_bytes"))
	// Output: Heatmap of sent by source and destination, 3 rows by 4 columns. 12 cells, the largest 54 kB (10.0.0.3, 203.0.113.2).
}

// The conversations of each host, from the first flow to the last.
func ExampleTimeline() {
	alt(chart.Timeline(connections(), "src_ip", "first", "last"))
	// Output: Timeline of 12 connections in 3 rows. The first starts at 00:00:00, the last ends at 23:00:00. 10.0.0.1 has the most: 4.
}

func ExampleGraph() {
	alt(chart.Graph(connections(), "src_ip", "dst_ip", "up_bytes", chart.Suspicious("10.0.0.2")))
	// Output: Graph of sent between 7 nodes, 12 pairs. 10.0.0.3 → 203.0.113.2: 54 kB. 10.0.0.2 → 203.0.113.1: 51 kB. 10.0.0.1 → 203.0.113.4: 48 kB. 10.0.0.3 → 203.0.113.3: 45 kB. 10.0.0.2 → 203.0.113.2: 42 kB. 7 other pairs.
}

func ExampleMultiples() {
	alt(chart.Multiples(connections(), "src_ip", "first", "up_bytes"))
	// Output: Small plots of sent by first. 10.0.0.3: 4 values, highest 54 kB at 05:00:00, lowest 30 kB at 08:00:00. 10.0.0.2: 4 values, highest 51 kB at 04:00:00, lowest 28 kB at 07:00:00. 10.0.0.1: 4 values, highest 48 kB at 03:00:00, lowest 26 kB at 06:00:00.
}

// A figure without rows is an error.
func ExampleFigure_SVG() {
	_, err := chart.Bars(frame.Hosts(&profile.Profile{}), "src_ip", []string{"flows"}).SVG()
	fmt.Println(err)
	// Output: chart: bars: no rows to draw; display a sentence instead
}
