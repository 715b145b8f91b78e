package flowfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"github.com/flowbook/flowbook/pkg/budget"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// This file checks how many values the bytes of a page claim to hold, in each encoding that can claim more than it has
// bytes for. See https://parquet.apache.org/docs/file-format/data-pages/encodings/.

var errValues = errors.New("a page claims more values than it holds")

// errRest is the error of a page with more bytes than its values take, such as the levels of a column that seems to have none.
var errRest = errors.New("a page holds more than its values")

// errLevel is the error of levels that the schema does not have.
var errLevel = errors.New("a page has levels of another schema")

// checkValues checks the number of values of a data page, nulls included.
func (p *pageSource) checkValues(values int32) error {
	if values < 0 || int64(values) > p.rows && p.column.MaxRepetitionLevel() == 0 {
		return fmt.Errorf("a page claims %d values of a row group of %d rows", values, p.rows)
	}
	return budget.Check("page", int64(values), max(pageValuesMost, pagePerByte*p.size), budget.Values)
}

func (p *pageSource) checkDataPageV1(h *format.DataPageHeader, data []byte) error {
	if err := p.checkValues(h.NumValues); err != nil {
		return err
	}
	for _, levels := range []struct {
		most     int
		encoding format.Encoding
	}{
		{p.column.MaxRepetitionLevel(), h.RepetitionLevelEncoding},
		{p.column.MaxDefinitionLevel(), h.DefinitionLevelEncoding},
	} {
		if levels.most == 0 {
			continue
		}
		if len(data) < 4 {
			return errShort
		}
		n := uint64(binary.LittleEndian.Uint32(data))
		if n > uint64(len(data)-4) {
			return errShort
		}
		if err := checkLevels(data[4:4+n], levels.most, levels.encoding, h.NumValues); err != nil {
			return err
		}
		data = data[4+n:]
	}
	return p.checkEncoded(int64(h.NumValues), h.Encoding, data)
}

func (p *pageSource) checkDataPageV2(h *format.DataPageHeaderV2, levels, values []byte) error {
	if err := p.checkValues(h.NumValues); err != nil {
		return err
	}
	if h.NumNulls < 0 || h.NumNulls > h.NumValues || h.NumRows < 0 || h.NumRows > h.NumValues {
		return fmt.Errorf("a page claims %d nulls and %d rows of %d values", h.NumNulls, h.NumRows, h.NumValues)
	}
	repetitions := h.RepetitionLevelsByteLength
	if err := checkLevels(levels[:repetitions], p.column.MaxRepetitionLevel(), format.RLE, h.NumValues); err != nil {
		return err
	}
	if err := checkLevels(levels[repetitions:], p.column.MaxDefinitionLevel(), format.RLE, h.NumValues); err != nil {
		return err
	}
	return p.checkEncoded(int64(h.NumValues-h.NumNulls), h.Encoding, values)
}

// checkLevels checks the runs of levels from 0 to most. Those in the older encoding, packed bits, are as long as their
// bytes.
func checkLevels(data []byte, most int, encoding format.Encoding, values int32) error {
	if most == 0 || encoding == format.BitPacked {
		return nil
	}
	width := bits.Len(uint(most))
	if err := checkRuns(data, width, int64(values)); err != nil {
		return err
	}
	return checkMost(data, width, most)
}

// checkMost checks that no level in runs is above the most. Levels of another schema are.
func checkMost(data []byte, width, most int) error {
	if most == 1<<width-1 {
		return nil
	}
	for len(data) > 0 {
		header, n := binary.Uvarint(data)
		data = data[n:] // checkRuns found a header
		size := uint64(width+7) / 8
		if header&1 == 1 {
			size = header >> 1 * uint64(width)
		}
		run := data[:min(size, uint64(len(data)))]
		data = data[len(run):]
		if header&1 == 0 && len(run) > 0 && int(run[0]) > most {
			return errLevel
		}
		for i := 0; header&1 == 1 && (i+1)*width <= 8*len(run); i++ {
			level := 0
			for bit := i * width; bit < (i+1)*width; bit++ {
				level |= int(run[bit/8]>>(bit%8)&1) << (bit - i*width)
			}
			if level > most {
				return errLevel
			}
		}
	}
	return nil
}

// checkRuns checks runs of values of a width in bits. Writers fill the last group of a run, hence the margin.
func checkRuns(data []byte, width int, values int64) error {
	const margin = 512
	for left := values + margin; len(data) > 0; {
		header, n := binary.Uvarint(data)
		if n <= 0 {
			return errShort
		}
		data = data[n:]
		count, size := header>>1, uint64(width+7)/8
		if header&1 == 1 { // groups of eight packed values
			if count > uint64(left) {
				return errValues
			}
			count, size = 8*count, count*uint64(width)
		}
		if count > uint64(left) {
			return errValues
		}
		left -= int64(count)
		data = data[min(size, uint64(len(data))):] // the library notices what is missing
	}
	return nil
}

