package flowfile

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
	"golang.org/x/sync/errgroup"
)

// profiling is the reading of files to one profile. Batches come in order; whichever
// worker is free divides one by conversation; and when the parts are many, all
// workers add them to the profile.
type profiling struct {
	book    *book
	builder *profile.Builder
	workers int

	batches chan *batch
	divided chan part
	free    chan *profile.Part
	vectors sync.Pool // of *[numColumns]vector
	running struct{ dividing, adding sync.WaitGroup }

	flows    map[int]int64 // of each file, by its number; after end
	total    atomic.Int64  // rows of the files opened
	progress func(rows, total int64)
}

// part is a batch that was divided.
type part struct {
	at    position
	rows  int
	flows int // of the rows
	parts *profile.Part
}

const (
	// ahead is how many batches of a row group are under way at once: two being
	// decoded and two being divided.
	ahead = 4
	// spareParts is how many parts wait to be used again.
	spareParts = 512
	// roundParts bounds a round of small batches.
	roundParts = 4 << 10
)

// begin starts the workers, which run until end is called.
func begin(o Options) *profiling {
	n := o.Workers
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	book := newBook()
	s := &profiling{
		book: book, builder: profile.NewBuilderOf(book.addrs), workers: n,
		batches: make(chan *batch), divided: make(chan part, n), free: make(chan *profile.Part, spareParts),
		flows: map[int]int64{}, progress: o.Progress,
	}
	for range n {
		s.running.dividing.Go(func() { s.divide(s.builder.Adder()) })
	}
	s.running.adding.Go(s.add)
	return s
}

// end waits until all batches that were handed on are added.
func (s *profiling) end() {
	close(s.batches)
	s.running.dividing.Wait()
	close(s.divided)
	s.running.adding.Wait()
}

// readRowGroups decodes as many spans of row groups side by side as there are
// workers, but hands their batches on in order, once it is the file's turn: what
// comes next is decoded ahead.
func (s *profiling) readRowGroups(ctx context.Context, f *file, number int, turn <-chan struct{}) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(s.workers)
	spans := f.spans()
	batches, begun := 0, 0
	for _, span := range spans {
		batches += span.batches()
	}
	for _, span := range spans {
		mine, next, first := turn, make(chan struct{}), begun
		g.Go(func() error {
			defer close(next)
			n := first
			return s.readSpan(ctx, f, span, func(ctx context.Context, b *batch) error {
				if _, err := receive(ctx, mine); err != nil {
					return err
				}
				b.at = position{file: number, number: n, last: n == batches-1}
				n++
				return send(ctx, s.batches, b)
			})
		})
		turn = next
		begun += span.batches()
	}
	return g.Wait()
}

// divide divides batches until there are no more.
func (s *profiling) divide(adder *profile.Adder) {
	for b := range s.batches {
		p := part{at: b.at, rows: b.rows}
		select {
		case p.parts = <-s.free:
		default:
			p.parts = new(profile.Part)
		}
		flows, details, detailed := b.flows(adder)
		p.flows = len(flows.Time)
		if detailed {
			adder.AddDetails(flows, details, s.book.names)
		}
		adder.Divide(flows, p.parts)
		b.recycle()
		s.divided <- p
	}
}

// add adds the divided batches to the builder, in order, many at once, and
// reports progress.
func (s *profiling) add() {
	early := map[position]part{}
	var round []*profile.Part
	rows, most, done := 0, s.builder.Round(), int64(0)
	next := position{}
	for p := range s.divided {
		early[position{file: p.at.file, number: p.at.number}] = p
		for p, ok := early[next]; ok; p, ok = early[next] {
			delete(early, next)
			next = p.at.next()
			s.flows[p.at.file] += int64(p.flows)
			round = append(round, p.parts)
			if rows += p.rows; rows >= most || len(round) == roundParts {
				s.addRound(round)
				round, rows, most = round[:0], 0, s.builder.Round()
			}
			if done += int64(p.rows); s.progress != nil {
				s.progress(done, s.total.Load())
			}
		}
	}
	s.addRound(round)
}

// addRound adds divided batches and gives their memory back.
func (s *profiling) addRound(round []*profile.Part) {
	s.builder.AddParts(s.workers, round...)
	for _, p := range round {
		select {
		case s.free <- p:
		default:
		}
	}
}

// flows returns the rows of the batch that are flows, with their optional columns
// if the file has some that a profile keeps, and counts the other rows.
func (b *batch) flows(adder *profile.Adder) (c profile.Columns, d profile.DetailColumns, detailed bool) {
	v := &b.vectors
	c = profile.Columns{
		Time: v[colTime].numbers, Src: v[colSrc].codes, Dst: v[colDst].codes,
		Proto: v[colProto].codes, Port: v[colPort].numbers, Up: v[colUp].numbers, Down: v[colDown].numbers,
	}
	numbers := []struct {
		col  int
		into *[]int64
	}{{colDuration, &d.Duration}, {colUpPackets, &d.UpPackets}, {colDownPackets, &d.DownPackets}}
	codes := []struct {
		col  int
		into *[]uint32
	}{{colState, &d.State}, {colName, &d.Name}}
	for _, x := range numbers {
		if v[x.col] != nil {
			*x.into, detailed = v[x.col].numbers, true
		}
	}
	for _, x := range codes {
		if v[x.col] != nil {
			*x.into, detailed = v[x.col].codes, true
		}
	}
	n := 0
	for i := range b.rows {
		if p := flow.Proto(c.Proto[i]); !b.isFlow(i) || p != flow.TCP && p != flow.UDP {
			r := b.reject(i)
			if r == nil {
				r = b.rejectProtocol(i)
			}
			adder.Reject(r.Reason, r.At)
			continue
		}
		if n < i {
			c.Time[n], c.Src[n], c.Dst[n], c.Proto[n] = c.Time[i], c.Src[i], c.Dst[i], c.Proto[i]
			c.Port[n], c.Up[n], c.Down[n] = c.Port[i], c.Up[i], c.Down[i]
			for _, x := range numbers {
				if *x.into != nil {
					(*x.into)[n] = (*x.into)[i]
				}
			}
			for _, x := range codes {
				if *x.into != nil {
					(*x.into)[n] = (*x.into)[i]
				}
			}
		}
		n++
	}
	c.Time = c.Time[:n]
	return c, d, detailed
}
