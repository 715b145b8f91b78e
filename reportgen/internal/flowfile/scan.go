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
	if s.undivided(n) {
		return s.scanStreams(ctx, n, o, newWorker)
	}
	first := newWorker()
	tasks := s.tasks(n, o.Filter, first)
	r := &rejections{}
	var done, next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for i := range min(n, len(tasks)) {
		w := first
		if i > 0 {
			w = newWorker()
		}
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

// scanTask is a span of row groups, or some rows of one row group.
type scanTask struct {
	file   int
	span   span
	rows   int64
	ranges []rowRange // that may be wanted; nil if that is not known yet

	dictionaries *dictionaries // of the row group, if it is divided
}

// dictionaries are those of the columns of a row group.
type dictionaries [NumColumns]dictionary

// tasks divides the files among workers: into row groups or, if there are fewer of them than workers, into equal parts
// of the rows that w may want.
func (s *Scanner) tasks(workers int, filter []int, w ScanWorker) []scanTask {
	var tasks []scanTask
	for i, f := range s.files {
		for _, sp := range f.spans() {
			tasks = append(tasks, scanTask{file: i, span: sp, rows: sp.rows})
		}
	}
	if len(tasks) >= workers {
		return tasks
	}
	parts := int64((workers + len(tasks) - 1) / len(tasks))
	var divided []scanTask
	for _, t := range tasks {
		if !t.span.large() {
			divided = append(divided, t)
			continue
		}
		f := s.files[t.file]
		t.dictionaries = &dictionaries{}
		g := &group{scanner: s, file: f, number: t.file, rowGroup: t.span.from, reader: f.reader, dictionaries: t.dictionaries}
		left := t.rows
		for _, ranges := range split(g.wanted(filter, w), parts) {
			t.ranges, t.rows = ranges, left/parts
			divided = append(divided, t)
		}
	}
	return divided
}

// large reports whether the span is a row group that is worth dividing.
func (s span) large() bool { return s.to-s.from == 1 && s.rows >= 2*batchRows }

// split divides rows into parts of the same size.
func split(ranges []rowRange, parts int64) [][]rowRange {
	total := int64(0)
	for _, r := range ranges {
		total += r.to - r.from
	}
	if total == 0 {
		return nil
	}
	size := (total + parts - 1) / parts
	divided, room := [][]rowRange{nil}, size
	for _, r := range ranges {
		for r.from < r.to {
			if room == 0 {
				divided, room = append(divided, nil), size
			}
			part := rowRange{r.from, min(r.to, r.from+room)}
			last := len(divided) - 1
			divided[last] = append(divided[last], part)
			room -= part.to - part.from
			r.from = part.to
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
		g := &group{scanner: s, file: f, number: t.file, rowGroup: rowGroup, reader: reader, rejected: r, dictionaries: t.dictionaries}
		if g.dictionaries == nil {
			g.dictionaries = &dictionaries{}
		}
		ranges := t.ranges
		if ranges == nil {
			ranges = g.wanted(filter, w)
		}
		if err := g.scan(ctx, ranges, w); err != nil {
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

	dictionaries *dictionaries
	terms        [NumColumns][]uint32 // of dictionaries, once they were read
	tried        [NumColumns]bool
	indexes      map[int][]indexedPage
	checked      []int // required columns whose values the file does not prove to be flows'
}

// dictionary returns the codes of all values of a column, or false if some of its
// pages have no dictionary.
func (g *group) dictionary(col int) ([]uint32, bool) {
	if !g.tried[col] {
		g.tried[col] = true
		if terms, ok, err := g.file.dictionaryCodes(g.reader, g.rowGroup, col, g.scanner.book, &g.dictionaries[col]); err == nil && ok {
			g.terms[col] = terms // an error is found again when the column is read
		}
	}
	return g.terms[col], g.terms[col] != nil
}

// wanted returns the rows of the row group that w may want.
func (g *group) wanted(filter []int, w ScanWorker) []rowRange {
	rows := g.file.rowsOf(g.rowGroup)
	switch {
	case rows <= 0:
		return nil
	case len(filter) == 0:
		return []rowRange{{0, rows}}
	case !w.May(&Bounds{group: g, row: -1}):
		return nil
	}
	return g.zones(rows, filter, w)
}

// scan hands rows of the row group to w.
func (g *group) scan(ctx context.Context, ranges []rowRange, w ScanWorker) error {
	if len(ranges) == 0 {
		return nil
	}
	g.check()
	b := &Block{group: g}
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
			pages, err = g.file.pageStatistics(g.reader, g.rowGroup, col, rows)
		}
		if err != nil {
			continue // they only serve to skip pages
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
