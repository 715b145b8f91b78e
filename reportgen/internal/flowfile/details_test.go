package flowfile_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"net/netip"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// detailedFlows are someFlows with details, some of them unknown.
func detailedFlows(n int) []flow.Record {
	flows := someFlows(n, 21)
	for i := range flows {
		d := &flows[i].Details
		if i%3 > 0 {
			d.Duration, d.SrcPort = flow.SpanOf(int64(i%7)*150), uint16(40000+i%1000)
		}
		if i%4 > 0 {
			d.UpPackets, d.DownPackets = int64(i%9)+1, int64(i%5)
		}
		d.State = flow.State(i % int(flow.NumStates))
		if i%2 == 0 {
			d.Name = fmt.Sprintf("www%d.a-long-name.example", i%50)
		}
	}
	return flows
}

// TestDetails writes the optional columns and reads them again: as rows, through
// a filter, and as a profile.
func TestDetails(t *testing.T) {
	flows := detailedFlows(40_000)
	var b bytes.Buffer
	w := flowfile.NewDetailedWriter(&b)
	want := profile.NewBuilder()
	for _, r := range flows {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
		want.Add(r)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "day.parquet")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	rows := func(q flowfile.Filter) (got []flow.Record) {
		for r, err := range flowfile.Rows(t.Context(), path, q) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, r)
		}
		return got
	}
	same := cmpopts.EquateComparable(netip.Addr{})
	if diff := cmp.Diff(flows, rows(flowfile.Filter{}), same); diff != "" {
		t.Error(diff)
	}
	q := flowfile.Filter{Src: flows[7].Src, From: 6 * flow.Hour}
	chosen := slices.DeleteFunc(slices.Clone(flows), func(r flow.Record) bool { return !q.Match(r) })
	if diff := cmp.Diff(chosen, rows(q), same); diff != "" {
		t.Error(diff)
	}
	for _, workers := range []int{1, 2, 5} {
		p, err := flowfile.Profile(t.Context(), path, flowfile.Options{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		p.Sources = nil
		if !bytes.Equal(encoded(t, p), encoded(t, want.Profile())) {
			t.Errorf("%d workers: another profile than that of the flows", workers)
		}
		want = profile.NewBuilder()
		for _, r := range flows {
			want.Add(r)
		}
	}
}

// TestForeignDetails reads files with columns that only have the names of
// optional ones.
func TestForeignDetails(t *testing.T) {
	type row struct {
		Time     int32   `parquet:"timestamp"`
		Src      string  `parquet:"src_ip"`
		Dst      string  `parquet:"dst_ip"`
		Proto    string  `parquet:"proto"`
		Port     int32   `parquet:"port"`
		Up       int64   `parquet:"up_bytes"`
		Down     int64   `parquet:"down_bytes"`
		Duration float64 `parquet:"duration"`
		Packets  int64   `parquet:"up_packets"`
		State    string  `parquet:"state"`
		Name     int64   `parquet:"name"`
		Port2    []int32 `parquet:"src_port,list"`
	}
	path := writeAny(t, []row{
		{1, "10.0.0.1", "10.0.0.2", "tcp", 443, 1, 2, 0.5, -7, "SF", 3, []int32{1, 2}},
		{2, "10.0.0.1", "10.0.0.2", "tcp", 443, 1, 2, 12, 4, "refused", 3, nil},
	}, 10)
	var got []flow.Details
	for r, err := range flowfile.Rows(t.Context(), path, flowfile.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r.Details)
	}
	want := []flow.Details{{}, {UpPackets: 4, State: flow.Refused}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := flowfile.Profile(t.Context(), path, flowfile.Options{}); err != nil {
		t.Error(err)
	}
}
