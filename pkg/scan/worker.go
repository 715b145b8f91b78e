package scan

import (
	"context"
	"runtime"
	"sync"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
	"golang.org/x/sync/errgroup"
)

// scan is the reading of one file. Every worker sees every batch and takes the
// conversations that are its own, so that no conversation is built twice.
type scan struct {
	file    *file
	book    *book
	workers []*worker

	progress func(rows, total int64)
	mu       sync.Mutex
	done     int64 // rows added
}

// worker builds one part of the profile.
type worker struct {
	number  uint64
	batches chan *batch
	builder *profile.Builder
	ids     []uint32 // code of the book to address id of the builder plus one
	mine    []int32  // rows of the batch that are this worker's
}

func newScan(f *file, o Options) *scan {
	n := o.Workers
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	s := &scan{file: f, book: newBook(), progress: o.Progress}
	for i := range n {
		s.workers = append(s.workers, &worker{
			number: uint64(i), batches: make(chan *batch, 1), builder: profile.NewBuilder(), mine: make([]int32, batchRows),
		})
	}
	return s
}

// ahead is how many batches of a row group are under way at once: one being
// decoded, one that waits for each of the workers' channels, and two in work.
const ahead = 4

// read adds all rows to the workers' builders and returns the profile.
func (s *scan) read(ctx context.Context) (*profile.Profile, error) {
	parts := make([]*profile.Profile, len(s.workers))
	var working sync.WaitGroup
	for i, w := range s.workers {
		working.Go(func() {
			for b := range w.batches {
				w.add(b, uint64(len(s.workers)))
				s.release(b)
			}
			parts[i] = w.builder.Profile()
		})
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(len(s.workers))
	for i := range s.file.parquet.RowGroups() {
		g.Go(func() error { return s.file.readRowGroup(gctx, i, ahead, s.book, s.hand) })
	}
	err := g.Wait()
	for _, w := range s.workers {
		close(w.batches)
	}
	working.Wait()
	if err != nil {
		return nil, err
	}
	return profile.Merge(parts...), nil
}

// hand gives a batch to all workers.
func (s *scan) hand(ctx context.Context, b *batch) error {
	b.users.Store(int32(len(s.workers)))
	for _, w := range s.workers {
		select {
		case w.batches <- b:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// release gives a batch back and, when nobody needs it any more, reports
// progress.
func (s *scan) release(b *batch) {
	rows := int64(b.rows)
	if !b.release() || s.progress == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done += rows
	s.progress(s.done, s.file.rows)
}

// add adds those rows of a batch whose pair of source and destination is this
// worker's, of so many workers.
func (w *worker) add(b *batch, workers uint64) {
	times, src, dst := b.vectors[colTime].numbers, b.vectors[colSrc].codes, b.vectors[colDst].codes
	proto, port := b.vectors[colProto].codes, b.vectors[colPort].numbers
	up, down := b.vectors[colUp].numbers, b.vectors[colDown].numbers
	for _, i := range w.choose(src[:b.rows], dst[:b.rows], workers) {
		if !b.isFlow(int(i)) {
			r := b.reject(int(i))
			w.builder.Reject(r.Reason, r.At)
			continue
		}
		w.builder.AddCoded(flow.Time(times[i]), w.id(b.book, src[i]), w.id(b.book, dst[i]),
			flow.Proto(proto[i]), uint16(port[i]), up[i], down[i])
	}
}

// choose returns the rows that are this worker's. A multiplication spreads the
// pairs over the workers.
func (w *worker) choose(src, dst []uint32, workers uint64) []int32 {
	n := 0
	for i, d := range dst[:len(src)] {
		pair := (uint64(src[i])<<32 | uint64(d)) * 0x9e3779b97f4a7c15
		w.mine[n] = int32(i)
		if (pair>>32)*workers>>32 == w.number {
			n++
		}
	}
	return w.mine[:n]
}

// id returns the builder's number of the address with a code.
func (w *worker) id(book *book, code uint32) uint32 {
	if int(code) < len(w.ids) && w.ids[code] > 0 {
		return w.ids[code] - 1
	}
	return w.newID(book, code)
}

func (w *worker) newID(book *book, code uint32) uint32 {
	if n := int(code) + 1; n > len(w.ids) {
		w.ids = append(w.ids, make([]uint32, n-len(w.ids))...)
	}
	id := w.builder.Addr(book.at(code))
	w.ids[code] = id + 1
	return id
}
