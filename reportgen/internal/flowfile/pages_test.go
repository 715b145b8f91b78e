package flowfile_test

import (
	"cmp"
	"net/netip"
	"os"
	"slices"
	"testing"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

// optionalRow is a flow whose columns may be null, as pandas writes them.
type optionalRow struct {
	Time  *int64  `parquet:"timestamp"`
	Src   *string `parquet:"src_ip"`
	Dst   *string `parquet:"dst_ip,dict"`
	Proto *string `parquet:"proto,dict"`
	Port  *int32  `parquet:"port"`
	Up    *int64  `parquet:"up_bytes"`
	Down  *int64  `parquet:"down_bytes,dict"`
}

func optionalRows(flows []flow.Record) []optionalRow {
	var rows []optionalRow
	for _, r := range plainRows(flows) {
		rows = append(rows, optionalRow{&r.Time, &r.Src, &r.Dst, &r.Proto, &r.Port, &r.Up, &r.Down})
	}
	return rows
}

// TestRowsOfPages reads files of many small pages, in order of time and of
// address, whose indexes say which of them need not be read.
func TestRowsOfPages(t *testing.T) {
	flows := someFlows(6000, 21)
	one := flows[2345]
	byTime := slices.SortedFunc(slices.Values(flows), flow.Compare)
	bySource := slices.SortedStableFunc(slices.Values(byTime), func(a, b flow.Record) int {
		return cmp.Or(a.Src.Compare(b.Src), a.Dst.Compare(b.Dst))
	})
	for order, flows := range map[string][]flow.Record{"time": byTime, "source": bySource} {
		for version := 1; version <= 2; version++ {
			options := []parquet.WriterOption{
				parquet.PageBufferSize(1500), parquet.DataPageVersion(version), parquet.MaxRowsPerRowGroup(2500), parquet.WriteBufferSize(0),
			}
			for kind, path := range map[string]string{
				"plain":    writeRows(t, plainRows(flows), options...),
				"optional": writeRows(t, optionalRows(flows), options...),
			} {
				for _, q := range []flowfile.Filter{
					{Src: one.Src},
					{Src: one.Src, Dst: one.Dst},
					{Dst: one.Dst, Port: one.Port},
					{From: one.Time, To: one.Time + 10*flow.Minute},
					{From: one.Time},
					{To: one.Time, Proto: flow.UDP},
					{Src: netip.MustParseAddr("203.0.113.1")},
				} {
					var want []flow.Record
					for _, r := range flows {
						if q.Match(r) {
							want = append(want, r)
						}
					}
					if diff := gocmp.Diff(want, rowsOf(t, path, q), addrs); diff != "" {
						t.Errorf("by %s, %s, version %d, %+v: %s", order, kind, version, q, diff)
					}
				}
			}
		}
	}
}

// TestRowsSkipPages damages all pages of a column except those with the wanted
// rows. Reading succeeds, since no other page is read.
func TestRowsSkipPages(t *testing.T) {
	flows := slices.SortedFunc(slices.Values(someFlows(8000, 22)), flow.Compare)
	path := writeRows(t, plainRows(flows), parquet.PageBufferSize(2000))
	from, to := flows[4000].Time, flows[4100].Time
	undamaged := damagePages(t, path, 4000, 4100)
	if undamaged > 10 {
		t.Fatalf("%d pages are left: the test shows nothing", undamaged)
	}
	if got := rowsOf(t, path, flowfile.Filter{From: from, To: to}); len(got) < 90 {
		t.Errorf("%d rows", len(got))
	}
	for _, err := range flowfile.Rows(t.Context(), path, flowfile.Filter{}) {
		if err != nil {
			return
		}
	}
	t.Error("reading all rows finds no damage")
}

// openToDamage opens a Parquet file for reading and writing, until the test ends.
func openToDamage(t *testing.T, path string) (*os.File, *parquet.File) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	p, err := parquet.OpenFile(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	return f, p
}

// damagePages breaks the headers of the pages of up_bytes, except for the pages
// with the given rows and those next to them. It returns how many it leaves.
func damagePages(t *testing.T, path string, from, to int64) (left int) {
	t.Helper()
	f, p := openToDamage(t, path)
	pages := p.OffsetIndexes()[5].PageLocations
	for i, page := range pages {
		if i+2 < len(pages) && pages[i+2].FirstRowIndex < from || i > 1 && pages[i-1].FirstRowIndex > to {
			if _, err := f.WriteAt([]byte{0xff, 0xff, 0xff, 0xff}, page.Offset); err != nil {
				t.Fatal(err)
			}
			continue
		}
		left++
	}
	return left
}

// TestRowsWithoutPageIndex breaks the indexes themselves: they say only what
// need not be read, so the rows are found all the same.
func TestRowsWithoutPageIndex(t *testing.T) {
	flows := slices.SortedFunc(slices.Values(someFlows(3000, 23)), flow.Compare)
	q := flowfile.Filter{From: flows[1000].Time, To: flows[1200].Time}
	path := writeRows(t, plainRows(flows), parquet.PageBufferSize(2000))
	want := rowsOf(t, path, q)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := parquet.OpenFile(mustOpen(t, path), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range p.Metadata().RowGroups[0].Columns {
		for i := range c.ColumnIndexLength {
			b[c.ColumnIndexOffset+int64(i)] ^= 0x5a
		}
		for i := range c.OffsetIndexLength {
			b[c.OffsetIndexOffset+int64(i)] ^= 0x5a
		}
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(want, rowsOf(t, path, q), addrs); diff != "" {
		t.Error(diff)
	}
}

func mustOpen(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}
