package ingest

import (
	"bufio"
	"bytes"
	"container/heap"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
)

// sortKey is a flow, or the row of one direction of it, as bytes whose order
// is the order wanted: numbers are big-endian, and an address is its length
// before its sixteen bytes, since IPv4 comes before IPv6.
type sortKey [4 + 4 + 17 + 17 + 1 + 2 + 8 + 8]byte

// keys is an external merge sort: at most limit keys are held in memory, and
// sorted runs of them lie in temporary files until Close removes them.
type keys struct {
	held []sortKey
	runs []*os.File
}

// add takes in a key.
func (s *keys) add(k sortKey, limit int, dir string) error {
	if len(s.held) >= limit {
		if err := s.spill(dir); err != nil {
			return fmt.Errorf("sort flows in a temporary file (TMPDIR chooses the folder): %w", err)
		}
	}
	s.held = append(s.held, k)
	return nil
}

// sorted yields the keys in order, and no more after an error of reading a
// temporary file. It may be called once.
func (s *keys) sorted() iter.Seq2[*sortKey, error] {
	return func(yield func(*sortKey, error) bool) {
		sortRun(s.held)
		merge := runHeap{{rest: s.held}}
		for _, file := range s.runs {
			if _, err := file.Seek(0, io.SeekStart); err != nil {
				yield(nil, err)
				return
			}
			merge = append(merge, &run{file: bufio.NewReaderSize(file, 64<<10)})
		}
		for _, r := range merge {
			if err := r.advance(); err != nil {
				yield(nil, err)
				return
			}
		}
		merge = slices.DeleteFunc(merge, func(r *run) bool { return r.done })
		heap.Init(&merge)
		for len(merge) > 0 {
			r := merge[0]
			if !yield(&r.key, nil) {
				return
			}
			if err := r.advance(); err != nil {
				yield(nil, err)
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

func (s *keys) empty() bool { return len(s.held)+len(s.runs) == 0 }

// close frees the memory and removes the temporary files.
func (s *keys) close() error {
	var errs []error
	for _, file := range s.runs {
		errs = append(errs, file.Close(), os.Remove(file.Name()))
	}
	s.held, s.runs = nil, nil
	return errors.Join(errs...)
}

// spill writes the keys in memory to a temporary file, in order.
func (s *keys) spill(dir string) error {
	file, err := os.CreateTemp(dir, "flowbook-import-*")
	if err != nil {
		return err
	}
	s.runs = append(s.runs, file)
	sortRun(s.held)
	w := bufio.NewWriterSize(file, 64<<10)
	for i := range s.held {
		if _, err := w.Write(s.held[i][:]); err != nil {
			return err
		}
	}
	s.held = s.held[:0]
	return w.Flush()
}

func sortRun(held []sortKey) {
	slices.SortFunc(held, func(a, b sortKey) int { return bytes.Compare(a[:], b[:]) })
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
