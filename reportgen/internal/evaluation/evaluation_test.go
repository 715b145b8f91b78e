package evaluation

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
	"github.com/flowbook/flowbook/reportgen/internal/synth"
	"github.com/parquet-go/parquet-go"
)

// tableRows returns the rows of Markdown tables in a text, without the blanks
// that align them.
func tableRows(text string) []string {
	var rows []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "| ") {
			rows = append(rows, strings.Join(strings.Fields(line), " "))
		}
	}
	return rows
}

// The committed table is what the detections give: its rows of the smallest
// worlds and of the real logs are recomputed.
func TestEvaluationIsCurrent(t *testing.T) {
	if testing.Short() {
		t.Skip("measures detections")
	}
	committed, err := os.ReadFile(testenv.Path(t, "testdata", "evaluation.md"))
	if err != nil {
		t.Fatal(err)
	}
	known := tableRows(string(committed))
	check := func(text string, least int) {
		rows := tableRows(text)
		if len(rows) < least {
			t.Fatalf("only %d rows", len(rows))
		}
		for _, row := range rows {
			if !slices.Contains(known, row) {
				t.Errorf("testdata/evaluation.md has no row %q; make it again with make evaluate", row)
			}
		}
	}
	outcomes, err := measureWorlds(t.Context(), worldsUpTo(20_000), []float64{1}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	writeWorlds(&text, outcomes)
	_, worlds, _ := strings.Cut(text.String(), "### Worlds")
	check(worlds, 4)

	weeks, err := measureWeeks(t.Context(), weeksWorlds()[1:2], func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	text.Reset()
	writeWeeks(&text, weeks)
	days, _, _ := strings.Cut(text.String(), "\n| all")
	check(days, 3)

	rows, err := measureCaptures(t.Context(), testenv.Data(t), nil, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	text.Reset()
	writeCaptures(&text, rows)
	// Without msticpy its column is empty.
	last := regexp.MustCompile(`[^|]*\|$`)
	for i, row := range known {
		if strings.Contains(row, "/") {
			known[i] = last.ReplaceAllString(row, " - |")
		}
	}
	check(text.String(), 20)
}

func TestWriteReportErrors(t *testing.T) {
	for _, tt := range []struct {
		opt  Options
		want string
	}{
		{Options{MaxFlows: 5}, "no world has 5 flows or fewer; the smallest have 20000"},
		{Options{Captures: t.TempDir()}, "recordings: "},
		{Options{Parts: []string{"worlds", "moons"}}, `unknown part "moons"; the parts are worlds`},
	} {
		var text bytes.Buffer
		err := WriteReport(t.Context(), &text, tt.opt)
		if err == nil || !strings.Contains(err.Error(), tt.want) || text.Len() > 0 {
			t.Errorf("%+v: %v, wrote %q", tt.opt, err, text.String())
		}
	}
}

// Rows of another number of columns and with other values are errors.
func TestReadTransactionsErrors(t *testing.T) {
	const head = "ts,duration,src_ip,src_port,dst_ip,port,proto,up_bytes,down_bytes,up_packets,down_packets,label\n"
	const good = "86401.5,0,10.0.0.1,1,10.0.0.2,53,udp,70,90,1,1,normal\n"
	for content, want := range map[string]string{
		head + good:            "",
		"ts,label\n1,normal\n": "wrong number of fields",
		head + "1,2\n":         "wrong number of fields",
		head + strings.Replace(good, "86401.5", "NaN", 1): "line 2: not seconds since 1970: NaN",
		head + strings.Replace(good, "86401.5", "-1", 1):  "line 2: not seconds since 1970: -1",
		head + strings.Replace(good, ",70,", ",x,", 1):    "line 2: strconv.ParseInt",
	} {
		path := filepath.Join(t.TempDir(), "tx.csv.gz")
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := io.WriteString(z, content); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		rows, err := readTransactions(path)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", content, err, want)
		}
		if want == "" && (len(rows) != 1 || rows[0].Time != flow.Second+50 || rows[0].Up != 70) {
			t.Errorf("%+v", rows)
		}
	}
}

// What is found does not depend on the order of rows, on how a day is split
// over files, on row groups, or on the number of threads.
func TestFindingsDoNotDependOnTheFile(t *testing.T) {
	plan, err := synth.New(synth.Options{Seed: 5, Flows: 20_000, Hosts: 30})
	if err != nil {
		t.Fatal(err)
	}
	in, err := planInput(plan, variant{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Geo.Close(); err != nil {
			t.Error(err)
		}
	})
	findings := func() string {
		b, err := json.Marshal(detect.All(in).Findings)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	want := findings()
	if !strings.Contains(want, `"severity":"high"`) {
		t.Fatal("nothing is found")
	}

	rows := slices.Collect(plan.Test())
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		files, rowGroup, threads int
		shuffled                 bool
	}{{1, 1 << 20, 1, false}, {1, 700, 2, false}, {1, 5000, 3, true}, {5, 1500, 2, true}} {
		if c.shuffled {
			rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		}
		var paths []string
		for i := range c.files {
			path := filepath.Join(t.TempDir(), "part.parquet")
			writeDayFile(t, path, rows[len(rows)*i/c.files:len(rows)*(i+1)/c.files], c.rowGroup)
			paths = append(paths, path)
		}
		if in.Test, err = flowfile.ProfileAll(t.Context(), paths, flowfile.Options{Workers: c.threads}); err != nil {
			t.Fatal(err)
		}
		if findings() != want {
			t.Errorf("%+v: the findings differ", c)
		}
	}
}

// writeDayFile writes a flow file with row groups of the given size.
func writeDayFile(t *testing.T, path string, rows []flow.Record, rowGroup int) {
	t.Helper()
	type row struct {
		Time  int64  `parquet:"timestamp"`
		Src   string `parquet:"src_ip,dict"`
		Dst   string `parquet:"dst_ip"`
		Proto string `parquet:"proto"`
		Port  int32  `parquet:"port"`
		Up    int64  `parquet:"up_bytes"`
		Down  int64  `parquet:"down_bytes"`
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := parquet.NewGenericWriter[row](f)
	for i, r := range rows {
		if _, err := w.Write([]row{{int64(r.Time), r.Src.String(), r.Dst.String(), r.Proto.String(), int32(r.Port), r.Up, r.Down}}); err != nil {
			t.Fatal(err)
		}
		if (i+1)%rowGroup == 0 {
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// An alert of host-anomaly is right about any planted host.
func TestRankChanges(t *testing.T) {
	host := func(entity string) detect.HostChange { return detect.HostChange{Src: netip.MustParseAddr(entity)} }
	finding := func(entity string, s detect.Severity) detect.Finding {
		return detect.Finding{Rule: detect.RuleHostAnomaly, Entity: netip.MustParseAddr(entity), Severity: s}
	}
	known := Truth{Planted: []plantedHost{{"beacon", "10.0.0.1"}, {"dns-c2", "10.0.0.2"}, {"dns-c2", "10.0.0.3"}, {"external-automation", "203.0.113.7"}}}
	found := detect.AnomalyResult{
		Hosts:   []detect.HostChange{host("10.0.0.3"), host("10.0.0.9"), host("10.0.0.1"), host("10.0.0.2"), host("10.0.0.8")},
		Outcome: detect.Outcome{Findings: []detect.Finding{finding("10.0.0.3", detect.Medium), finding("10.0.0.9", detect.Medium), finding("10.0.0.8", detect.Low)}},
	}
	if got, want := rankChanges(found, known), (changeRank{hosts: 5, planted: 3, hits: 2, unusual: 1, wrong: 2}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	e := Compare(known, found.Findings, 0)
	if len(e.falseAlarms) != 1 || e.falseAlarms[0].Entity != "10.0.0.9" {
		t.Errorf("false alarms %+v, want the one of 10.0.0.9", e.falseAlarms)
	}
	for _, s := range e.rules {
		if s.rule == detect.RuleHostAnomaly && s.wrong != 1 {
			t.Errorf("%d wrong, want 1", s.wrong)
		}
	}
}
