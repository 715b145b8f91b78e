package nb

import (
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-gota/gota/dataframe"
	"github.com/go-gota/gota/series"
	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/flowbook/flowbook/pkg/chart"
	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/frame"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/testenv"
)

// manyHosts returns hosts whose bytes are in no order, some of them missing.
func manyHosts(n int) frame.Frame {
	names, sent, ratio := make([]string, n), make([]int, n), make([]float64, n)
	for i := range n {
		names[i] = fmt.Sprintf("10.0.0.%d", i)
		sent[i] = (i * 7919) % 10007 * 1000
		ratio[i] = 1 / float64(i%5)
	}
	names[0] = `<img src=x onerror=alert(1)>`
	return dataframe.New(series.New(names, series.String, "src_ip"), series.New(sent, series.Int, "up_bytes"), series.New(ratio, series.Float, "up_down"))
}

func smallDay() *profile.Profile {
	b := profile.NewBuilder()
	b.Add(flow.Record{Time: 9 * flow.Hour, Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("203.0.113.9"), Proto: flow.TCP, Port: 443, Up: 1_190_000_000, Down: 5})
	return b.Profile()
}

func texts(t *testing.T, value any, o ...Option) string {
	t.Helper()
	d := newDisplay("table", o)
	d.unlabelled = true
	all, err := showData(value, d)
	if err != nil {
		return "error: " + err.Error()
	}
	var b strings.Builder
	for _, data := range all {
		for _, mime := range []protocol.MIMEType{protocol.MIMETextMarkdown, protocol.MIMETextPlain} {
			if words, ok := data.Data[mime].(string); ok {
				b.WriteString(words + "\n")
			}
		}
	}
	return b.String()
}

// TestShow: each kind of value is displayed, in Jupyter and in a report, without
// a label.
func TestShow(t *testing.T) {
	addr := netip.MustParseAddr("10.0.0.1")
	finding := detect.Finding{Rule: detect.RuleDNSC2, Entity: addr, Severity: detect.High, Score: 0.9, Summary: "asked much", Attack: []string{"T1071.004"},
		Evidence: struct {
			Flows int    `json:"dns_flows"`
			Note  string `json:"note"`
		}{7, "x"}, Window: [2]flow.Time{flow.Hour, 2 * flow.Hour}}
	day := smallDay()
	for name, c := range map[string]struct {
		value any
		says  []string
	}{
		"frame":        {hosts(), []string{"10.0.0.1", "1.19 GB", "–"}},
		"finding":      {finding, []string{"10.0.0.1", "high (score 0.900)", "asked much", "dns flows", "7", "01:00:00 to 02:00:00", "T1071.004"}},
		"findings":     {[]detect.Finding{finding}, []string{"Severity", "asked much"}},
		"device":       {detect.Device{Entity: addr, Findings: []detect.Finding{finding}}, []string{"asked much"}},
		"devices":      {[]detect.Device{{Entity: addr, Severity: detect.High}}, []string{"10.0.0.1", "high"}},
		"result":       {detect.Result{Devices: []detect.Device{{Entity: addr}}}, []string{"10.0.0.1"}},
		"rule":         {detect.Rules()[0], []string{detect.Rules()[0].Title, "### Conditions"}},
		"rules":        {detect.Rules(), []string{detect.RuleDNSC2}},
		"service":      {detect.Service{Addr: addr, Port: 53, Role: detect.RoleDNS}, []string{"10.0.0.1", "DNS server"}},
		"services":     {[]detect.Service{{Addr: addr}}, []string{"10.0.0.1"}},
		"coverage":     {[]detect.Coverage{{Rule: "x-rule", Reason: "no day"}}, []string{"x-rule", "no day"}},
		"thresholds":   {[]detect.Threshold{{Name: "up_bytes", Value: 5, Unit: "bytes", From: "the median"}}, []string{"the median"}},
		"day":          {day, []string{"flows", "1.19 GB", "09:00:00"}},
		"host":         {day.Hosts[0], []string{"10.0.0.1"}},
		"conversation": {day.Conversations[0], []string{"203.0.113.9", "443"}},
		"flows":        {day.Hosts[0].Largest, []string{"203.0.113.9"}},
		"figure":       {chart.Bars(hosts(), "src_ip", []string{"up_bytes"}), []string{"Bars of sent by source. "}},
		"text":         {"a *b* <c>", []string{"a *b* <c>"}},
		"texts":        {[]string{"a", "b"}, []string{"a and b"}},
		"address":      {addr, []string{"10.0.0.1"}},
		"addresses":    {[]netip.Addr{addr, addr}, []string{"10.0.0.1 and 10.0.0.1"}},
		"number":       {1234567, []string{"1,234,567"}},
		"bytes":        {int64(1234567), []string{"1,234,567"}},
		"share":        {0.25, []string{"0.25"}},
		"truth":        {true, []string{"true"}},
		"map":          {map[string]int{"b": 1, "a": 2}, []string{"\"a\": 2,\n  \"b\": 1"}},
		"run":          {Open(Inputs{Test: "sample:test.parquet"}), []string{"test", "sample:test.parquet"}},
		"query":        {Open(Inputs{Test: "x"}).Flows().By("src_ip"), []string{"error: nb.Show: the query names no answer", "Count()"}},
		"bad query":    {Flows(), []string{"error: nb.Flows: no day"}},
		"groups":       {frame.By(hosts(), "src_ip"), []string{"error: nb.Show: the groups have no answer"}},
		"no rows":      {frame.Head(hosts(), 0), []string{"no rows; the columns are src_ip"}},
		"nothing":      {nil, []string{"nothing"}},
		"error":        {errors.New("no such host"), []string{"error: no such host"}},
		"broken frame": {hosts().Select([]string{"x"}), []string{"error: invalid frame"}},
		"empty frame":  {frame.Frame{}, []string{"error: invalid frame: no columns"}},
	} {
		for _, inputs := range []string{"", "in a report"} {
			t.Setenv(inputsVariable, inputs)
			got := texts(t, c.value)
			for _, want := range c.says {
				if !strings.Contains(got, want) {
					t.Errorf("%s, report %q: no %q in\n%s", name, inputs, want, got)
				}
			}
		}
	}
}