// checkEncoded checks the values of a data page, nulls not included, or included where only the levels say which are.
func (p *pageSource) checkEncoded(values int64, encoding format.Encoding, data []byte) error {
	switch encoding {
	case format.PlainDictionary, format.RLEDictionary: //nolint:staticcheck // Deprecated, and what older writers write.
		if len(data) == 0 {
			return nil
		}
		if p.exact && p.column.MaxDefinitionLevel() == 0 && len(data) > 1 && data[1] == 0 {
			return errRest // the length of levels, read as a run of no values
		}
		return checkRuns(data[1:], int(data[0]), values)
	case format.RLE: // of booleans
		if len(data) < 4 {
			return errShort
		}
		return checkRuns(data[4:], 1, values)
	case format.DeltaBinaryPacked, format.DeltaLengthByteArray:
		return checkDelta(data, values)
	case format.DeltaByteArray:
		return p.checkDeltaTexts(data, values)
	case format.Plain:
		if p.column.MaxDefinitionLevel() > 0 {
			return p.checkSomePlain(values)
		}
		return p.checkPlain(values, data)
	}
	return p.checkSomePlain(values)
}

// valueSize returns the bytes of a value of the column, or 0 if they differ.
func (p *pageSource) valueSize() int64 {
	switch p.column.Type().Kind() {
	case parquet.Int32, parquet.Float:
		return 4
	case parquet.Int64, parquet.Double:
		return 8
	case parquet.Int96:
		return 12
	case parquet.FixedLenByteArray:
		return int64(p.column.Type().Length())
	}
	return 0
}

// checkPlain checks values that are written one after the other.
func (p *pageSource) checkPlain(values int64, data []byte) error {
	least := p.valueSize()
	switch p.column.Type().Kind() {
	case parquet.Boolean:
		values, least = (values+7)/8, 1
	case parquet.ByteArray:
		least = 4 // its length
	}
	if values < 0 || least < 0 || values > int64(len(data)) && least > 0 || values*least > int64(len(data)) {
		return errValues
	}
	if p.exact && p.column.Type().Kind() != parquet.ByteArray && values*least < int64(len(data)) {
		return errRest
	}
	return nil
}

// checkSomePlain checks values that include nulls, which take no bytes. It limits the memory that the library sets aside
// for all of them.
func (p *pageSource) checkSomePlain(values int64) error {
	size := p.valueSize()
	if size < 0 {
		return errValues
	}
	return p.checkBytes(values * size) // both are less than 2^31
}

// checkDelta checks the number of values of a block of differences.
func checkDelta(data []byte, values int64) error {
	var total uint64
	for range 3 { // the size of blocks, the number of miniblocks in each, the number of values
		v, n := binary.Uvarint(data)
		if n <= 0 {
			return errShort
		}
		total, data = v, data[n:]
	}
	if total > uint64(values) {
		return errValues
	}
	return nil
}

// checkDeltaTexts checks texts that are written as the part in which each differs from the one before: few bytes can
// stand for many long texts.
func (p *pageSource) checkDeltaTexts(data []byte, values int64) error {
	total := int64(len(data))
	rest, err := deltaValues(data, values, func(prefix int64) error {
		if prefix < 0 {
			return errValues
		}
		total += prefix
		return p.checkBytes(total)
	})
	if err != nil {
		return err
	}
	return checkDelta(rest, values)
}

// deltaValues decodes a block of differences and returns the bytes after it.
func deltaValues(data []byte, values int64, each func(int64) error) (rest []byte, err error) {
	if err := checkDelta(data, values); err != nil {
		return nil, err
	}
	var head [3]uint64 // the sizes of blocks and the number of miniblocks in each, then of values
	for i := range head {
		v, n := binary.Uvarint(data)
		head[i], data = v, data[n:]
	}
	block, parts, left := head[0], head[1], int64(head[2])
	value, n := binary.Varint(data)
	if n <= 0 || parts == 0 || block/parts == 0 || block > 1<<20 {
		return nil, errShort
	}
	data = data[n:]
	if left > 0 {
		if err := each(value); err != nil {
			return nil, err
		}
		left--
	}
	for left > 0 {
		least, n := binary.Varint(data)
		if n <= 0 || uint64(len(data)-n) < parts {
			return nil, errShort
		}
		widths := data[n : n+int(parts)]
		data = data[n+int(parts):]
		for _, width := range widths {
			if left == 0 {
				break
			}
			packed := data[:min(uint64(len(data)), (block/parts*uint64(width)+7)/8)]
			data = data[len(packed):]
			for i := range min(int64(block/parts), left) {
				value += least + int64(unpack(packed, int(i), int(width)))
				if err := each(value); err != nil {
					return nil, err
				}
				left--
			}
		}
	}
	return data, nil
}

// unpack returns value i of packed values of a width in bits, the lowest bit first. Missing bits are 0.
func unpack(packed []byte, i, width int) (v uint64) {
	for bit := range min(width, 64) {
		at := i*width + bit
		if at/8 < len(packed) && packed[at/8]>>(at%8)&1 == 1 {
			v |= 1 << bit
		}
	}
	return v
}
