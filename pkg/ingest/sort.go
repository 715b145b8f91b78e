package ingest

import (
	"bufio"
	"bytes"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/netip"
	"os"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
)

// Sorter puts flows in order: by date, and within a date as [flow.Compare]
// has it, so that the result does not depend on the order of adding. It
// is an external merge sort: at most Limit flows are held in memory, and
// sorted runs of them lie in temporary files until Close removes them.
//
// The zero value is ready for use. A Sorter is not safe for use by several
// goroutines.
type Sorter struct {
	// Limit is the most flows held in memory, at 61 bytes each; 0 means 2^20.
	Limit int
	// Dir is the folder for temporary files; empty means the system's.
	Dir string

	flows []sortKey
	runs  []*os.File
}

// Add takes in a flow. It fails where a temporary file cannot be written.
func (s *Sorter) Add(f Flow) error {
	limit := s.Limit
	if limit == 0 {
		limit = 1 << 20
	}
	if len(s.flows) >= limit {
		if err := s.spill(); err != nil {
			return fmt.Errorf("sort flows in a temporary file (TMPDIR chooses the folder): %w", err)
		}
	}
	s.flows = append(s.flows, makeSortKey(f))
	return nil
}

// Sorted yields the flows added so far, in order; only date and record are
// kept. After an error, of reading a temporary file, it yields no more. It
// may be called once, and no flow added afterwards.
func (s *Sorter) Sorted() iter.Seq2[Flow, error] {
	return func(yield func(Flow, error) bool) {
		sortRun(s.flows)
		merge := runHeap{{rest: s.flows}}
		for _, file := range s.runs {
			if _, err := file.Seek(0, io.SeekStart); err != nil {
				yield(Flow{}, err)
				return
			}
			merge = append(merge, &run{file: bufio.NewReaderSize(file, 64<<10)})
		}
		for _, r := range merge {
			if err := r.advance(); err != nil {
				yield(Flow{}, err)
				return
			}
		}
		merge = slices.DeleteFunc(merge, func(r *run) bool { return r.done })
		heap.Init(&merge)
		for len(merge) > 0 {
			r := merge[0]
			if !yield(r.key.flow(), nil) {
				return
			}
			if err := r.advance(); err != nil {
				yield(Flow{}, err)
				return
			}
			if r.done {
				heap.Pop(&merge)
			} else {
				heap.Fix(&merge, 0)
			}
		}
	}
}

// Close frees the memory and removes the temporary files.
func (s *Sorter) Close() error {
	var errs []error
	for _, file := range s.runs {
		errs = append(errs, file.Close(), os.Remove(file.Name()))
	}
	s.flows, s.runs = nil, nil
	return errors.Join(errs...)
}

// spill writes the flows in memory to a temporary file, in order.
func (s *Sorter) spill() error {
	file, err := os.CreateTemp(s.Dir, "flowbook-import-*")
	if err != nil {
		return err
	}
	s.runs = append(s.runs, file)
	sortRun(s.flows)
	w := bufio.NewWriterSize(file, 64<<10)
	for i := range s.flows {
		if _, err := w.Write(s.flows[i][:]); err != nil {
			return err
		}
	}
	s.flows = s.flows[:0]
	return w.Flush()
}

func sortRun(flows []sortKey) {
	slices.SortFunc(flows, func(a, b sortKey) int { return bytes.Compare(a[:], b[:]) })
}

// sortKey is a flow as bytes whose order is the order of the flows: numbers
// are big-endian, and an address is its length before its sixteen bytes,
// since IPv4 comes before IPv6.
type sortKey [4 + 4 + 17 + 17 + 1 + 2 + 8 + 8]byte

func makeSortKey(f Flow) (k sortKey) {
	b := k[:0]
	b = binary.BigEndian.AppendUint32(b, uint32(f.Date)^1<<31) // so that dates before 1970 come first
	b = binary.BigEndian.AppendUint32(b, uint32(f.Time))
	b = appendAddr(b, f.Src)
	b = appendAddr(b, f.Dst)
	b = append(b, byte(f.Proto))
	b = binary.BigEndian.AppendUint16(b, f.Port)
	b = binary.BigEndian.AppendUint64(b, uint64(f.Up))
	binary.BigEndian.AppendUint64(b, uint64(f.Down))
	return k
}

func (k *sortKey) flow() Flow {
	return Flow{
		Date: Date(binary.BigEndian.Uint32(k[0:]) ^ 1<<31),
		Record: flow.Record{
			Time:  flow.Time(binary.BigEndian.Uint32(k[4:])),
			Src:   readAddr(k[8:]),
			Dst:   readAddr(k[25:]),
			Proto: flow.Proto(k[42]),
			Port:  binary.BigEndian.Uint16(k[43:]),
			Up:    int64(binary.BigEndian.Uint64(k[45:])),
			Down:  int64(binary.BigEndian.Uint64(k[53:])),
		},
	}
}

func appendAddr(b []byte, a netip.Addr) []byte {
	sixteen := a.As16()
	return append(append(b, byte(a.BitLen())), sixteen[:]...)
}

func readAddr(b []byte) netip.Addr {
	a := netip.AddrFrom16([16]byte(b[1:17]))
	if b[0] == 32 {
		return a.Unmap()
	}
	return a
}

// run is a sorted sequence of flows, of which key is the next one.
type run struct {
	key  sortKey
	done bool
	rest []sortKey     // a run in memory
	file *bufio.Reader // or one in a file
}

// advance moves on to the next flow.
func (r *run) advance() error {
	if r.file == nil {
		if r.done = len(r.rest) == 0; !r.done {
			r.key, r.rest = r.rest[0], r.rest[1:]
		}
		return nil
	}
	_, err := io.ReadFull(r.file, r.key[:])
	if errors.Is(err, io.EOF) {
		r.done = true
		return nil
	}
	return err
}

// runHeap has the run with the smallest next flow at its top.
type runHeap []*run

func (h runHeap) Len() int           { return len(h) }
func (h runHeap) Less(i, j int) bool { return bytes.Compare(h[i].key[:], h[j].key[:]) < 0 }
func (h runHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *runHeap) Push(x any)        { *h = append(*h, x.(*run)) }
func (h *runHeap) Pop() any {
	last := len(*h) - 1
	r := (*h)[last]
	*h = (*h)[:last]
	return r
}
