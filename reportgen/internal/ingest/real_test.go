package ingest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/klauspost/compress/gzip"
)

// realLogs changes to the folder of the real Zeek logs, which is not part of the
// module, so that messages name the same paths on any machine. It returns the path
// of testdata.
func realLogs(t *testing.T) (testdata string) {
	t.Helper()
	return realData(t, "zeek")
}

// realData changes to a folder of the real data.
func realData(t *testing.T, of ...string) (testdata string) {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(testenv.Data(t, of...))
	return filepath.Join(here, "testdata")
}

// totals are what a day adds up to.
type totals struct {
	flows, unknown, capped, up, down, pairs int64
}

func daily(flows []Flow) map[Date]*totals {
	type pair struct {
		date     Date
		src, dst netip.Addr
	}
	days, pairs := map[Date]*totals{}, map[pair]bool{}
	for _, f := range flows {
		d := days[f.Date]
		if d == nil {
			d = &totals{}
			days[f.Date] = d
		}
		d.flows++
		d.up += f.Up
		d.down += f.Down
		if p := (pair{f.Date, f.Src, f.Dst}); !pairs[p] {
			pairs[p] = true
			d.pairs++
		}
		if f.BytesUnknown {
			d.unknown++
		}
		if f.BytesCapped {
			d.capped++
		}
	}
	return days
}

// TestRealLogs compares what the real logs give with golden files that hold
// the summary, each day's totals, and a hash of the required columns of the flows
// in order.
func TestRealLogs(t *testing.T) {
	testdata := realLogs(t)
	for _, test := range []struct {
		name  string
		paths []string
		days  []string
	}{
		{name: "missing-host-hour", paths: []string{"missing-host/2024-04-19/conn.00:00:00-01:00:00.log.gz"}},
		{name: "missing-host", paths: []string{"missing-host"}},
		{name: "missing-host-day", paths: []string{"missing-host"}, days: []string{"2024-04-20"}},
		{name: "comfoo", paths: []string{"comfoo"}},
		{name: "taidoor", paths: []string{"taidoor"}},
		{name: "ipv6-mixed", paths: []string{"edge/ipv6-mixed"}},
		{name: "json", paths: []string{"edge/json_with_all_fields"}},
		{name: "open-conns", paths: []string{"edge/open_conns"}},
		{name: "truncated", paths: []string{"edge/truncated/conn.log"}},
		{name: "truncated-json", paths: []string{"edge/truncated/conn_json.log"}},
		{name: "truncated-top", paths: []string{"edge/truncated/conn_top.log"}},
		{name: "text", paths: []string{"edge/text_file"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var opt Options
			for _, day := range test.days {
				opt.Days = append(opt.Days, date(t, day))
			}
			flows, summary, err := readAll(t, test.paths, opt)
			testenv.Golden(t, filepath.Join(testdata, test.name+".golden"), describe(t, flows, summary, err))
		})
	}
}

// quoted matches what a message quotes from a log, which golden files leave out.
var quoted = regexp.MustCompile(`"(\\.|[^"\\])*"`)

func describe(t *testing.T, flows []Flow, summary Summary, err error) string {
	t.Helper()
	if err != nil {
		return "error: " + quoted.ReplaceAllString(err.Error(), `"…"`) + "\n"
	}
	var b strings.Builder
	if _, err := summary.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	days := daily(flows)
	for _, day := range summary.Days {
		if d := days[day.Date]; d != nil {
			fmt.Fprintf(&b, "%s: %d flows, %d bytes up, %d down, %d unknown, %d capped, %d pairs\n",
				day.Date, d.flows, d.up, d.down, d.unknown, d.capped, d.pairs)
		}
	}
	text := quoted.ReplaceAllString(b.String(), `"…"`)
	hash := sha256.New()
	var s Sorter
	rows := slices.Clone(flows)
	for i := range rows {
		rows[i].OneWay, rows[i].Part = false, false // what the rows become when joined is another question
	}
	for _, f := range sorted(t, &s, rows) {
		fmt.Fprintln(hash, f.Date, required{f.Time, f.Src, f.Dst, f.Proto, f.Port, f.Up, f.Down})
	}
	return text + "in order: " + hex.EncodeToString(hash.Sum(nil)) + "\n"
}