// TestShowInReport: a report has the first rows as a plain table, and says how many
// there are.
func TestShowInReport(t *testing.T) {
	t.Setenv(inputsVariable, "in a report")
	d := newDisplay("table", nil)
	d.unlabelled = true
	all, err := showData(manyHosts(45), d)
	if err != nil || len(all) != 2 {
		t.Fatalf("%d outputs, %v", len(all), err)
	}
	table := all[0].Data[protocol.MIMETextHTML].(string)
	if strings.Contains(table, "<script") || strings.Count(table, "<tr>") != 21 || all[0].Metadata != nil {
		t.Errorf("not a plain table of 20 rows:\n%s", table)
	}
	if words := all[1].Data[protocol.MIMETextMarkdown]; words != "The first 20 of 45 rows." {
		t.Errorf("got %q", words)
	}
	if got := texts(t, manyHosts(45), Most(3)); !strings.Contains(got, "The first 3 of 45 rows.") {
		t.Errorf("with a limit of 3:\n%s", got)
	}
}

// TestGrid writes the page that TestGrid of package rendertest uses in a browser.
func TestGrid(t *testing.T) {
	t.Setenv(inputsVariable, "")
	data, err := gridData(manyHosts(45), newDisplay("table", []Option{Title("src_ip", "Host & co")}))
	if err != nil {
		t.Fatal(err)
	}
	grid := data.Data[protocol.MIMETextHTML].(string)
	if strings.Contains(grid, "<img") {
		t.Error("a name is markup")
	}
	page := "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<title>Grid</title>\n<main>\n<h1>Grid</h1>\n" + grid + "\n</main>\n</html>\n"
	testenv.Golden(t, filepath.Join("testdata", "grid.html"), page)

	data, err = gridData(manyHosts(gridRows+100), newDisplay("table", nil))
	if err != nil {
		t.Fatal(err)
	}
	grid = data.Data[protocol.MIMETextHTML].(string)
	if rows := strings.Count(grid, "<tr"); rows != gridRows+1 || !strings.Contains(grid, `data-rest="100"`) {
		t.Errorf("%d rows, or no word of the others", rows)
	}
}

// TestExploring: tables and figures need no label in Jupyter.
func TestExploring(t *testing.T) {
	t.Setenv(inputsVariable, "")
	figure := chart.Bars(hosts(), "src_ip", []string{"up_bytes"})
	for _, o := range [][]Option{nil, {Label("tbl-x"), Caption("x")}} {
		if _, err := tableData(hosts(), newDisplay("table", o)); err != nil {
			t.Error(err)
		}
	}
	data, err := figureData(figure, newDisplay("figure", nil))
	if alt := fmt.Sprint(data.Metadata); err != nil || alt != "map[image/svg+xml:map[alt:"+figure.Alt+"]]" || data.Data[protocol.MIMETextPlain] != figure.Alt {
		t.Errorf("%v, %v", data, err)
	}
	if data, err := tableData(hosts(), newDisplay("table", nil)); err != nil || data.Metadata != nil {
		t.Errorf("%v, %v", data, err)
	}
}

// JupyterLab and VS Code show a figure on white, also in a dark theme: its text is black. A report has styles for both.
func TestFigureGround(t *testing.T) {
	const ground = `<svg style="background:#fff" xmlns=`
	for inputs, want := range map[string]bool{"": true, "in a report": false} {
		t.Setenv(inputsVariable, inputs)
		data, err := figureData(chart.Bars(hosts(), "src_ip", []string{"up_bytes"}), newDisplay("figure", []Option{Label("fig-a"), Caption("A"), Alt("B")}))
		if err != nil {
			t.Fatal(err)
		}
		if svg := data.Data[protocol.MIMEImageSVG].(string); strings.HasPrefix(svg, ground) != want || !strings.HasPrefix(svg, "<svg ") {
			t.Errorf("%q: %.80s", inputs, svg)
		}
	}
}
