package scan

import (
	"context"
	"runtime"
	"sync"

	"github.com/flowbook/flowbook/pkg/profile"
	"golang.org/x/sync/errgroup"
)

// scan is the reading of one file. Batches come in order; whichever worker is
// free divides one by conversation; and when the parts are many, all workers
// add them to the profile.
type scan struct {
	file    *file
	book    *book
	builder *profile.Builder
	workers int
	batches chan *batch
	divided chan part
	free    chan *profile.Part

	progress func(rows, total int64)
}

// part is a batch that was divided.
type part struct {
	number int // of the batch, from 0
	rows   int
	flows  *profile.Part
}

func newScan(f *file, o Options) *scan {
	n := o.Workers
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	book := newBook()
	return &scan{
		file: f, book: book, builder: profile.NewBuilderOf(book.addrs), workers: n,
		batches: make(chan *batch), divided: make(chan part, n), free: make(chan *profile.Part, roundRows/batchRows),
		progress: o.Progress,
	}
}

const (
	// ahead is how many batches of a row group are under way at once: two being
	// decoded and two being divided.
	ahead = 4
	// roundRows is how many rows are added to the profile at once. They take
	// 16 MB; with fewer, the profile's conversations are fetched more often.
	roundRows = 512 << 10
)

// read adds all rows to the builder and returns the profile.
func (s *scan) read(ctx context.Context) (*profile.Profile, error) {
	var dividing, adding sync.WaitGroup
	for range s.workers {
		dividing.Go(func() { s.divide(s.builder.Adder()) })
	}
	adding.Go(s.add)
	err := s.readRowGroups(ctx)
	close(s.batches)
	dividing.Wait()
	close(s.divided)
	adding.Wait()
	if err != nil {
		return nil, err
	}
	return s.builder.Profile(), nil
}

// readRowGroups decodes as many row groups side by side as there are workers,
// but hands their batches on in order: the next row group is decoded ahead.
func (s *scan) readRowGroups(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(s.workers)
	turn := make(chan struct{})
	close(turn)
	number := 0
	for i, rowGroup := range s.file.parquet.RowGroups() {
		mine, next, first := turn, make(chan struct{}), number
		g.Go(func() error {
			defer close(next)
			return s.file.readRowGroup(ctx, i, ahead, s.book, func(ctx context.Context, b *batch) error {
				if _, err := receive(ctx, mine); err != nil {
					return err
				}
				b.number = first + int(b.first/batchRows)
				select {
				case s.batches <- b:
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			})
		})
		turn = next
		number += int((rowGroup.NumRows() + batchRows - 1) / batchRows)
	}
	return g.Wait()
}

// divide divides batches until there are no more.
func (s *scan) divide(adder *profile.Adder) {
	for b := range s.batches {
		p := part{number: b.number, rows: b.rows}
		select {
		case p.flows = <-s.free:
		default:
			p.flows = new(profile.Part)
		}
		adder.Divide(b.flows(adder), p.flows)
		b.recycle()
		s.divided <- p
	}
}

// add adds the divided batches to the builder, in order, many at once, and
// reports progress.
func (s *scan) add() {
	early := map[int]part{}
	var round []*profile.Part
	next, rows, done := 0, 0, int64(0)
	flush := func() {
		s.builder.AddParts(s.workers, round...)
		for _, p := range round {
			select {
			case s.free <- p:
			default:
			}
		}
		done += int64(rows)
		round, rows = round[:0], 0
		if s.progress != nil {
			s.progress(done, s.file.rows)
		}
	}
	for p := range s.divided {
		early[p.number] = p
		for p, ok := early[next]; ok; p, ok = early[next] {
			delete(early, next)
			next++
			round = append(round, p.flows)
			if rows += p.rows; rows >= roundRows {
				flush()
			}
		}
	}
	if rows > 0 {
		flush()
	}
}

// flows returns the rows of the batch that are flows, and counts the others.
func (b *batch) flows(adder *profile.Adder) profile.Columns {
	v := &b.vectors
	c := profile.Columns{
		Time: v[colTime].numbers, Src: v[colSrc].codes, Dst: v[colDst].codes,
		Proto: v[colProto].codes, Port: v[colPort].numbers, Up: v[colUp].numbers, Down: v[colDown].numbers,
	}
	n := 0
	for i := range b.rows {
		if !b.isFlow(i) {
			r := b.reject(i)
			adder.Reject(r.Reason, r.At)
			continue
		}
		if n < i {
			c.Time[n], c.Src[n], c.Dst[n], c.Proto[n] = c.Time[i], c.Src[i], c.Dst[i], c.Proto[i]
			c.Port[n], c.Up[n], c.Down[n] = c.Port[i], c.Up[i], c.Down[i]
		}
		n++
	}
	c.Time = c.Time[:n]
	return c
}
