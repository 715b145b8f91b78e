package main

import (
	"cmp"
	"errors"
	"io"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/ingest"
)

// call is one connection as RITA counts it.
type call struct{ at, bytes int64 }

// ritaPairs reads Zeek logs, and returns the connections of each pair in the
// log's last day and the moment of its last row. RITA takes whole hours: the
// first row is of the hour that was 24 hours before the last row.
func ritaPairs(t *testing.T, kind ingest.ByteKind, paths ...string) (map[[2]netip.Addr][]call, int64) {
	t.Helper()
	format, err := ingest.Lookup("zeek")
	if err != nil {
		t.Fatal(err)
	}
	r, err := ingest.Open(format, paths, ingest.Options{Bytes: kind})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	all, last := map[[2]netip.Addr][]call{}, int64(0)
	for {
		f, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if f.Proto != flow.TCP && f.Proto != flow.UDP {
			continue
		}
		at := int64(f.Date)*profile.SecondsPerDay + int64(f.Time)/100
		pair := [2]netip.Addr{f.Src, f.Dst}
		all[pair] = append(all[pair], call{at, f.Up})
		last = max(last, at)
	}
	first := (last - profile.SecondsPerDay) / 3600 * 3600
	for pair, calls := range all {
		all[pair] = slices.DeleteFunc(calls, func(c call) bool { return c.at < first })
	}
	return all, last
}

// ritaScore is RITA's score of connections. Rows are taken from a whole hour
// on, but bins and the window are the 24 hours before the last row, so that the
// first bin holds the rest of that hour too.
func ritaScore(calls []call, last int64) (detect.RITA, bool) {
	first := last - profile.SecondsPerDay
	c := detect.Contacts{Window: profile.SecondsPerDay}
	var sizes []int64
	for _, x := range calls {
		c.Seconds = append(c.Seconds, uint32(x.at-first+3600))
		c.Bins[min(23, max(0, x.at-first)/3600)]++
		sizes = append(sizes, x.bytes)
	}
	slices.Sort(c.Seconds)
	c.Seconds, c.Sizes = slices.Compact(c.Seconds), profile.SizesOf(sizes...)
	return c.Score()
}

// With the bytes of IP packets, as RITA counts them, the labelled pair has
// RITA's score and is 6th of its 695 pairs. With payloads the connections that
// got no answer lose an eighth, so that it is 3rd.
func TestImportRITA(t *testing.T) {
	logs := testenv.Data(t, "zeek", "missing-host")
	beacon := [2]netip.Addr{netip.MustParseAddr("73.54.23.243"), netip.MustParseAddr("64.225.56.201")}
	want := detect.RITA{Score: 0.963, Interval: 0.852, Size: 1, Duration: 1, Histogram: 1}
	for kind, rank := range map[ingest.ByteKind]int{ingest.IPBytes: 6, ingest.PayloadBytes: 3} {
		pairs, last := ritaPairs(t, kind, logs)
		if end := time.Unix(last, 0).UTC().Format(time.DateTime); end != "2024-04-21 23:59:51" || len(pairs[beacon]) != 331 {
			t.Fatalf("the logs end at %s with %d connections of the pair", end, len(pairs[beacon]))
		}
		if got, ok := ritaScore(pairs[beacon], last); !ok || got != want {
			t.Errorf("%s: score %+v, want %+v", kind, got, want)
		}
		var scores []float64
		for _, calls := range pairs {
			if r, ok := ritaScore(calls, last); ok {
				scores = append(scores, r.Score)
			}
		}
		slices.SortFunc(scores, func(a, b float64) int { return cmp.Compare(b, a) })
		if got := slices.Index(scores, want.Score) + 1; got != rank || len(scores) != 695 {
			t.Errorf("%s: rank %d of %d pairs, want %d of 695", kind, got, len(scores), rank)
		}
	}
}
