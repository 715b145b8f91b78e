package nb

import (
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-gota/gota/dataframe"
	"github.com/go-gota/gota/series"
	"github.com/google/go-cmp/cmp"
	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/flowbook/flowbook/pkg/chart"
	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/frame"
	"github.com/flowbook/flowbook/pkg/testenv"
)

// TestClosure checks what a cell links, with the tags that the kernel builds it
// with: nothing that knows the format of flow files, since that alone would take
// longer to link than everything else, and none of what cells once linked unused.
func TestClosure(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-tags=netgo,osusergo,minimal", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	var others []string
	for p := range strings.FieldsSeq(string(out)) {
		for _, heavy := range []string{"parquet-go", "flowbook/reportgen/internal/scan", "flowbook/reportgen/internal/ingest", "flowbook/reportgen/internal/synth", "zmq4", "html/template", "net/http",
			"runtime/cgo", "vg/vgimg", "vg/vgpdf", "vg/vgeps", "vg/vgtex", "fpdf", "x/image/tiff", "image/jpeg", "x/text/language"} {
			if strings.Contains(p, heavy) {
				t.Errorf("a cell links %s", p)
			}
		}
		if strings.Contains(p, ".") {
			others = append(others, p)
		}
	}
	t.Logf("a cell links %d packages beside the standard library:\n%s", len(others), strings.Join(others, "\n"))
}

func hosts() frame.Frame {
	return dataframe.New(
		series.New([]string{"10.0.0.1", "10.0.0.2", "<b>"}, series.String, "src_ip"),
		series.New([]int{1_190_000_000, 9_007_199_254_740_991, 0}, series.Int, "up_bytes"),
		series.New([]float64{0.1234, math.NaN(), 2}, series.Float, "up_down"))
}

