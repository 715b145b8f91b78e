package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
	"github.com/flowbook/flowbook/reportgen/internal/sentinel"
)

// notes are the lines that reportgen prints beneath Sentinel's tables.
var notes = regexp.MustCompile(`\n(\[i\] .*\n)+`)

// TestSentinelPandas compares what reportgen sentinel prints with what pandas
// prints of the same files, which pandas wrote: the sample day, days made to be
// awkward, and random ones.
func TestSentinelPandas(t *testing.T) {
	const percentile = 70
	dir := t.TempDir()
	t.Setenv("FLOWBOOK_CACHE", t.TempDir())
	days := map[string][]flow.Record{"sample": sampleDay(t)}
	for name, rows := range awkwardDays() {
		days[name] = rows
	}
	for i := range 40 {
		days[fmt.Sprintf("random-%02d", i)] = randomDay(uint64(i))
	}
	country, owner := sampleDatabase(t, "country.mmdb"), sampleDatabase(t, "asn.mmdb")
	for name, rows := range days {
		writeFlowCSV(t, filepath.Join(dir, name+".csv"), rows)
	}
	writeCodes(t, filepath.Join(dir, "countries.json"), country, days)
	pandas(t, dir, strconv.Itoa(percentile))
	t.Chdir(t.TempDir()) // charts go to the current folder

	for name := range days {
		want, err := os.ReadFile(filepath.Join(dir, name+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		got := mustRun(t, "sentinel", "--data", filepath.Join(dir, name+".parquet"), "-gi", country, "-gin", owner,
			"-cv", "-td", "-dx", strconv.Itoa(percentile), "-bn")
		if diff := cmp.Diff(string(want), notes.ReplaceAllString(got, "")); diff != "" {
			t.Errorf("%s (-pandas +reportgen):\n%s", name, diff)
		}
	}
}

// Debian's legacy database gives the countries that Debian's own program says,
// of the whole sample day.
func TestSentinelLegacy(t *testing.T) {
	legacy := testenv.File(t, "/usr/share/GeoIP/GeoIP.dat", "Debian's package geoip-database")
	program := testenv.Program(t, "geoiplookup", "Debian's package geoip-bin")
	day := filepath.Join("..", "testdata", "test.parquet")
	p, err := flowfile.Profile(t.Context(), day, flowfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := sentinel.OpenGeo(legacy, sampleDatabase(t, "asn.mmdb"), p)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	known := 0
	for i, c := range p.Conversations {
		if i%max(1, len(p.Conversations)/200) != 0 || !c.Dst.Is4() {
			continue
		}
		out, err := exec.CommandContext(t.Context(), program, "-f", legacy, c.Dst.String()).Output()
		if err != nil {
			t.Fatal(err)
		}
		_, answer, _ := strings.Cut(string(out), ": ")
		want, _, found := strings.Cut(answer, ",")
		if !found {
			want = "" // "IP Address not found"
		}
		if got := l.Country(c.Dst).Code; got != strings.TrimSpace(want) {
			t.Errorf("%s is in %q, and geoiplookup says %q", c.Dst, got, want)
		}
		if want != "" {
			known++
		}
	}
	if known == 0 {
		t.Error("no destination has a country")
	}
}

// pandas runs testdata/sentinel.py.
func pandas(t *testing.T, args ...string) {
	t.Helper()
	testenv.RunPython(t, []string{"pandas", "pyarrow"}, "", append([]string{filepath.Join("testdata", "sentinel.py")}, args...)...)
}

func sampleDatabase(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func sampleDay(t *testing.T) []flow.Record {
	t.Helper()
	var rows []flow.Record
	for r, err := range flowfile.Rows(t.Context(), filepath.Join("..", "testdata", "test.parquet"), flowfile.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	return rows
}

func sentinelFlow(at flow.Time, src, dst string, up, down int64) flow.Record {
	return flow.Record{Time: at, Src: netip.MustParseAddr(src), Dst: netip.MustParseAddr(dst), Proto: flow.TCP, Port: 443, Up: up, Down: down}
}

// awkwardDays are days on which one or another rule of layout or order counts.
func awkwardDays() map[string][]flow.Record {
	one := []flow.Record{sentinelFlow(500, "10.0.0.1", "10.0.0.2", 7, 9)}
	backwards := []flow.Record{
		sentinelFlow(900, "10.0.0.1", "10.0.0.2", 7, 9), sentinelFlow(500, "10.0.0.3", "10.0.0.2", 7, 9),
		sentinelFlow(100, "10.0.0.3", "10.0.0.1", 7, 9), sentinelFlow(8_639_999, "10.0.0.2", "10.0.0.1", 7, 9),
	}
	nothing := []flow.Record{ // nothing sent, nothing received, and neither
		sentinelFlow(1, "10.0.0.1", "8.8.8.8", 0, 9), sentinelFlow(2, "10.0.0.2", "8.8.8.8", 9, 0),
		sentinelFlow(3, "10.0.0.3", "8.8.8.8", 0, 0), sentinelFlow(4, "10.0.0.4", "8.8.8.8", 3, 1),
	}
	large := []flow.Record{
		sentinelFlow(1, "10.0.0.1", "8.8.8.8", 3, 1<<52), sentinelFlow(2, "10.0.0.2", "8.8.8.8", 1<<40, 1),
		sentinelFlow(3, "10.0.0.3", "8.8.8.8", 1, 1), sentinelFlow(3, "10.0.0.4", "8.8.8.8", 2, 1),
	}
	return map[string][]flow.Record{"one": one, "backwards": backwards, "nothing": nothing, "large": large}
}

// randomDay is a small day of a few hosts, in no order, with many equal values.
func randomDay(seed uint64) []flow.Record {
	r := rand.New(rand.NewPCG(seed, 3))
	outside := []string{"8.8.8.8", "142.250.184.196", "13.107.42.17", "82.155.120.34", "203.0.113.9"}
	var rows []flow.Record
	for range 1 + r.IntN(60) {
		src, dst := fmt.Sprintf("10.0.%d.%d", r.IntN(2), r.IntN(12)), fmt.Sprintf("10.0.%d.%d", r.IntN(2), r.IntN(12))
		if r.IntN(2) == 0 {
			dst = outside[r.IntN(len(outside))]
		}
		digits := r.IntN(16)
		bytes := func() int64 {
			n := int64(1)
			for range r.IntN(digits + 1) {
				n *= 10
			}
			return n * r.Int64N(4)
		}
		rows = append(rows, sentinelFlow(flow.Time(r.IntN(int(flow.Day))), src, dst, bytes(), bytes()))
	}
	return rows
}

func writeFlowCSV(t *testing.T, path string, rows []flow.Record) {
	t.Helper()
	var b bytes.Buffer
	fmt.Fprintln(&b, strings.Join(flow.Columns, ","))
	for _, f := range rows {
		fmt.Fprintf(&b, "%d,%v,%v,%v,%d,%d,%d\n", f.Time, f.Src, f.Dst, f.Proto, f.Port, f.Up, f.Down)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// writeCodes writes the countries of all destinations for sentinel.py.
func writeCodes(t *testing.T, path, country string, days map[string][]flow.Record) {
	t.Helper()
	l, err := geo.Open(country, "")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	codes := map[string]string{}
	for _, rows := range days {
		for _, r := range rows {
			codes[r.Dst.String()] = l.Country(r.Dst).Code
		}
	}
	b, err := json.Marshal(codes)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
