package flowfile

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/flowbook/flowbook/pkg/budget"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// The limits of a page. Most writers end a page after a megabyte. Fastparquet writes a column of a row group as one page,
// so the limits grow with the file.
const (
	pageMost       = 64 << 20 // bytes, compressed or not
	pageValuesMost = 16 << 20
	pagePerByte    = 16       // of the file: bytes, or values
	headerMost     = 16 << 20 // bytes; the header may hold the least and the greatest value
)

// pageSource hands the pages of a column to the library, one after the other and uncompressed, as an io.ReaderAt that
// is read from its beginning.
type pageSource struct {
	column     *parquet.Column
	decompress *decompressor // nil for columns that are not compressed
	file       io.ReaderAt
	from, to   int64 // the bytes of the column
	at         int64
	rows       int64 // of the row group
	size       int64 // of the file
	dictAt     int64 // where the dictionary is; 0 if that is unknown
	dictionary bool  // whether it was handed on
	exact      bool  // whether nothing may follow the values of a page, as databases write them

	handed int64    // bytes
	rest   [][]byte // what of a page is still to be handed on
	*pageMemory
}

func (p *pageSource) moveTo(at int64) {
	p.at = at
	p.buffered.Reset(io.NewSectionReader(p.file, at, p.to-at))
}

// ReadAt hands on the next bytes, which off is to be the place of. They do not go beyond a page, so that after a page
// was read, the source may move to another one.
func (p *pageSource) ReadAt(b []byte, off int64) (n int, err error) {
	if off != p.handed {
		return 0, errors.New("pages are to be read in order")
	}
	for len(p.rest) == 0 {
		if err := p.nextPage(); err != nil {
			return 0, err
		}
	}
	for n < len(b) && len(p.rest) > 0 {
		m := copy(b[n:], p.rest[0])
		n, p.handed = n+m, p.handed+int64(m)
		if p.rest[0] = p.rest[0][m:]; len(p.rest[0]) == 0 {
			p.rest = p.rest[1:]
		}
	}
	return n, nil
}