// bundle writes a display as JSON, with the JSON inside it unfolded.
func bundle(t *testing.T, d *protocol.DisplayData) []byte {
	t.Helper()
	data := map[string]any{}
	for mime, v := range d.Data {
		data[string(mime)] = v
		if svg, ok := v.(string); ok && mime == protocol.MIMEImageSVG && strings.HasPrefix(svg, "<svg ") {
			data[string(mime)] = "<svg …" // how it looks is tested where it is drawn
		}
		if mime == mimeResource {
			var inner any
			if err := json.Unmarshal([]byte(v.(string)), &inner); err != nil {
				t.Fatal(err)
			}
			data[string(mime)] = inner
		}
	}
	b, err := json.MarshalIndent(map[string]any{"data": data, "metadata": d.Metadata}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

func TestBundles(t *testing.T) {
	figure := chart.Bars(hosts(), "src_ip", []string{"up_bytes"})
	for _, c := range []struct {
		name string
		make func() (*protocol.DisplayData, error)
	}{
		{"table", func() (*protocol.DisplayData, error) {
			return tableData(hosts(), newDisplay("table", []Option{Label("tbl-hosts"), Caption("Hosts of %s", "a day"), Title("src_ip", "Host"),
				Format("up_down", func(v float64) string { return fmt.Sprintf("%.1f", v) })}))
		}},
		{"table-cut", func() (*protocol.DisplayData, error) {
			return tableData(hosts(), newDisplay("table", []Option{Label("tbl-hosts"), Caption("Hosts"), Columns("up_bytes"), Most(1)}))
		}},
		{"table-empty", func() (*protocol.DisplayData, error) {
			return tableData(frame.Head(hosts(), 0), newDisplay("table", []Option{Label("tbl-hosts"), Caption("Hosts"), Otherwise("There is no host.")}))
		}},
		{"figure", func() (*protocol.DisplayData, error) {
			return figureData(figure, newDisplay("figure", []Option{Label("fig-hosts"), Caption("Hosts"), Alt("Bars of %d hosts", 3)}))
		}},
		{"figure-empty", func() (*protocol.DisplayData, error) {
			empty := chart.Bars(frame.Head(hosts(), 0), "src_ip", []string{"up_bytes"})
			return figureData(empty, newDisplay("figure", []Option{Label("fig-hosts"), Caption("Hosts"), Alt("Bars"), Otherwise("There is no host.")}))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := c.make()
			if err != nil {
				t.Fatal(err)
			}
			testenv.Golden(t, filepath.Join("testdata", c.name+".json"), string(bundle(t, d)))
		})
	}
}

// TestRefused checks that a display that would make a bad report is refused
// with a message that says what is wrong.
func TestRefused(t *testing.T) {
	figure := chart.Bars(hosts(), "src_ip", []string{"up_bytes"})
	t.Setenv(inputsVariable, "inputs") // in a report
	table := func(o ...Option) error { _, err := tableData(hosts(), newDisplay("table", o)); return err }
	fig := func(f *chart.Figure, o ...Option) error { _, err := figureData(f, newDisplay("figure", o)); return err }
	for _, c := range []struct {
		err  error
		says string
	}{
		{table(Caption("x")), "without a label"},
		{table(Label("fig-x"), Caption("x")), `must start with "tbl-"`},
		{table(Label("tbl-x")), "no caption"},
		{table(Label("tbl-x"), Caption("x"), Columns("port")), `no column "port"`},
		{table(Label("tbl-x"), Caption("x"), Format("src_ip", frame.Bytes.Format)), "does not apply to text"},
		{fig(figure, Caption("x")), "without a label"},
		{fig(chart.Bars(hosts(), "src_ip", []string{"down_bytes"}), Label("fig-x"), Caption("x"), Alt("x")), `no column "down_bytes"`},
		{fig(chart.Bars(frame.Head(hosts(), 0), "src_ip", []string{"up_bytes"}), Label("fig-x"), Caption("x"), Alt("x")), "no rows to draw"},
		{fig(chart.Hours(hosts().Select([]string{"nothing"}), "flows"), Label("fig-x"), Caption("x"), Alt("x"), Otherwise("none")), "invalid frame"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.says) {
			t.Errorf("error %v does not say %q", c.err, c.says)
		}
	}
}

func TestRuleText(t *testing.T) {
	for _, r := range detect.Rules() {
		words, err := ruleText(r.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range append(append([]string{r.Description, "### Conditions", "### Actions", "### Result"}, r.Conditions...), r.Response...) {
			if !strings.Contains(words, part) {
				t.Errorf("%s does not say %q", r.ID, part)
			}
		}
	}
	if _, err := ruleText("no-such-rule"); err == nil || !strings.Contains(err.Error(), detect.RuleDNSC2) {
		t.Errorf("an unknown rule: %v; the error must list those that exist", err)
	}
}

func TestWords(t *testing.T) {
	for got, want := range map[string]string{
		Bytes(1_190_000_000): "1.19 GB", Count(334_778): "334,778", Percent(0.5): "50 %",
		N(0, "flow"): "no flows", N(1, "flow"): "1 flow", N(1830, "flow"): "1,830 flows", N(2, "country", "countries"): "2 countries",
		are(1, "host"): "is 1 host", are(0, "host"): "are no hosts",
		List(nil, 3): "none", List([]string{"a"}, 3): "a", List([]string{"a", "b", "c"}, 2): "a, b and c",
		List([]string{"a", "b", "c", "d"}, 2): "a, b and 2 others", ID("tbl-x", "2001:db8::1"): "tbl-x-2001-db8--1",
		First(hosts(), "up_bytes"): "1.19 GB", First(frame.Head(hosts(), 0), "src_ip"): "none",
		Where(hosts(), "src_ip", "10.0.0.2", "src_ip"): "10.0.0.2", fmt.Sprint(Addrs([]string{"10.0.0.1", "x", "::1", "::2"}, 2)): "[10.0.0.1 ::1]",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestRule: the sentence about findings of lower severity follows the one about
// alerts, after a space.
func TestRule(t *testing.T) {
	addr := netip.MustParseAddr("10.0.0.1")
	found := []detect.Finding{{Entity: addr, Severity: detect.High}, {Entity: addr, Severity: detect.Low}}
	out := printed(t, func() { Rule(detect.RuleDNSC2, detect.Outcome{Findings: found}) })
	if want := "raised 1 alert on the test day (@tbl-alerts-dns-c2). There is 1 finding of lower"; !strings.Contains(out, want) {
		t.Errorf("no %q in\n%s", want, out)
	}
	out = printed(t, func() { Rule(detect.RuleDNSC2, detect.Outcome{Findings: found[1:]}) })
	if want := "raised no alert on the test day. There is 1 finding of lower"; !strings.Contains(out, want) {
		t.Errorf("no %q in\n%s", want, out)
	}
}

// printed returns what f prints on standard output.
func printed(t *testing.T, f func()) string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	stdout := os.Stdout
	os.Stdout = file
	defer func() { os.Stdout = stdout }()
	f()
	out, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestFullStops: a full stop at the end of a name ends the sentence, and other dots
// stay.
func TestFullStops(t *testing.T) {
	for _, tt := range []struct{ format, arg, want string }{
		{"First is %s.", "Multimedia S.A.", "First is Multimedia S.A."},
		{"First is %s. Then others.", "Multimedia S.A.", "First is Multimedia S.A. Then others."},
		{"First is %s.", "Google LLC", "First is Google LLC."},
		{"See %s", "../notebooks/..", "See ../notebooks/.."},
		{"And so on ... %s...", "x", "And so on ... x..."},
	} {
		if got := textf(tt.format, []any{tt.arg}); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

// TestListLeavesItsInput: List does not change its argument.
func TestListLeavesItsInput(t *testing.T) {
	words := []string{"a", "b", "c", "d"}
	List(words, 2)
	if diff := cmp.Diff([]string{"a", "b", "c", "d"}, words); diff != "" {
		t.Error(diff)
	}
}