// adding is an independent computation of a day's totals. It finds the
// columns by name, and its sums are exact below 2^53.
const adding = `
BEGIN { FS = "\t" }
$1 == "#fields" { for (i = 2; i <= NF; i++) c[$i] = i - 1 }
/^#/ { next }
$c["proto"] != "unknown_transport" {
	d = int($c["ts"] / 86400)
	n[d]++
	o = $c["orig_bytes"] + 0; r = $c["resp_bytes"] + 0
	oip = $c["orig_ip_bytes"] + 0; rip = $c["resp_ip_bytes"] + 0
	if (oip && o > oip || rip && r > rip) capped[d]++
	up[d] += oip && o > oip ? oip : o
	down[d] += rip && r > rip ? rip : r
	if ($c["orig_bytes"] == "-" || $c["resp_bytes"] == "-") unknown[d]++
	if (!seen[d, $c["id.orig_h"], $c["id.resp_h"]]++) pairs[d]++
}
END { for (d in n) printf "%d %d %d %d %.0f %.0f %d\n", d, n[d], unknown[d], capped[d], up[d], down[d], pairs[d] }
`

func TestRealLogsAgainstAwk(t *testing.T) {
	awk := testenv.Program(t, "awk", "any awk")
	realLogs(t)
	for _, dir := range []string{"missing-host", "comfoo", "taidoor"} {
		t.Run(dir, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), awk, adding)
			cmd.Stdin = unpacked(t, dir)
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			flows, _, err := readAll(t, []string{dir}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			days := daily(flows)
			for line := range strings.Lines(string(out)) {
				var date Date
				var want totals
				if _, err := fmt.Sscan(line, &date, &want.flows, &want.unknown, &want.capped, &want.up, &want.down, &want.pairs); err != nil {
					t.Fatalf("%q: %v", line, err)
				}
				got := days[date]
				if got == nil {
					t.Fatalf("no flow of %s; awk finds %d", date, want.flows)
				}
				if *got != want {
					t.Errorf("%s: %+v; awk finds %+v", date, *got, want)
				}
				delete(days, date)
			}
			if len(days) > 0 {
				t.Errorf("%d days that awk does not find", len(days))
			}
		})
	}
}

// unpacked returns the contents of all files of a folder.
func unpacked(t *testing.T, dir string) io.Reader {
	t.Helper()
	var all bytes.Buffer
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		z, err := gzip.NewReader(file)
		if err != nil {
			return err
		}
		_, err = io.Copy(&all, z)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return &all
}

// TestRealLogsBeacon counts the labelled pair as RITA v5 does: its window
// begins a day before the last row of the logs, at the full hour, here
// 2024-04-20 23:00, so that its 331 rows are more than those of the last day.
func TestRealLogsBeacon(t *testing.T) {
	realLogs(t)
	flows, _, err := readAll(t, []string{"missing-host"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	src, dst := netip.MustParseAddr("73.54.23.243"), netip.MustParseAddr("64.225.56.201")
	start, last := moment(date(t, "2024-04-20"), 23*flow.Hour), date(t, "2024-04-21")
	window, day := 0, 0
	for _, f := range flows {
		if f.Src == src && f.Dst == dst && moment(f.Date, f.Time) >= start {
			window++
			if f.Date == last {
				day++
			}
		}
	}
	if window != 331 || day != 317 {
		t.Errorf("%d rows in the window and %d on the day; RITA counts 331", window, day)
	}
}

// TestRealLogsCutAnywhere cuts a log at every few bytes, plain and packed: a
// plain one gives rows and at most one cut off, a packed one an error.
func TestRealLogsCutAnywhere(t *testing.T) {
	realLogs(t)
	log, err := os.ReadFile("edge/truncated/conn.log")
	if err != nil {
		t.Fatal(err)
	}
	whole, packed := decode(string(log), time.UTC), zipped(t, string(log))
	for n := 1; n < len(log); n += 7 {
		got := decode(string(log[:n]), time.UTC)
		if len(got.bad) > 1 || len(got.bad) == 1 && got.bad[0].Reason != cutOff {
			t.Fatalf("cut after %d bytes: left out %v", n, got.bad)
		}
		if got.err != nil && len(got.flows) > 0 {
			t.Fatalf("cut after %d bytes: %v", n, got.err)
		}
		for i, f := range got.flows {
			if f != whole.flows[i] {
				t.Fatalf("cut after %d bytes: flow %d is %v, was %v", n, i, f, whole.flows[i])
			}
		}
	}
	for n := 2; n < len(packed); n += 7 {
		if got := decode(string(packed[:n]), time.UTC); got.err == nil {
			t.Fatalf("packed, cut after %d of %d bytes: no error", n, len(packed))
		}
	}
}

// required are the required columns of a flow.
type required struct {
	Time     flow.Time
	Src, Dst netip.Addr
	Proto    flow.Proto
	Port     uint16
	Up, Down int64
}
