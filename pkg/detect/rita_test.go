package detect_test

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/testenv"
)

// zeekRow is what a test needs of a row of Zeek's conn.log.
type zeekRow struct {
	at           int64 // Unix seconds
	src, dst     string
	payload, raw int64 // bytes sent by the originator, without and with headers
}

// zeekRows reads the TCP and UDP rows of Zeek logs of the layout of zeek/missing-host.
func zeekRows(tb testing.TB, paths ...string) (rows []zeekRow) {
	tb.Helper()
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			tb.Fatal(err)
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			tb.Fatal(err)
		}
		number := func(s string) int64 {
			if s == "-" {
				return 0
			}
			x, err := strconv.ParseFloat(s, 64)
			if err != nil {
				tb.Fatal(err)
			}
			return int64(x)
		}
		lines := bufio.NewScanner(z)
		for lines.Scan() {
			if c := strings.Split(lines.Text(), "\t"); len(c) > 18 && c[0][0] != '#' && c[7] != "icmp" {
				rows = append(rows, zeekRow{number(c[1]), c[3], c[5], number(c[10]), number(c[18])})
			}
		}
		if err := cmp.Or(lines.Err(), f.Close()); err != nil {
			tb.Fatal(err)
		}
	}
	return rows
}

// TestRITA compares with a score that RITA itself gave. It takes the rows from
// a whole hour on, but the window and its bins are the 24 hours before the last
// row, so that the first bin holds the rest of that hour too.
func TestRITA(t *testing.T) {
	var paths []string
	for _, day := range []string{"2024-04-20", "2024-04-21"} {
		logs, err := filepath.Glob(filepath.Join(testenv.Data(t, "zeek", "missing-host", day), "*.gz"))
		if err != nil || len(logs) != 24 {
			t.Fatalf("%d logs of %s, %v", len(logs), day, err)
		}
		paths = append(paths, logs...)
	}
	rows := zeekRows(t, paths...)
	last := slices.MaxFunc(rows, func(a, b zeekRow) int { return cmp.Compare(a.at, b.at) }).at
	first := (last - 24*3600) / 3600 * 3600
	byPair := map[[2]string][]zeekRow{}
	for _, r := range rows {
		if r.at >= first {
			byPair[[2]string{r.src, r.dst}] = append(byPair[[2]string{r.src, r.dst}], r)
		}
	}
	contacts := func(rows []zeekRow, size func(zeekRow) int64) detect.Contacts {
		c := detect.Contacts{Window: profile.SecondsPerDay}
		var sizes []int64
		for _, r := range rows {
			c.Seconds = append(c.Seconds, uint32(r.at-first))
			c.Bins[min(23, max(0, r.at-(last-profile.SecondsPerDay))/3600)]++
			sizes = append(sizes, size(r))
		}
		slices.Sort(c.Seconds)
		c.Seconds = slices.Compact(c.Seconds)
		c.Sizes = profile.SizesOf(sizes...)
		return c
	}
	beacon := byPair[[2]string{"73.54.23.243", "64.225.56.201"}]
	if len(beacon) != 331 {
		t.Fatalf("%d connections, want 331", len(beacon))
	}
	want := detect.RITA{Score: 0.963, Interval: 0.852, Size: 1, Duration: 1, Histogram: 1}
	for name, size := range map[string]func(zeekRow) int64{
		"IP bytes": func(r zeekRow) int64 { return r.raw },
		// All connections but one carried the same payload, so here it makes
		// no difference that flow files hold payloads.
		"payload bytes": func(r zeekRow) int64 { return r.payload },
	} {
		if got, ok := contacts(beacon, size).Score(); !ok || got != want {
			t.Errorf("%s: score %+v, %v; want %+v", name, got, ok, want)
		}
	}

	higher, scored := 1, 0
	for _, rows := range byPair {
		if r, ok := contacts(rows, func(r zeekRow) int64 { return r.raw }).Score(); ok {
			scored++
			if r.Score > want.Score {
				higher++
			}
		}
	}
	// Clocks and scanners from outside score higher: regularity alone does not
	// justify an alert.
	if higher != 6 || scored != 695 {
		t.Errorf("rank %d of %d pairs, want 6 of 695", higher, scored)
	}
}

