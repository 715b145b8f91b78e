package flowfile

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"runtime"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// Scanner reads chosen columns of flow files. Columns are numbered by their place in
// [flow.Columns] and, after those, in [flow.OptionalColumns].
type Scanner struct {
	files []*file
	book  *book
}

// NewScanner opens flow files.
func NewScanner(paths []string) (*Scanner, error) {
	s := &Scanner{book: newBook()}
	for _, path := range paths {
		f, err := open(path)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.files = append(s.files, f)
	}
	return s, nil
}

// Close closes the files.
func (s *Scanner) Close() error {
	var errs []error
	for _, f := range s.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// Rows returns the number of rows of all files, as their footers say.
func (s *Scanner) Rows() int64 {
	n := int64(0)
	for _, f := range s.files {
		n += f.rows
	}
	return n
}

// Has reports whether any of the files has a column.
func (s *Scanner) Has(column int) bool {
	return slices.ContainsFunc(s.files, func(f *file) bool { return slices.Contains(f.present, column) })
}

// DictionaryBytes is about how much memory the texts and addresses of all codes take.
func (s *Scanner) DictionaryBytes() int64 { return s.book.addrs.Bytes() + s.book.names.Bytes() }

// Dictionary returns what the codes of a column stand for.
func (s *Scanner) Dictionary(column int) *Dictionary {
	c := s.files[0].columns[column]
	c.name = allColumns[column] // also if the file lacks it
	return &Dictionary{book: s.book, kind: c.textKind()}
}

// Dictionary has the texts and addresses that codes stand for. It is safe for
// concurrent use.
type Dictionary struct {
	book *book
	kind textKind
}

// Text returns the text of a code, which is empty for an unknown state or name.
func (d *Dictionary) Text(code uint32) string {
	if code >= badCode {
		return ""
	}
	switch d.kind {
	case protocolText:
		return flow.Proto(code).String()
	case stateText:
		return flow.State(code).String()
	case nameText:
		return d.book.names.At(code)
	}
	return d.book.at(code).String()
}

// Address returns the address of a code, or the zero Addr if it stands for none.
func (d *Dictionary) Address(code uint32) netip.Addr {
	if d.kind != addressText || code >= badCode {
		return netip.Addr{}
	}
	return d.book.at(code)
}

// ScanWorker takes what one goroutine of a scan reads.
type ScanWorker interface {
	// May reports whether rows with these bounds are wanted.
	May(*Bounds) bool
	// Take takes rows, which are valid until it returns.
	Take(*Block) error
}

// ScanOptions are the options of [Scanner.Scan].
type ScanOptions struct {
	Workers  int                     // goroutines; 0 for one a core
	Filter   []int                   // columns that May looks at
	Columns  []int                   // columns that workers ask for; others are read slower
	Progress func(rows, total int64) // called as rows are read; nil for none
}

// Scan reads the files with several workers at once and returns how many rows are
// not flows, of those that were read. Row groups, and pages of files with page
// indexes, that no worker wants are left out. A column of a row group is read when a
// worker first asks for it.
func (s *Scanner) Scan(ctx context.Context, o ScanOptions, newWorker func() ScanWorker) ([]profile.Rejected, error) {
	rejected, err := s.scan(ctx, o, newWorker)
	for _, f := range s.files {
		if changed := f.unchanged(); changed != nil {
			return nil, changed
		}
	}
	return rejected, err
}

func (s *Scanner) scan(ctx context.Context, o ScanOptions, newWorker func() ScanWorker) ([]profile.Rejected, error) {
	n := o.Workers
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	if s.few(n) {
		return s.scanStreams(ctx, n, o, newWorker)
	}
	tasks := s.tasks(n)
	r := &rejections{}
	var done, next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range min(n, len(tasks)) {
		w := newWorker()
		g.Go(func() error {
			for i := next.Add(1) - 1; int(i) < len(tasks); i = next.Add(1) - 1 {
				t := tasks[i]
				rejected, err := s.scanTask(ctx, t, o.Filter, w)
				if err != nil {
					return err
				}
				r.add(rejected)
				if rows := done.Add(t.rows); o.Progress != nil {
					o.Progress(rows, s.Rows())
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return r.list(), nil
}

// scanTask is a span of row groups, or a part of one row group.
type scanTask struct {
	file        int
	span        span
	part, parts int64
	rows        int64
}

// tasks divides the files among workers: into row groups, or parts of them if
// there are fewer than workers.
func (s *Scanner) tasks(workers int) []scanTask {
	var tasks []scanTask
	for i, f := range s.files {
		for _, sp := range f.spans() {
			tasks = append(tasks, scanTask{file: i, span: sp, parts: 1, rows: sp.rows})
		}
	}
	if len(tasks) >= workers {
		return tasks
	}
	parts := int64((workers + len(tasks) - 1) / len(tasks))
	var divided []scanTask
	for _, t := range tasks {
		if t.span.to-t.span.from > 1 || t.rows < 2*batchRows {
			divided = append(divided, t)
			continue
		}
		for part := range parts {
			divided = append(divided, scanTask{file: t.file, span: t.span, part: part, parts: parts, rows: (t.rows + part) / parts})
		}
	}
	return divided
}

func (s *Scanner) scanTask(ctx context.Context, t scanTask, filter []int, w ScanWorker) ([]profile.Rejected, error) {
	f := s.files[t.file]
	reader, err := f.window(t.span)
	if err != nil {
		return nil, f.fail(t.span.from, "", err)
	}
	r := &rejections{}
	for rowGroup := t.span.from; rowGroup < t.span.to; rowGroup++ {
		g := &group{scanner: s, file: f, number: t.file, rowGroup: rowGroup, reader: reader, rejected: r}
		if err := g.scan(ctx, t, filter, w); err != nil {
			return nil, err
		}
	}
	return r.list(), nil
}

// group is a row group that is being read.
type group struct {
	scanner  *Scanner
	file     *file
	number   int // of the file
	rowGroup int
	reader   io.ReaderAt
	rejected *rejections

	terms   [NumColumns][]uint32 // of dictionaries, once they were read
	tried   [NumColumns]bool
	indexes map[int][]indexedPage
	checked []int // required columns whose values the file does not prove to be flows'
}

// dictionary returns the codes of all values of a column, or false if some of its
// pages have no dictionary.
func (g *group) dictionary(col int) ([]uint32, bool) {
	if !g.tried[col] {
		g.tried[col] = true
		if terms, ok, err := g.file.dictionary(g.rowGroup, col, g.scanner.book); err == nil && ok {
			g.terms[col] = terms // an error is found again when the column is read
		}
	}
	return g.terms[col], g.terms[col] != nil
}

// scan hands the rows of the row group that w may want to it.
func (g *group) scan(ctx context.Context, t scanTask, filter []int, w ScanWorker) error {
	rows := g.file.rowsOf(g.rowGroup)
	ranges := []rowRange{{rows * t.part / t.parts, rows * (t.part + 1) / t.parts}}
	if len(filter) > 0 {
		if !w.May(&Bounds{group: g, row: -1}) {
			return nil
		}
		ranges = intersect(ranges, g.zones(rows, filter, w))
	}
	if len(ranges) == 0 {
		return nil
	}
	g.check()
	b := &Block{group: g, indexed: len(filter) > 0 || t.parts > 1}
	defer b.close()
	for _, r := range ranges {
		b.pass(r.from - b.end())
		for first := r.from; first < r.to; first += batchRows {
			if err := ctx.Err(); err != nil {
				return err
			}
			b.begin(first, int(min(batchRows, r.to-first)))
			if err := w.Take(b); err != nil {
				return err
			}
		}
	}
	return nil
}

// check lists the required columns whose values are not proven to be those of flows.
func (g *group) check() {
	for col := range numRequired {
		if !g.proven(col) {
			g.checked = append(g.checked, col)
		}
	}
}

// zones returns the rows that w may want by the page indexes of the filter's
// columns.
func (g *group) zones(rows int64, filter []int, w ScanWorker) []rowRange {
	g.indexes = map[int][]indexedPage{}
	starts := []int64{0}
	for _, col := range filter {
		if !slices.Contains(g.file.present, col) || g.file.columns[col].coded() {
			continue
		}
		pages, err := g.file.pageIndex(g.rowGroup, col, rows)
		if err != nil {
			continue // an index only serves to skip pages
		}
		g.indexes[col] = pages
		for _, p := range pages {
			starts = append(starts, p.from)
		}
	}
	slices.Sort(starts)
	starts = append(slices.Compact(starts), rows)
	var ranges []rowRange
	for i, from := range starts[:len(starts)-1] {
		if len(starts) > 2 && !w.May(&Bounds{group: g, row: from}) {
			continue
		}
		if n := len(ranges); n > 0 && ranges[n-1].to == from {
			ranges[n-1].to = starts[i+1]
			continue
		}
		ranges = append(ranges, rowRange{from, starts[i+1]})
	}
	return ranges
}

// limits are the greatest values of the numbers of a flow.
var limits = map[int]int64{PlaceTime: int64(flow.Day) - 1, PlacePort: 1<<16 - 1, PlaceUp: 1<<63 - 1, PlaceDown: 1<<63 - 1}

// proven reports whether the statistics and the dictionary of a required column
// show that each of its values is one of a flow.
func (g *group) proven(col int) bool {
	c, s := g.file.columns[col], g.file.chunk(g.rowGroup, col).Statistics
	if c.optional && (s.NullCount > 0 || s.MinValue == nil || s.MaxValue == nil) {
		return false
	}
	if !c.coded() {
		least, ok1 := statistic(c, s.MinValue)
		most, ok2 := statistic(c, s.MaxValue)
		return ok1 && ok2 && least >= 0 && most <= limits[col]
	}
	terms, ok := g.dictionary(col)
	return ok && !slices.ContainsFunc(terms, func(code uint32) bool { return code >= badCode })
}
