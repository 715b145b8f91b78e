package scan

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
	"golang.org/x/sync/errgroup"
)

// Options are how to scan. The zero value is right for most.
type Options struct {
	// Workers is how many profiles are built side by side, and how many row
	// groups are read side by side. Zero means one for each core.
	Workers int
	// Progress, if set, is called now and then with the rows read so far and
	// those of the whole file. Calls come one at a time, from any goroutine.
	Progress func(rows, total int64)
}

// File reads a flow file to its Profile. Rows that are no flows are left out
// and counted in Profile.Rejected; everything else that is wrong with the file
// is an [*Error]. Memory grows with the distinct conversations of the file and
// with Options.Workers, not with its rows.
func File(ctx context.Context, path string, o Options) (*profile.Profile, error) {
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s := newScan(f, o)
	var sum string
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		sum, err = hashFile(ctx, f)
		return err
	})
	g.Go(func() error { return s.read(ctx) })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	p := s.profile()
	p.Sources = []profile.Source{{Name: f.base(), SHA256: sum, Rows: f.rows}}
	if len(p.Conversations) == 0 {
		return nil, f.fail(-1, "", allRejected(p))
	}
	return p, nil
}

// Files reads several files, such as the parts that Spark writes, to one
// Profile.
func Files(ctx context.Context, paths []string, o Options) (*profile.Profile, error) {
	if len(paths) == 0 {
		return nil, fmt.Errorf("no flow file was named")
	}
	profiles := make([]*profile.Profile, len(paths))
	for i, path := range paths {
		p, err := File(ctx, path, o)
		if err != nil {
			return nil, err
		}
		profiles[i] = p
	}
	return profile.Merge(profiles...), nil
}

// allRejected explains a file none of whose rows is a flow by the reason that
// most of them share.
func allRejected(p *profile.Profile) error {
	most := p.Rejected[0]
	for _, r := range p.Rejected {
		if r.Count > most.Count {
			most = r
		}
	}
	return fmt.Errorf("%w: %d of %d rows have %q, first in row group %d, row %d, column %s: %q",
		ErrAllRejected, most.Count, p.RejectedRows(), most.Reason,
		most.First.RowGroup, most.First.Row, most.First.Column, most.First.Value)
}

// scan is the reading of one file.
type scan struct {
	file    *file
	book    *book
	limit   int          // row groups at once
	workers chan *worker // those that are idle

	progress func(rows, total int64)
	mu       sync.Mutex
	done     int64 // rows added
}

func newScan(f *file, o Options) *scan {
	n := o.Workers
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	s := &scan{file: f, book: newBook(), limit: n, workers: make(chan *worker, n), progress: o.Progress}
	for range n {
		s.workers <- &worker{builder: profile.NewBuilder()}
	}
	return s
}

// read adds all rows to the workers' builders.
func (s *scan) read(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(s.limit)
	for i := range s.file.parquet.RowGroups() {
		g.Go(func() error { return s.file.readRowGroup(ctx, i, s.limit, s.book, s.add) })
	}
	return g.Wait()
}

// add gives a batch to an idle worker.
func (s *scan) add(ctx context.Context, b *batch) error {
	w, err := receive(ctx, s.workers)
	if err != nil {
		return err
	}
	w.add(b)
	s.workers <- w
	if s.progress != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.done += int64(b.rows)
		s.progress(s.done, s.file.rows)
	}
	return nil
}

// profile merges what the workers built.
func (s *scan) profile() *profile.Profile {
	var parts []*profile.Profile
	for range s.limit {
		parts = append(parts, (<-s.workers).builder.Profile())
	}
	return profile.Merge(parts...)
}

// worker builds one part of the profile.
type worker struct {
	builder *profile.Builder
	ids     []uint32 // code of the book to address id of the builder plus one
}

// add adds the rows of a batch.
func (w *worker) add(b *batch) {
	times, src, dst := b.vectors[colTime].numbers, b.vectors[colSrc].codes, b.vectors[colDst].codes
	proto, port := b.vectors[colProto].codes, b.vectors[colPort].numbers
	up, down := b.vectors[colUp].numbers, b.vectors[colDown].numbers
	for i := range b.rows {
		if !b.isFlow(i) {
			r := b.reject(i)
			w.builder.Reject(r.Reason, r.At)
			continue
		}
		w.builder.AddCoded(flow.Time(times[i]), w.id(b.book, src[i]), w.id(b.book, dst[i]),
			flow.Proto(proto[i]), uint16(port[i]), up[i], down[i])
	}
}

// id returns the builder's number of the address with a code.
func (w *worker) id(book *book, code uint32) uint32 {
	if int(code) < len(w.ids) && w.ids[code] > 0 {
		return w.ids[code] - 1
	}
	return w.newID(book, code)
}

func (w *worker) newID(book *book, code uint32) uint32 {
	for int(code) >= len(w.ids) {
		w.ids = append(w.ids, 0)
	}
	id := w.builder.Addr(book.at(code))
	w.ids[code] = id + 1
	return id
}
