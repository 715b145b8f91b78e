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
	"os"
	"slices"
)

// extSort is an external merge sort of byte strings of at most 64 KiB: a bounded
// number of them is held in memory, and sorted runs are in temporary files until
// close removes them. Libraries for this sort values of Go types, several
// times slower than bytes.Compare sorts keys that are made for it.
type extSort struct {
	held   []heldKey
	blocks [][]byte // the memory of the keys held; the last in use is at used-1
	used   int
	runs   []*os.File
}

// heldKey is a key in memory: where it is, and its first bytes, which decide most
// comparisons.
type heldKey struct {
	prefix uint64
	from   uint32 // blockSize times its block, and where it begins there
	size   uint16
}

const (
	maxHeldBytes = 128 << 20 // bounds the memory of the keys held
	blockSize    = 1 << 20
)

// add takes in a key of at least 8 bytes. Not more than limit keys are held.
func (s *extSort) add(key []byte, limit int, dir string) error {
	full := s.used == 0 || len(s.blocks[s.used-1])+len(key) > blockSize
	if len(s.held) >= limit || full && s.used == maxHeldBytes/blockSize {
		if err := s.spill(dir); err != nil {
			return err
		}
		full = true
	}
	if full {
		if s.used == len(s.blocks) {
			s.blocks = append(s.blocks, make([]byte, 0, blockSize))
		}
		s.blocks[s.used] = s.blocks[s.used][:0]
		s.used++
	}
	block := &s.blocks[s.used-1]
	s.held = append(s.held, heldKey{binary.BigEndian.Uint64(key), uint32((s.used-1)*blockSize + len(*block)), uint16(len(key))})
	*block = append(*block, key...)
	return nil
}

func (s *extSort) key(k heldKey) []byte {
	at := k.from % blockSize
	return s.blocks[k.from/blockSize][at : at+uint32(k.size)]
}

func (s *extSort) sortHeld() {
	slices.SortFunc(s.held, func(a, b heldKey) int {
		if a.prefix != b.prefix {
			if a.prefix < b.prefix {
				return -1
			}
			return 1
		}
		return bytes.Compare(s.key(a)[8:], s.key(b)[8:])
	})
}

// sorted yields the keys in order; each is valid until the next. After an error
// of reading a temporary file there are no more. If there are temporary files, the keys held
// become one, too: their memory is given to another sort, if there is one and it is new, or
// is free for whatever the keys are read for.
func (s *extSort) sorted(dir string, to *extSort) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if len(s.runs) > 0 {
			if err := s.handOver(dir, to); err != nil {
				yield(nil, err)
				return
			}
		}
		s.sortHeld()
		merge := runHeap{{held: s}}
		for _, file := range s.runs {
			if _, err := file.Seek(0, io.SeekStart); err != nil {
				yield(nil, err)
				return
			}
			merge = append(merge, &sortedRun{file: bufio.NewReaderSize(file, 64<<10)})
		}
		for _, r := range merge {
			if err := r.advance(); err != nil {
				yield(nil, err)
				return
			}
		}
		merge = slices.DeleteFunc(merge, func(r *sortedRun) bool { return r.done })
		heap.Init(&merge)
		for len(merge) > 0 {
			r := merge[0]
			if !yield(r.key, nil) {
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

// handOver writes the keys held to a temporary file, and gives away their memory.
func (s *extSort) handOver(dir string, to *extSort) error {
	if len(s.held) > 0 {
		if err := s.spill(dir); err != nil {
			return err
		}
	}
	if to != nil && to.empty() && to.blocks == nil {
		to.held, to.blocks = s.held, s.blocks
	}
	s.held, s.blocks, s.used = nil, nil, 0
	return nil
}

func (s *extSort) empty() bool { return len(s.held)+len(s.runs) == 0 }

// close frees the memory and the temporary files.
func (s *extSort) close() error {
	var errs []error
	for _, file := range s.runs {
		errs = append(errs, file.Close())
	}
	*s = extSort{}
	return errors.Join(errs...)
}

// spill writes the keys in memory to a temporary file, in order, each after its
// length.
func (s *extSort) spill(dir string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("sort flows in a temporary file: %w; set TMPDIR to a folder with more room", err)
		}
	}()
	file, err := os.CreateTemp(dir, "flowbook-import-*")
	if err != nil {
		return err
	}
	s.runs = append(s.runs, file)
	// A file without a name is gone when the program ends, even if it is killed.
	if err := os.Remove(file.Name()); err != nil {
		return err
	}
	s.sortHeld()
	w := bufio.NewWriterSize(file, 64<<10)
	for _, k := range s.held {
		key := s.key(k)
		if _, err := w.Write(binary.LittleEndian.AppendUint16(w.AvailableBuffer(), uint16(len(key)))); err != nil {
			return err
		}
		if _, err := w.Write(key); err != nil {
			return err
		}
	}
	s.held, s.used = s.held[:0], 0
	return w.Flush()
}

// sortedRun is a sorted sequence of keys; key is the next one.
type sortedRun struct {
	key  []byte
	done bool
	held *extSort      // a run in memory
	next int           // of its keys
	file *bufio.Reader // or one in a file
}

// advance moves on to the next key.
func (r *sortedRun) advance() error {
	if r.file == nil {
		if r.done = r.next == len(r.held.held); !r.done {
			r.key = r.held.key(r.held.held[r.next])
			r.next++
		}
		return nil
	}
	var size [2]byte
	switch _, err := io.ReadFull(r.file, size[:]); {
	case err == io.EOF:
		r.done = true
		return nil
	case err != nil:
		return err
	}
	n := int(binary.LittleEndian.Uint16(size[:]))
	r.key = slices.Grow(r.key[:0], n)[:n]
	_, err := io.ReadFull(r.file, r.key)
	return err
}

// runHeap has the run with the smallest next key at its top.
type runHeap []*sortedRun

func (h runHeap) Len() int           { return len(h) }
func (h runHeap) Less(i, j int) bool { return bytes.Compare(h[i].key, h[j].key) < 0 }
func (h runHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *runHeap) Push(x any)        { *h = append(*h, x.(*sortedRun)) }
func (h *runHeap) Pop() any {
	last := len(*h) - 1
	r := (*h)[last]
	*h = (*h)[:last]
	return r
}