// nextPage reads and checks the next page. The dictionary comes before the first page that refers to it, also after a
// seek.
func (p *pageSource) nextPage() error {
	start := p.at
	header, err := p.header()
	if err != nil {
		return err
	}
	if refers(header) && !p.dictionary {
		p.at = start
		return p.readDictionary()
	}
	switch {
	case header.Type == format.DictionaryPage && p.dictionary:
		p.moveTo(p.at + int64(header.CompressedPageSize))
	case header.Type == format.DictionaryPage:
		err = p.dictionaryPage(header)
	case header.Type == format.DataPage && header.DataPageHeader.Valid:
		err = p.dataPageV1(header)
	case header.Type == format.DataPageV2 && header.DataPageHeaderV2.Valid:
		err = p.dataPageV2(header)
	default:
		err = noHeader(header)
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}

func noHeader(h *format.PageHeader) error {
	return fmt.Errorf("a page of type %s without a header of its type", h.Type)
}

// header reads the header of the page at p.at, and checks the sizes of the page.
func (p *pageSource) header() (*format.PageHeader, error) {
	if p.at >= p.to {
		return nil, io.EOF
	}
	n, data, err := 0, []byte(nil), errShort
	for size := 512; errors.Is(err, errShort) && size <= readBuffer; size *= readBuffer / 512 {
		data, _ = p.buffered.Peek(size) // what is missing is found by checkThrift
		n, err = checkThrift(data)
	}
	if errors.Is(err, errShort) && p.to-p.at > readBuffer {
		data = make([]byte, min(headerMost, p.to-p.at))
		if _, err := p.file.ReadAt(data, p.at); err != nil {
			return nil, err
		}
		n, err = checkThrift(data)
	}
	if err != nil {
		return nil, err
	}
	header := new(format.PageHeader)
	if err := thrift.Unmarshal(&protocol, data[:n], header); err != nil {
		return nil, err
	}
	if err := p.discard(n); err != nil {
		return nil, err
	}
	return header, p.checkSizes(header)
}

func (p *pageSource) discard(n int) error {
	p.at += int64(n)
	if n <= readBuffer {
		_, err := p.buffered.Discard(n)
		return err
	}
	p.moveTo(p.at)
	return nil
}

func (p *pageSource) checkSizes(h *format.PageHeader) error {
	if h.CompressedPageSize < 0 || h.UncompressedPageSize < 0 || int64(h.CompressedPageSize) > p.to-p.at {
		return fmt.Errorf("a page claims %d bytes, %d uncompressed, of the %d that follow", h.CompressedPageSize, h.UncompressedPageSize, p.to-p.at)
	}
	return p.checkBytes(int64(max(h.CompressedPageSize, h.UncompressedPageSize)))
}

// checkBytes checks the memory of a page.
func (p *pageSource) checkBytes(n int64) error {
	return budget.Check("page", n, max(pageMost, pagePerByte*p.size), budget.Bytes)
}

// headerAt reads the header of the page at a place, and returns it and the place of the next page.
func (p *pageSource) headerAt(at int64) (h *format.PageHeader, next int64, err error) {
	var n int
	err = errShort
	for size := int64(512); errors.Is(err, errShort) && size <= headerMost; size *= 32 {
		p.peeked = grown(p.peeked, int(min(size, p.to-at)))
		if _, err := p.file.ReadAt(p.peeked, at); err != nil {
			return nil, 0, err
		}
		n, err = checkThrift(p.peeked)
	}
	if err != nil {
		return nil, 0, err
	}
	h = new(format.PageHeader)
	if err := thrift.Unmarshal(&protocol, p.peeked[:n], h); err != nil {
		return nil, 0, err
	}
	next = at + int64(n) + int64(h.CompressedPageSize)
	if h.CompressedPageSize < 0 || next > p.to {
		return nil, 0, fmt.Errorf("a page claims %d bytes of the %d that follow", h.CompressedPageSize, p.to-at-int64(n))
	}
	return h, next, nil
}

// rowsOfPage returns the rows of a page of a column without lists, by its header; it is negative if the header does not
// say.
func rowsOfPage(h *format.PageHeader) int64 {
	switch {
	case h.Type == format.DictionaryPage:
		return 0
	case h.Type == format.DataPage && h.DataPageHeader.Valid:
		return int64(h.DataPageHeader.V.NumValues)
	case h.Type == format.DataPageV2 && h.DataPageHeaderV2.Valid:
		return int64(h.DataPageHeaderV2.V.NumRows)
	}
	return -1
}

// body reads the bytes of a page that follow its header, as they are in the file.
func (p *pageSource) body(h *format.PageHeader) ([]byte, error) {
	p.raw = grown(p.raw, int(h.CompressedPageSize))
	if _, err := io.ReadFull(p.buffered, p.raw); err != nil {
		return nil, err
	}
	p.at += int64(len(p.raw))
	if h.CRC != 0 {
		if sum := crc32.ChecksumIEEE(p.raw); uint32(h.CRC) != sum {
			return nil, fmt.Errorf("a page has the checksum %08x, not %08x", sum, uint32(h.CRC))
		}
	}
	return p.raw, nil
}

// uncompressed decompresses the bytes of a page, which have a known size then.
func (p *pageSource) uncompressed(data []byte, size int) ([]byte, error) {
	if p.decompress == nil {
		return data, nil
	}
	out, err := p.decompress.decode(p.data, data, size)
	if err == nil {
		p.data = out
	}
	return out, err
}

// handOn makes a page the next to be handed on: its header, with new sizes, and its bytes.
func (p *pageSource) handOn(h *format.PageHeader, parts ...[]byte) error {
	size := 0
	for _, part := range parts {
		size += len(part)
	}
	h.CompressedPageSize, h.UncompressedPageSize, h.CRC = int32(size), int32(size), 0
	header, err := thrift.Marshal(&protocol, h)
	p.rest = append(append(p.rest[:0], header), parts...)
	return err
}

// readDictionary makes the dictionary the next page to be handed on.
func (p *pageSource) readDictionary() error {
	back := p.at
	data, h, err := p.dictionaryBody()
	if err != nil {
		return err
	}
	p.dictionary = true
	p.moveTo(back)
	return p.handOn(h, data)
}

// dictionaryBody reads the dictionary, wherever the column is.
func (p *pageSource) dictionaryBody() ([]byte, *format.PageHeader, error) {
	if p.dictAt < p.from || p.dictAt >= p.to || p.dictAt == 0 {
		return nil, nil, errors.New("the dictionary that a page refers to is missing")
	}
	p.moveTo(p.dictAt)
	h, err := p.header()
	if err != nil {
		return nil, nil, err
	}
	if h.Type != format.DictionaryPage {
		return nil, nil, fmt.Errorf("a page of type %s in the place of the dictionary", h.Type)
	}
	data, err := p.dictionaryData(h)
	return data, h, err
}

func (p *pageSource) dictionaryPage(h *format.PageHeader) error {
	data, err := p.dictionaryData(h)
	if err != nil {
		return err
	}
	p.dictionary = true
	return p.handOn(h, data)
}

// dictionaryData reads the values of the dictionary whose header was read.
func (p *pageSource) dictionaryData(h *format.PageHeader) ([]byte, error) {
	data, err := p.body(h)
	if err != nil {
		return nil, err
	}
	if data, err = p.uncompressed(data, int(h.UncompressedPageSize)); err != nil {
		return nil, err
	}
	return data, p.checkPlain(int64(h.DictionaryPageHeader.V.NumValues), data)
}

// refers says whether a page refers to the dictionary.
func refers(h *format.PageHeader) bool {
	return h.Type == format.DataPage && isDictionary(h.DataPageHeader.V.Encoding) ||
		h.Type == format.DataPageV2 && isDictionary(h.DataPageHeaderV2.V.Encoding)
}

func (p *pageSource) dataPageV1(h *format.PageHeader) error {
	data, err := p.bodyV1(h)
	if err != nil {
		return err
	}
	return p.handOn(h, data)
}

// bodyV1 reads a page, decompresses and checks it.
func (p *pageSource) bodyV1(h *format.PageHeader) ([]byte, error) {
	data, err := p.body(h)
	if err != nil {
		return nil, err
	}
	if data, err = p.uncompressed(data, int(h.UncompressedPageSize)); err != nil {
		return nil, err
	}
	return data, p.checkDataPageV1(&h.DataPageHeader.V, data)
}

func (p *pageSource) dataPageV2(h *format.PageHeader) error {
	levels, values, err := p.bodyV2(h)
	if err != nil {
		return err
	}
	return p.handOn(h, levels, values)
}

// bodyV2 does what bodyV1 does. The levels of such a page are not compressed.
func (p *pageSource) bodyV2(h *format.PageHeader) (levels, values []byte, err error) {
	data, err := p.body(h)
	if err != nil {
		return nil, nil, err
	}
	v := &h.DataPageHeaderV2.V
	n := int64(v.RepetitionLevelsByteLength) + int64(v.DefinitionLevelsByteLength)
	if v.RepetitionLevelsByteLength < 0 || v.DefinitionLevelsByteLength < 0 || n > int64(min(len(data), int(h.UncompressedPageSize))) {
		return nil, nil, fmt.Errorf("a page of %d bytes claims %d bytes of levels", len(data), n)
	}
	levels, values = data[:n], data[n:]
	if !v.IsCompressed.Valid || v.IsCompressed.V {
		if values, err = p.uncompressed(values, int(h.UncompressedPageSize)-int(n)); err != nil {
			return nil, nil, err
		}
	}
	return levels, values, p.checkDataPageV2(v, levels, values)
}
