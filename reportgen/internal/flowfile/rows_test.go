package flowfile_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/parquet-go/parquet-go"
)

var addrs = cmpopts.EquateComparable(netip.Addr{})

func rowsOf(t *testing.T, path string, q flowfile.Filter) []flow.Record {
	t.Helper()
	var got []flow.Record
	for r, err := range flowfile.Rows(t.Context(), path, q) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	return got
}

// plainRow is a flow without dictionaries and with small row groups.
type plainRow struct {
	Time  int64  `parquet:"timestamp"`
	Src   string `parquet:"src_ip,dict"`
	Dst   string `parquet:"dst_ip,plain"`
	Proto string `parquet:"proto,dict"`
	Port  int32  `parquet:"port"`
	Up    int64  `parquet:"up_bytes"`
	Down  int64  `parquet:"down_bytes"`
}

func plainRows(flows []flow.Record) []plainRow {
	var rows []plainRow
	for _, r := range flows {
		rows = append(rows, plainRow{int64(r.Time), r.Src.String(), r.Dst.String(), r.Proto.String(), int32(r.Port), r.Up, r.Down})
	}
	return rows
}

func TestRowsAreThoseThatMatch(t *testing.T) {
	flows := someFlows(10_000, 11)
	files := []string{writeFlows(t, flows), writeRows(t, plainRows(flows), parquet.MaxRowsPerRowGroup(500))}
	one := flows[4321]
	for _, q := range []flowfile.Filter{
		{},
		{Src: one.Src},
		{Dst: one.Dst},
		{Src: one.Src, Dst: one.Dst, Proto: one.Proto, Port: one.Port, From: one.Time, To: one.Time + 1},
		{Proto: flow.UDP},
		{Port: 53},
		{Port: 9999},
		{From: 9 * flow.Hour, To: 10 * flow.Hour},
		{From: 23 * flow.Hour},
		{To: flow.Hour},
		{Src: netip.MustParseAddr("203.0.113.1")},
		{Dst: netip.MustParseAddr("::ffff:192.168.100.210")},
	} {
		var want []flow.Record
		for _, r := range flows {
			if q.Match(r) {
				want = append(want, r)
			}
		}
		for _, path := range files {
			if diff := cmp.Diff(want, rowsOf(t, path, q), addrs); diff != "" {
				t.Errorf("%+v: %s", q, diff)
			}
		}
	}
}

// A row group that cannot hold a match is not read: here all except one are
// damaged, and reading succeeds.
func TestRowsSkipRowGroups(t *testing.T) {
	flows := someFlows(4000, 12)
	for i := range flows {
		flows[i].Src = netip.AddrFrom4([4]byte{10, 0, 0, byte(i / 1000)})
		flows[i].Port = uint16(100 + i/1000)
	}
	path := writeRows(t, plainRows(flows), parquet.MaxRowsPerRowGroup(1000))
	damageUpBytes(t, path, 0, 1, 3)
	for range 20 {
		_, err := flowfile.Profile(t.Context(), path, flowfile.Options{Workers: 4})
		e, ok := errors.AsType[*flowfile.Error](err)
		if !ok || !errors.Is(err, flowfile.ErrDamaged) || e.RowGroup != 0 || e.Column != flow.ColUp {
			t.Fatalf("the first damage is in row group 0, column up_bytes, and not %v", err)
		}
	}
	for _, q := range []flowfile.Filter{
		{Src: netip.MustParseAddr("10.0.0.2")},
		{Port: 102},
		{From: flows[2000].Time, To: flows[2000].Time + 1},
	} {
		got := rowsOf(t, path, q)
		i := slices.IndexFunc(got, func(r flow.Record) bool { return r == flows[2000] })
		if i < 0 {
			t.Errorf("%+v: %d rows without the one looked for", q, len(got))
		}
	}
}

// damageUpBytes breaks the first page header of a column of some row groups.
func damageUpBytes(t *testing.T, path string, groups ...int) {
	t.Helper()
	f, p := openToDamage(t, path)
	for _, g := range groups {
		at := p.Metadata().RowGroups[g].Columns[5].MetaData.DataPageOffset
		if _, err := f.WriteAt([]byte{0xff, 0xff, 0xff, 0xff}, at); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRowsStop(t *testing.T) {
	path := writeFlows(t, someFlows(100, 13))
	n := 0
	for _, err := range flowfile.Rows(t.Context(), path, flowfile.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Errorf("%d rows", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range flowfile.Rows(ctx, path, flowfile.Filter{}) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	}
}

func ExampleRows() {
	ctx := context.Background()
	for r, err := range flowfile.Rows(ctx, "no-such-day.parquet", flowfile.Filter{Port: 53, To: 8 * flow.Hour}) {
		if err != nil {
			fmt.Println("cannot read:", err)
			return
		}
		fmt.Println(r.Time, r.Src, r.Up)
	}
	// Output: cannot read: open no-such-day.parquet: no such file or directory
}
