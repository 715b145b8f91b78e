package flowfile_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// timeWorker collects the rows of a scan whose time is within bounds.
type timeWorker struct {
	scanner  *flowfile.Scanner
	from, to int64

	mu   *sync.Mutex
	rows map[int64]string // by number
	read *int
}

func (w *timeWorker) May(b *flowfile.Bounds) bool {
	low, high, ok := b.Range(flowfile.PlaceTime)
	return !ok || low <= w.to && w.from <= high
}

func (w *timeWorker) Take(b *flowfile.Block) error {
	times, err := b.Numbers(flowfile.PlaceTime)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	*w.read += b.Len()
	var chosen []int32
	for i, t := range times {
		if t >= w.from && t <= w.to {
			chosen = append(chosen, int32(i))
		}
	}
	if chosen == nil {
		return nil // the other columns are behind after this
	}
	b.Choose(chosen)
	up, err := b.Numbers(flowfile.PlaceUp)
	if err != nil {
		return err
	}
	var ends [2][]uint32
	for i, place := range []int{flowfile.PlaceSrc, flowfile.PlaceDst} {
		if ends[i], err = b.Codes(place); err != nil {
			return err
		}
	}
	address := w.scanner.Dictionary(flowfile.PlaceDst)
	for _, i := range chosen {
		w.rows[b.Row(int(i))] = fmt.Sprintf("%d %s %s %d", times[i], address.Text(ends[0][i]), address.Text(ends[1][i]), up[i])
	}
	return nil
}

// scanTimes scans a file for the rows of a time and returns them by number, and how many rows were read.
func scanTimes(t *testing.T, path string, from, to flow.Time, workers int, change func(*flowfile.Scanner)) (map[int64]string, int, error) {
	t.Helper()
	s, err := flowfile.NewScanner([]string{path})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	change(s)
	var mu sync.Mutex
	rows, read := map[int64]string{}, 0
	_, err = s.Scan(t.Context(), flowfile.ScanOptions{Workers: workers, Filter: []int{flowfile.PlaceTime}, Columns: []int{flowfile.PlaceTime, flowfile.PlaceUp, flowfile.PlaceSrc, flowfile.PlaceDst}},
		func() flowfile.ScanWorker {
			return &timeWorker{scanner: s, from: int64(from), to: int64(to), mu: &mu, rows: rows, read: &read}
		})
	return rows, read, err
}

// TestScanWithoutPageIndex scans files with and without page indexes, by several workers: they find the same rows and, if
// the headers of pages have statistics, read few others.
func TestScanWithoutPageIndex(t *testing.T) {
	flows := slices.SortedFunc(slices.Values(someFlows(60_000, 31)), flow.Compare)
	from, to := flows[20_000].Time, flows[21_000].Time
	want := map[int64]string{}
	for i, f := range flows {
		if f.Time >= from && f.Time <= to {
			want[int64(i)] = fmt.Sprintf("%d %s %s %d", f.Time, f.Src, f.Dst, f.Up)
		}
	}
	for version := 1; version <= 2; version++ {
		pages := []parquet.WriterOption{parquet.PageBufferSize(20_000), parquet.DataPageVersion(version), parquet.Compression(&parquet.Snappy)}
		statistics := append(slices.Clone(pages), parquet.DataPageStatistics(true))
		for _, c := range []struct {
			name, path string
			indexed    bool
			most       int // rows that are read
		}{
			{"indexes", writeRows(t, plainRows(flows), pages...), true, 12_000},
			{"statistics", writeRows(t, plainRows(flows), statistics...), false, 12_000},
			{"optional columns with statistics", writeRows(t, optionalRows(flows), statistics...), false, 12_000},
			{"neither", writeRows(t, plainRows(flows), pages...), false, len(flows)},
			{"optional columns with neither", writeRows(t, optionalRows(flows), pages...), false, len(flows)},
			{"one page", writeRows(t, plainRows(flows), parquet.PageBufferSize(10<<20), parquet.DataPageVersion(version)), false, len(flows)},
		} {
			for _, workers := range []int{1, 2, 5} {
				got, read, err := scanTimes(t, c.path, from, to, workers, func(s *flowfile.Scanner) {
					if !c.indexed {
						s.DropIndexes()
					}
				})
				if err != nil {
					t.Fatal(c.name, err)
				}
				if diff := gocmp.Diff(want, got); diff != "" {
					t.Errorf("version %d, %s, %d workers: %s", version, c.name, workers, diff)
				}
				if read > c.most {
					t.Errorf("version %d, %s, %d workers: %d rows were read", version, c.name, workers, read)
				}
			}
		}
	}
}

// TestScanPassesPages damages the pages without wanted rows, but not their headers. Scanning succeeds, since they
// are passed.
func TestScanPassesPages(t *testing.T) {
	flows := slices.SortedFunc(slices.Values(someFlows(60_000, 32)), flow.Compare)
	path := writeRows(t, plainRows(flows), parquet.PageBufferSize(20_000), parquet.Compression(&parquet.Snappy), parquet.DataPageStatistics(true))
	f, p := openToDamage(t, path)
	damaged := 0
	for _, column := range []int{0, 5} { // timestamp and up_bytes
		pages := p.OffsetIndexes()[column].PageLocations
		for i, page := range pages {
			end := int64(len(flows))
			if i+1 < len(pages) {
				end = pages[i+1].FirstRowIndex
			}
			if page.FirstRowIndex > 30_000 || end < 20_000-16<<10 { // a block has rows before those that are wanted
				half := page.CompressedPageSize / 2
				if _, err := f.WriteAt(slices.Repeat([]byte{0xff}, int(half)), page.Offset+int64(page.CompressedPageSize-half)); err != nil {
					t.Fatal(err)
				}
				damaged++
			}
		}
	}
	if damaged < 10 {
		t.Fatalf("%d pages are damaged: the test shows nothing", damaged)
	}
	for _, workers := range []int{1, 3} {
		got, _, err := scanTimes(t, path, flows[20_000].Time, flows[21_000].Time, workers, (*flowfile.Scanner).DropIndexes)
		if err != nil || len(got) < 1000 {
			t.Errorf("%d workers: %d rows, error %v", workers, len(got), err)
		}
	}
	if _, _, err := scanTimes(t, path, 0, flow.Day, 2, (*flowfile.Scanner).DropIndexes); err == nil {
		t.Error("reading all pages finds no damage")
	}
}
