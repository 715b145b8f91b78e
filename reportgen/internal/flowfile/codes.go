package flowfile

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/parquet-go/parquet-go/encoding"
)

// codeReader reads pages of addresses or protocols as codes of the run's
// codebook. If a page has a dictionary, each of its values is looked up once and
// rows are translated from code to code.
type codeReader struct {
	column column
	book   *book

	dictionary []uint32 // codes of its values
	indexes    []int32  // of the page, if it refers to the dictionary
	codes      []uint32 // of the page, if it does not

	texts *texts // nil until a text is looked up
}

// texts caches the codes of texts. It is passed from chunk to chunk of addresses,
// or of protocols, so that small row groups do not start with an empty cache.
type texts struct {
	cache textCache
	long  map[string]uint32 // codes of texts too long for the cache, such as IPv6 addresses
}

func (r *codeReader) terms(values encoding.Values, d *dictionary) (err error) {
	d.codes, err = r.lookup(values, nil)
	return err
}

func (r *codeReader) page(p dataPage, d *dictionary) (err error) {
	if !p.coded {
		r.indexes = nil
		r.codes, err = r.lookup(p.values, r.codes)
		return err
	}
	r.indexes, r.dictionary = p.indexes, d.codes
	return checkIndexes(r.indexes, len(r.dictionary))
}

func (r *codeReader) read(v *vector, to, from, n int) {
	out := v.codes[to : to+n]
	if r.indexes == nil {
		copy(out, r.codes[from:from+n])
		return
	}
	terms := r.dictionary
	for i, x := range r.indexes[from : from+n] {
		out[i] = terms[x]
	}
}

func (r *codeReader) pick(v *vector, to, from int, rows []int32) {
	for _, row := range rows {
		if i := from + int(row) - to; r.indexes == nil {
			v.codes[row] = r.codes[i]
		} else {
			v.codes[row] = r.dictionary[r.indexes[i]]
		}
	}
}

func (r *codeReader) null(v *vector, to int) {
	if v.codes[to] = nullCode; r.column.extra {
		v.codes[to] = 0
	}
}

// lookup returns the codes of values, in the memory of out where it suffices.
func (r *codeReader) lookup(data encoding.Values, out []uint32) ([]uint32, error) {
	out = out[:0]
	kind := r.column.textKind()
	switch data.Kind() {
	case encoding.ByteArray:
		text, offsets := data.ByteArray()
		for i := 1; i < len(offsets); i++ {
			out = append(out, r.text(kind, text[offsets[i-1]:offsets[i]]))
		}
	case encoding.FixedLenByteArray:
		raw, size := data.FixedLenByteArray()
		for ; len(raw) >= size; raw = raw[size:] {
			out = append(out, r.book.raw(raw[:size]))
		}
	case encoding.Int32:
		for _, x := range data.Int32() {
			n := int64(x)
			if r.column.unsigned {
				n = int64(uint32(x))
			}
			out = append(out, r.book.number(kind, n))
		}
	case encoding.Int64:
		for _, x := range data.Int64() {
			out = append(out, r.book.number(kind, x))
		}
	default:
		return nil, fmt.Errorf("%w (a page of %s)", errDamaged, data.Kind())
	}
	return out, nil
}

// text returns the code of a text, which is mostly one seen before.
func (r *codeReader) text(kind textKind, s []byte) uint32 {
	if r.texts == nil {
		r.texts = r.book.borrow(kind)
	}
	slot := r.texts.cache.slot(s)
	if slot == nil {
		return r.longText(kind, s)
	}
	if !slot.used {
		slot.code, slot.used = r.book.text(kind, string(s)), true
	}
	return slot.code
}

// longMost bounds the memory of the map of long texts.
const longMost = 1 << 16

func (r *codeReader) longText(kind textKind, s []byte) uint32 {
	t := r.texts
	code, ok := t.long[string(s)]
	if ok {
		return code
	}
	if t.long == nil || len(t.long) == longMost {
		t.long = map[string]uint32{}
	}
	code = r.book.text(kind, string(s))
	t.long[string(s)] = code
	return code
}

// close gives back what the reader borrowed.
func (r *codeReader) close() {
	if r.texts != nil {
		r.book.giveBack(r.column.textKind(), r.texts)
		r.texts = nil
	}
}

// textCache remembers the codes of short texts, such as IPv4 addresses. Two
// texts that want the same slot drive each other out, so that it never grows.
type textCache struct{ slots []textSlot }

type textSlot struct {
	lo, hi uint64 // the text, padded with zeros, and its length in the last byte
	code   uint32
	used   bool
}

const cacheBits = 13

// slot returns the slot of a text; it is not used yet if the text is new.
// Texts longer than 15 bytes have none.
func (c *textCache) slot(s []byte) *textSlot {
	if len(s) > 15 {
		return nil
	}
	if c.slots == nil {
		c.slots = make([]textSlot, 1<<cacheBits)
	}
	lo, hi := textKey(s)
	h, l := bits.Mul64(lo^0x9e3779b97f4a7c15, hi^0xd1b54a32d192ed03)
	slot := &c.slots[(h^l)>>(64-cacheBits)]
	if !slot.used || slot.lo != lo || slot.hi != hi {
		*slot = textSlot{lo: lo, hi: hi}
	}
	return slot
}

// textKey returns a text of at most 15 bytes, padded with zeros, and its length
// in the last byte.
func textKey(s []byte) (lo, hi uint64) {
	var padded [16]byte
	b := padded[:]
	if cap(s) >= len(padded) {
		b = s[:len(padded)] // the texts that follow, which are masked below
	} else {
		copy(b, s)
	}
	lo, hi = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
	n := 8 * len(s) // shifting by 64 bits or more gives zero
	if n < 64 {
		lo, hi = lo&(1<<n-1), 0
	} else {
		hi &= 1<<(n-64) - 1
	}
	return lo, hi | uint64(len(s))<<56
}
