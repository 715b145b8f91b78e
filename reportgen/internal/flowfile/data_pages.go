package flowfile

import (
	"bytes"
	"encoding/binary"
	"io"
	"sync"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/encoding/bitpacked"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"
)

// dataPage is a page of a column without lists. It is valid until the next page, or the dictionary, is read.
type dataPage struct {
	rows    int
	levels  []byte // 0 for a row that is null; nil if none is
	coded   bool   // whether the page refers to the dictionary
	indexes []int32
	values  encoding.Values // if it does not
}

// readData reads the next page of a column without lists, and goes past the dictionary, which dictionary.load reads.
// At the end of the column the error is io.EOF. Of the library, only the decoders are used: pages of flows are many and
// small, and this way they are neither copied nor is their header written and read again.
func (p *columnPages) readData() (d dataPage, err error) {
	for {
		start := p.at
		h, err := p.header()
		if err != nil {
			return d, err
		}
		switch {
		case h.Type == format.DictionaryPage:
			if p.dictAt <= 0 {
				p.dictAt = start
			}
			p.moveTo(p.at + int64(h.CompressedPageSize))
		case h.Type == format.DataPage && h.DataPageHeader.Valid:
			return p.decodeV1(h)
		case h.Type == format.DataPageV2 && h.DataPageHeaderV2.Valid:
			return p.decodeV2(h)
		default:
			return d, noHeader(h)
		}
	}
}

func (p *columnPages) decodeV1(h *format.PageHeader) (dataPage, error) {
	v := &h.DataPageHeader.V
	data, err := p.bodyV1(h)
	if err != nil {
		return dataPage{}, err
	}
	var levels []byte
	if p.column.MaxDefinitionLevel() > 0 {
		n := binary.LittleEndian.Uint32(data) // checked with the page
		levels, data = data[4:4+n], data[4+n:]
	}
	return p.decode(int(v.NumValues), v.DefinitionLevelEncoding, levels, v.Encoding, data)
}

func (p *columnPages) decodeV2(h *format.PageHeader) (dataPage, error) {
	v := &h.DataPageHeaderV2.V
	levels, data, err := p.bodyV2(h)
	if err != nil {
		return dataPage{}, err
	}
	return p.decode(int(v.NumValues), format.RLE, levels[v.RepetitionLevelsByteLength:], v.Encoding, data)
}

// decode decodes the levels and values of a page.
func (p *columnPages) decode(rows int, levelEncoding format.Encoding, levels []byte, valueEncoding format.Encoding, data []byte) (d dataPage, err error) {
	d.rows = rows
	values := rows
	if p.column.MaxDefinitionLevel() > 0 {
		if d.levels, err = p.decodeLevels(rows, levelEncoding, levels); err != nil {
			return d, err
		}
		nulls := bytes.Count(d.levels, []byte{0})
		if values -= nulls; nulls == 0 {
			d.levels = nil
		}
	}
	if d.coded = isDictionary(valueEncoding); !d.coded {
		d.values, err = p.decodeValues(values, valueEncoding, data)
		return d, err
	}
	p.indexes = grown(p.indexes, values)
	if p.indexes, err = parquet.RLEDictionary.DecodeInt32(p.indexes, data); err != nil {
		return d, err
	}
	for len(p.indexes) < values { // some writers leave out zeros at the end
		p.indexes = append(p.indexes, 0)
	}
	d.indexes = p.indexes[:values]
	return d, nil
}

// decodeLevels decodes the levels of a column whose values may be null.
func (p *columnPages) decodeLevels(rows int, as format.Encoding, data []byte) (_ []byte, err error) {
	var decoder encoding.Encoding = &rle.Encoding{BitWidth: 1}
	switch {
	case p.column.MaxDefinitionLevel() > 1:
		return nil, errLevel
	case as == format.BitPacked:
		decoder = &bitpacked.Encoding{BitWidth: 1}
	case as != format.RLE:
		decoder = encoding.NotSupported{}
	}
	p.levels, err = decoder.DecodeLevels(grown(p.levels, rows), data)
	if err == nil && len(p.levels) < rows {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	return p.levels[:rows], nil
}

// decodeValues decodes n values.
func (p *columnPages) decodeValues(n int, as format.Encoding, data []byte) (encoding.Values, error) {
	kind, decoder := p.column.Type(), parquet.LookupEncoding(as)
	memory := data
	if !decoder.CanDecodeInPlace() {
		p.decodedData = grown(p.decodedData, kind.EstimateDecodeSize(n, data, decoder))
		memory = p.decodedData
	}
	if kind.Kind() == parquet.ByteArray {
		p.offsets = grown(p.offsets, n+1)
	}
	values, err := kind.Decode(kind.NewValues(memory, p.offsets[:min(len(p.offsets), n+1)]), data, decoder)
	if err != nil {
		return values, err
	}
	return first(values, n)
}

// first returns the first n of some values. It is an error if there are fewer.
func first(v encoding.Values, n int) (encoding.Values, error) {
	size := 0
	switch v.Kind() {
	case encoding.Int32, encoding.Float:
		size = 4
	case encoding.Int64, encoding.Double:
		size = 8
	case encoding.FixedLenByteArray:
		_, size = v.FixedLenByteArray()
	case encoding.ByteArray:
		texts, offsets := v.ByteArray()
		if len(offsets) <= n {
			return v, errValues
		}
		return encoding.ByteArrayValues(texts, offsets[:n+1]), nil
	}
	data, _ := v.Data()
	if len(data) < n*size {
		return v, errValues
	}
	switch v.Kind() {
	case encoding.Int32:
		return encoding.Int32Values(v.Int32()[:n]), nil
	case encoding.Int64:
		return encoding.Int64Values(v.Int64()[:n]), nil
	case encoding.Float:
		return encoding.FloatValues(v.Float()[:n]), nil
	case encoding.Double:
		return encoding.DoubleValues(v.Double()[:n]), nil
	case encoding.FixedLenByteArray:
		return encoding.FixedLenByteArrayValues(data[:n*size], size), nil
	}
	return v, nil // readers refuse the others
}

// dictionary is what the values of the dictionary of a column of a row group stand for: numbers or codes. Those who
// read parts of the row group share it.
type dictionary struct {
	mu      sync.Mutex
	loaded  bool
	numbers []int64
	odd     map[int]string // those that are not whole numbers
	codes   []uint32
}

// load reads the dictionary, unless that was done before.
func (d *dictionary) load(p *columnPages, r pageReader) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.loaded {
		return nil
	}
	back := p.at
	data, h, err := p.dictionaryBody()
	if err != nil {
		return err
	}
	as := h.DictionaryPageHeader.V.Encoding
	if isDictionary(as) {
		as = format.Plain
	}
	values, err := p.decodeValues(int(h.DictionaryPageHeader.V.NumValues), as, data)
	if err != nil {
		return err
	}
	if err := r.terms(values, d); err != nil {
		return err
	}
	d.loaded = true
	p.moveTo(back)
	return nil
}