// Refused connections have headers but no payload: if sizes are those of payloads,
// RITA's score misses that all are alike, and is an eighth lower.
func TestRITAWithoutPayload(t *testing.T) {
	l := (&lab{}).flows(96, host(1), "45.9.20.77", flow.TCP, 443, 0, 0, 0, flow.Day)
	payload := detect.RITAScores(l.profile())[0].RITA
	for i := range l.records {
		l.records[i].Up = 60
	}
	raw := detect.RITAScores(l.profile())[0].RITA
	if payload.Size != 0.5 || raw.Size != 1 || raw.Score-payload.Score != 0.125 {
		t.Errorf("payload %+v, headers %+v", payload, raw)
	}
}

func TestRITAParts(t *testing.T) {
	every := func(gap, n int) (s []uint32) {
		for i := range n {
			s = append(s, uint32(i*gap))
		}
		return s
	}
	contacts := func(seconds []uint32, sizes ...int64) detect.Contacts {
		c := detect.Contacts{Window: 86_400, Seconds: seconds, Sizes: profile.SizesOf(sizes...)}
		for _, s := range seconds {
			c.Bins[s/3600]++
		}
		return c
	}
	tests := []struct {
		name string
		in   detect.Contacts
		want detect.RITA
	}{
		{"a clock all day", contacts(every(600, 144), 80, 80, 80, 80), detect.RITA{Score: 1, Interval: 1, Size: 1, Duration: 1, Histogram: 1}},
		// Six hours of 24: half of the ideal run; (1 − √3) < 0 of flatness.
		{"a clock for six hours", contacts(every(600, 36), 80, 80, 80), detect.RITA{Score: 0.625, Interval: 1, Size: 1, Duration: 0.5, Histogram: 0}},
		{"five hours", contacts(every(600, 30), 80, 80, 80), detect.RITA{Score: 0.5, Interval: 1, Size: 1}},
		// Quartiles 15, 40, 80: skewness (95 − 80) ÷ 65; deviations' median 30 of 40.
		{"sizes that vary", contacts(every(600, 144), 10, 20, 40, 70, 90), detect.RITA{Score: 0.878, Interval: 1, Size: 0.51, Duration: 1, Histogram: 1}},
	}
	for _, tt := range tests {
		if got, ok := tt.in.Score(); !ok || got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
	for name, c := range map[string]detect.Contacts{
		"nothing":     {Window: 86_400},
		"no window":   {Seconds: every(1, 9), Bins: [24]int64{9}},
		"three times": contacts(every(600, 3), 1, 1, 1),
		"a strobe":    {Window: 86_400, Seconds: every(1, 9), Bins: [24]int64{86_400}},
	} {
		if got, ok := c.Score(); ok {
			t.Errorf("%s has the score %+v", name, got)
		}
	}
}

// Whatever the contacts, each part lies from 0 to 1.
func TestRITABounds(t *testing.T) {
	for seed := range uint64(200) {
		for _, s := range detect.RITAScores(randomDay(rand.New(rand.NewPCG(seed, 5)))) {
			r := s.RITA
			for _, part := range []float64{r.Score, r.Interval, r.Size, r.Duration, r.Histogram} {
				if !(part >= 0 && part <= 1) || math.Abs(r.Score-(r.Interval+r.Size+r.Duration+r.Histogram)/4) > 0.0006 {
					t.Fatalf("seed %d: %+v", seed, s)
				}
			}
		}
	}
}

// A program that reports every five minutes with the same few bytes.
func ExampleRITAScores() {
	day := (&lab{}).flows(288, "192.168.100.7", "45.9.20.77", flow.TCP, 443, 400, 900, 0, flow.Day)
	for _, s := range detect.RITAScores(day.profile()) {
		fmt.Println(s.Src, s.Dst, s.Flows, s.RITA.Score)
	}
	// Output: 192.168.100.7 45.9.20.77 288 1
}
