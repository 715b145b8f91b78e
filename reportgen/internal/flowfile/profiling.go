package flowfile

import (
	"context"
	"math"
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
	workers int
	target  // of the part of the day that is in memory
	parting sync.RWMutex
	parts   parts

	batches chan *batch
	divided chan part
	free    chan *profile.Part
	vectors sync.Pool    // of *[NumColumns]vector
	waiting atomic.Int64 // batches that were divided and not taken from divided
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

// target is what batches are added to: a builder, with the numbers of its addresses and
// names, and an Adder for each worker.
type target struct {
	book    *book
	builder *profile.Builder
	adders  []*profile.Adder
}

func newTarget(workers int) target {
	t := target{book: newBook()}
	t.builder = profile.NewBuilderOf(t.book.addrs, t.book.names)
	for range workers {
		t.adders = append(t.adders, t.builder.Adder())
	}
	return t
}

// begin starts the workers, which run until end is called. They call stop if a part of
// the day cannot be written.
func begin(o Options, stop context.CancelCauseFunc) *profiling {
	n := o.Workers
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	s := &profiling{
		workers: n, target: newTarget(n), parts: newParts(o, stop),
		batches: make(chan *batch), divided: make(chan part, n), free: make(chan *profile.Part, spareParts),
		flows: map[int]int64{}, progress: o.Progress,
	}
	for worker := range n {
		s.running.dividing.Go(func() { s.divide(worker) })
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

// current returns the book of the part of the day that is in memory.
func (s *profiling) current() *book {
	s.parting.RLock()
	defer s.parting.RUnlock()
	return s.book
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
func (s *profiling) divide(worker int) {
	var known translation
	for b := range s.batches {
		p := part{at: b.at, rows: b.rows}
		select {
		case p.parts = <-s.free:
		default:
			p.parts = new(profile.Part)
		}
		p.flows = s.divideBatch(b, worker, p.parts, &known)
		b.recycle()
		s.divided <- p
	}
}

// divideBatch divides a batch into p, and returns how many of its rows are flows.
func (s *profiling) divideBatch(b *batch, worker int, p *profile.Part, known *translation) int {
	s.parting.RLock()
	defer s.parting.RUnlock()
	adder := s.adders[worker]
	flows, details := b.flows(adder)
	if b.book != s.book {
		known.translate(b.book, s.book, flows, details)
	}
	adder.Divide(flows, details, p)
	s.waiting.Add(1)
	return len(flows.Time)
}

// rounds are the divided batches that wait to be added.
type rounds struct {
	early map[position]part
	next  position
	round []*profile.Part // in order
	rows  int             // of the round
	done  int64           // rows that are added or in the round
}

// add adds the divided batches to the builder, in order, many at once, and
// reports progress. If the builder has become too large, it writes a part of the day.
func (s *profiling) add() {
	r := rounds{early: map[position]part{}}
	most := s.round()
	for p := range s.divided {
		s.take(&r, p)
		if r.rows >= most || len(r.round) >= roundParts {
			s.addRound(&r)
			if s.builder.Memory() > s.parts.most {
				s.endPart(&r)
			}
			most = s.round()
		}
	}
	s.addRound(&r)
}

// round returns how many flows to add at once: about as many as there may be new
// conversations in this part of the day.
func (s *profiling) round() int {
	left := max(s.parts.most-s.builder.Memory(), s.parts.most/8)
	return int(min(int64(s.builder.Round()), left/profile.ConversationMemory))
}

// take takes a divided batch, and puts those that are next in order into the round.
func (s *profiling) take(r *rounds, p part) {
	s.waiting.Add(-1)
	s.flows[p.at.file] += int64(p.flows)
	r.early[position{file: p.at.file, number: p.at.number}] = p
	for p, ok := r.early[r.next]; ok; p, ok = r.early[r.next] {
		delete(r.early, r.next)
		r.next = p.at.next()
		if p.parts != nil { // or it is in an earlier part of the day
			r.round = append(r.round, p.parts)
			r.rows += p.rows
		}
		if r.done += int64(p.rows); s.progress != nil {
			s.progress(r.done, s.total.Load())
		}
	}
}

// addRound adds divided batches and gives their memory back.
func (s *profiling) addRound(r *rounds) {
	s.builder.AddParts(s.workers, r.round...)
	for _, p := range r.round {
		select {
		case s.free <- p:
		default:
		}
	}
	r.round, r.rows = r.round[:0], 0
}

// endPart writes all flows that were divided so far as a part of the day, and begins the
// next part.
func (s *profiling) endPart(r *rounds) {
	s.parting.Lock()
	defer s.parting.Unlock()
	for s.waiting.Load() > 0 {
		s.take(r, <-s.divided)
	}
	for at, p := range r.early { // the order of batches saves time, no more
		r.round = append(r.round, p.parts)
		p.parts = nil
		r.early[at] = p
	}
	s.addRound(r)
	s.parts.write(s.builder.Profile())
	s.target = newTarget(s.workers)
}

// leadingFlows returns how many of the first rows are flows of TCP and UDP, which is all of them in
// most batches. It makes the checks of isFlow without fetching the columns for each row.
func leadingFlows(c profile.Columns, rows int) int {
	time, src, dst, proto := c.Time[:rows], c.Src[:rows], c.Dst[:rows], c.Proto[:rows]
	port, up, down := c.Port[:rows], c.Up[:rows], c.Down[:rows]
	for i, t := range time {
		p := proto[i]
		if uint64(t) >= uint64(flow.Day) || src[i]|dst[i] >= badCode || p != uint32(flow.TCP) && p != uint32(flow.UDP) ||
			uint64(port[i]) > math.MaxUint16 || up[i]|down[i] < 0 {
			return i
		}
	}
	return rows
}

// flows returns the rows of the batch that are flows, with their optional columns
// if the file has some that a profile keeps, and counts the other rows.
func (b *batch) flows(adder *profile.Adder) (c profile.Columns, d profile.DetailColumns) {
	v := &b.vectors
	c = profile.Columns{
		Time: v[PlaceTime].numbers, Src: v[PlaceSrc].codes, Dst: v[PlaceDst].codes,
		Proto: v[PlaceProto].codes, Port: v[PlacePort].numbers, Up: v[PlaceUp].numbers, Down: v[PlaceDown].numbers,
	}
	numbers := []struct {
		col  int
		into *[]int64
	}{{placeDuration, &d.Duration}, {PlaceUpPackets, &d.UpPackets}, {PlaceDownPackets, &d.DownPackets}}
	codes := []struct {
		col  int
		into *[]uint32
	}{{placeState, &d.State}, {placeName, &d.Name}}
	for _, x := range numbers {
		if v[x.col] != nil {
			*x.into = v[x.col].numbers
		}
	}
	for _, x := range codes {
		if v[x.col] != nil {
			*x.into = v[x.col].codes
		}
	}
	n := leadingFlows(c, b.rows)
	for i := n; i < b.rows; i++ {
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
	return c, d
}
