package flowfile

import (
	"encoding/binary"
	"errors"

	"github.com/flowbook/flowbook/pkg/budget"
)

// What the structures of a footer, a page header or an index may ask for. The library allocates lists by the sizes
// that they claim, and calls itself for nested structures.
const (
	metadataMost = 512 << 20 // bytes of memory
	structSize   = 640       // bytes of memory of the largest structure in a list, a column chunk
	valueSize    = 24        // and of a text or number
)

var (
	errShort = errors.New("a structure is truncated")
	errType  = errors.New("a structure has a field of an unknown type")
)

// checkThrift walks over a structure in Thrift's compact protocol and returns its length. It finds what the library
// would allocate without bounds: lists that are longer than the bytes that follow, and structures within each other.
// See https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md.
func checkThrift(data []byte) (length int, err error) {
	w := thriftWalk{data: data}
	err = w.structure(0)
	return w.at, err
}

type thriftWalk struct {
	data   []byte
	at     int
	memory int64
}

func (w *thriftWalk) structure(depth int) error {
	if err := budget.Check("structure", int64(depth), budget.Nesting, budget.Levels); err != nil {
		return err
	}
	for {
		b, err := w.byte()
		if err != nil || b == 0 {
			return err
		}
		if b>>4 == 0 { // the number of the field follows
			if _, err := w.varint(); err != nil {
				return err
			}
		}
		if err := w.value(b&0xF, depth, false); err != nil {
			return err
		}
	}
}

// value goes past a value of a type. Booleans have a byte in lists only.
func (w *thriftWalk) value(kind byte, depth int, inList bool) error {
	switch kind {
	case 1, 2:
		if inList {
			return w.skip(1)
		}
		return nil
	case 3:
		return w.skip(1)
	case 4, 5, 6:
		_, err := w.varint()
		return err
	case 7:
		return w.skip(8)
	case 8:
		n, err := w.varint()
		if err != nil {
			return err
		}
		return w.skip(n)
	case 9, 10:
		return w.list(depth)
	case 12:
		return w.structure(depth + 1)
	}
	return errType // Parquet has no maps
}

func (w *thriftWalk) list(depth int) error {
	b, err := w.byte()
	if err != nil {
		return err
	}
	n := uint64(b >> 4)
	if n == 0xF {
		if n, err = w.varint(); err != nil {
			return err
		}
	}
	if n > uint64(len(w.data)-w.at) { // each element has a byte at least
		return errShort
	}
	kind, size := b&0xF, int64(valueSize)
	if kind == 12 {
		size = structSize
	}
	w.memory += int64(n) * size
	if err := budget.Check("metadata", w.memory, metadataMost, budget.Bytes); err != nil {
		return err
	}
	for range n {
		if err := w.value(kind, depth+1, true); err != nil {
			return err
		}
	}
	return nil
}

func (w *thriftWalk) byte() (byte, error) {
	if w.at >= len(w.data) {
		return 0, errShort
	}
	w.at++
	return w.data[w.at-1], nil
}

func (w *thriftWalk) varint() (uint64, error) {
	v, n := binary.Uvarint(w.data[w.at:])
	if n <= 0 {
		return 0, errShort
	}
	w.at += n
	return v, nil
}

func (w *thriftWalk) skip(n uint64) error {
	if n > uint64(len(w.data)-w.at) {
		return errShort
	}
	w.at += int(n)
	return nil
}
