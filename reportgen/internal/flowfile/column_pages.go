package flowfile

import (
	"bufio"
	"fmt"
	"io"
	"sort"
	"sync"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// pageMemory is the memory of the pages of one column, which the next column uses again.
type pageMemory struct {
	buffered  *bufio.Reader // of the bytes at and after pageSource.at
	raw, data []byte        // of the page, as it is in the file and decompressed
	// What a page is decoded to.
	levels      []byte
	indexes     []int32
	decodedData []byte
	offsets     []uint32
	peeked      []byte // of the header of a page that may be passed
}

var pageMemories = sync.Pool{New: func() any { return &pageMemory{buffered: bufio.NewReaderSize(nil, readBuffer)} }}

// keptPage is the most bytes of a page whose memory is used again: a few times what writers
// put in a page. It bounds what is held after a file with one page a column.
const keptPage = 4 << 20

// columnPages reads the pages of a column of a row group. It decompresses each page and checks what it claims before
// the library decodes its values, because the library allocates whatever a page claims to hold. A page is valid until
// the next one is read.
type columnPages struct {
	pageSource
	shown   *parquet.FileColumnChunk // the column as the library knows it: see schemaOf
	places  []format.PageLocation    // of the offset index, if it was loaded
	decoded *parquet.FilePages       // nil until a page is read
}

// pagesOf begins to read a column of a row group from r, which reads the bytes of the file.
func (f *file) pagesOf(r io.ReaderAt, rowGroup int, column *parquet.Column) (*columnPages, error) {
	m := &f.chunkOf(rowGroup, column.Index()).MetaData
	decompress, err := newDecompressor(m.Codec)
	if err != nil {
		return nil, err
	}
	shown, ok := f.schema.RowGroups()[0].ColumnChunks()[column.Index()].(*parquet.FileColumnChunk)
	if !ok {
		return nil, fmt.Errorf("%w (the column is missing from the schema)", errDamaged)
	}
	p := &columnPages{shown: shown, pageSource: pageSource{
		column: column, decompress: decompress, file: r, from: firstByte(m), rows: f.rowsOf(rowGroup),
		dictAt: m.DictionaryPageOffset, size: f.size, exact: f.exact,
	}}
	p.to = p.from + m.TotalCompressedSize
	if p.from < 0 || p.to < p.from || p.to > f.size {
		return nil, fmt.Errorf("%w (the column is not within the file)", errDamaged)
	}
	p.pageMemory = pageMemories.Get().(*pageMemory)
	p.moveTo(p.from)
	return p, nil
}

// Close gives memory back.
func (p *columnPages) Close() {
	if p.pageMemory == nil {
		return
	}
	if p.decoded != nil {
		_ = p.decoded.Close() // it only gives memory back
	}
	p.buffered.Reset(nil)
	if max(cap(p.raw), cap(p.data), cap(p.decodedData), 4*cap(p.indexes), 4*cap(p.offsets), cap(p.levels)) > keptPage {
		p.pageMemory = &pageMemory{buffered: p.buffered}
	}
	pageMemories.Put(p.pageMemory)
	p.pageMemory = nil
}

// pass goes past whole pages from the given row on, by the offset index or else by the headers of the pages, as long as
// they have at most n rows. It returns their rows.
func (p *columnPages) pass(row, n int64) (passed int64, err error) {
	if len(p.places) > 0 {
		i := sort.Search(len(p.places), func(i int) bool { return p.places[i].FirstRowIndex > row+n }) - 1
		if i < 0 || p.places[i].FirstRowIndex <= row {
			return 0, nil
		}
		if at := p.places[i].Offset; at < p.from || at >= p.to {
			return 0, fmt.Errorf("%w (a page is not within its column)", errDamaged)
		}
		p.moveTo(p.places[i].Offset)
		return p.places[i].FirstRowIndex - row, nil
	}
	if p.column.MaxRepetitionLevel() > 0 {
		return 0, nil // a page may end within a row
	}
	at := p.at
	for at < p.to {
		h, next, err := p.headerAt(at)
		if err != nil {
			return 0, pageError(err)
		}
		rows := rowsOfPage(h)
		if h.Type == format.DictionaryPage && !p.dictionary && p.dictAt <= 0 || rows < 0 || passed+rows > n {
			break // only the page itself says where the dictionary is
		}
		at, passed = next, passed+rows
	}
	if at > p.at {
		p.moveTo(at)
	}
	return passed, nil
}

// ReadPage returns the next page. At the end of the column the error is io.EOF.
func (p *columnPages) ReadPage() (parquet.Page, error) {
	if p.decoded == nil {
		p.decoded = p.shown.PagesFrom(&p.pageSource)
	}
	return p.decoded.ReadPage()
}
