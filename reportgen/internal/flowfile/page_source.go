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

// ReadAt hands on the next bytes, which off is to be the place of.
func (p *pageSource) ReadAt(b []byte, off int64) (n int, err error) {
	if off != p.handed {
		return 0, errors.New("pages are to be read in order")
	}
	for n < len(b) {
		if len(p.rest) == 0 {
			if err := p.nextPage(); err != nil {
				return n, err
			}
			continue
		}
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
		err = fmt.Errorf("a page of type %s without a header of its type", header.Type)
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
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
	if p.dictAt < p.from || p.dictAt >= p.to || p.dictAt == 0 {
		return errors.New("the dictionary that a page refers to is missing")
	}
	p.moveTo(p.dictAt)
	header, err := p.header()
	if err != nil {
		return err
	}
	if header.Type != format.DictionaryPage {
		return fmt.Errorf("a page of type %s in the place of the dictionary", header.Type)
	}
	if err := p.dictionaryPage(header); err != nil {
		return err
	}
	p.moveTo(back)
	return nil
}

func (p *pageSource) dictionaryPage(h *format.PageHeader) error {
	data, err := p.body(h)
	if err != nil {
		return err
	}
	if data, err = p.uncompressed(data, int(h.UncompressedPageSize)); err != nil {
		return err
	}
	if err := p.checkPlain(int64(h.DictionaryPageHeader.V.NumValues), data); err != nil {
		return err
	}
	p.dictionary = true
	return p.handOn(h, data)
}

// refers says whether a page refers to the dictionary.
func refers(h *format.PageHeader) bool {
	return h.Type == format.DataPage && isDictionary(h.DataPageHeader.V.Encoding) ||
		h.Type == format.DataPageV2 && isDictionary(h.DataPageHeaderV2.V.Encoding)
}

func (p *pageSource) dataPageV1(h *format.PageHeader) error {
	data, err := p.body(h)
	if err != nil {
		return err
	}
	if data, err = p.uncompressed(data, int(h.UncompressedPageSize)); err != nil {
		return err
	}
	if err := p.checkDataPageV1(&h.DataPageHeader.V, data); err != nil {
		return err
	}
	return p.handOn(h, data)
}

func (p *pageSource) dataPageV2(h *format.PageHeader) error {
	data, err := p.body(h)
	if err != nil {
		return err
	}
	// The levels are not compressed.
	v := &h.DataPageHeaderV2.V
	n := int64(v.RepetitionLevelsByteLength) + int64(v.DefinitionLevelsByteLength)
	if v.RepetitionLevelsByteLength < 0 || v.DefinitionLevelsByteLength < 0 || n > int64(min(len(data), int(h.UncompressedPageSize))) {
		return fmt.Errorf("a page of %d bytes claims %d bytes of levels", len(data), n)
	}
	levels, values := data[:n], data[n:]
	if !v.IsCompressed.Valid || v.IsCompressed.V {
		if values, err = p.uncompressed(values, int(h.UncompressedPageSize)-int(n)); err != nil {
			return err
		}
	}
	if err := p.checkDataPageV2(v, levels, values); err != nil {
		return err
	}
	return p.handOn(h, levels, values)
}
