package flowfile

import (
	"bufio"
	"errors"
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
	shown  *parquet.FileColumnChunk // the column as the library knows it: see schemaOf
	places []format.PageLocation    // of the offset index, if it was loaded
	skip   int64                    // rows to go past, after a seek

	decoded *parquet.FilePages // nil after a seek
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
	p.restart()
	p.buffered.Reset(nil)
	if max(cap(p.raw), cap(p.data)) > keptPage {
		p.raw, p.data = nil, nil
	}
	pageMemories.Put(p.pageMemory)
	p.pageMemory = nil
}

// restart lets the library begin again, with the next page of the source.
func (p *columnPages) restart() {
	if p.decoded != nil {
		_ = p.decoded.Close() // it only gives memory back
	}
	p.decoded, p.handed, p.rest, p.dictionary = nil, 0, nil, false
}

// SeekToRow goes to a row of the row group, with the offset index if there is one.
func (p *columnPages) SeekToRow(row int64) error {
	p.restart()
	n := sort.Search(len(p.places), func(i int) bool { return p.places[i].FirstRowIndex > row }) - 1
	if n < 0 {
		p.skip = row
		p.moveTo(p.from)
		return nil
	}
	at := p.places[n].Offset
	if at < p.from || at >= p.to {
		return fmt.Errorf("%w (a page is not within its column)", errDamaged)
	}
	p.skip = row - p.places[n].FirstRowIndex
	p.moveTo(at)
	return nil
}

// ReadDictionary returns the dictionary, or nil if the column is not known to have one. No pages can be read after it.
func (p *columnPages) ReadDictionary() (parquet.Dictionary, error) {
	if p.dictAt <= 0 {
		return nil, nil
	}
	if err := p.pageSource.readDictionary(); err != nil {
		return nil, err
	}
	p.at = p.to // no further page
	p.decoded = p.shown.PagesFrom(&p.pageSource)
	if _, err := p.decoded.ReadPage(); !errors.Is(err, io.EOF) {
		return nil, err
	}
	return p.decoded.ReadDictionary()
}

// ReadPage returns the next page. At the end of the column the error is io.EOF.
func (p *columnPages) ReadPage() (parquet.Page, error) {
	if p.decoded == nil {
		p.decoded = p.shown.PagesFrom(&p.pageSource)
	}
	for {
		page, err := p.decoded.ReadPage()
		if err != nil {
			return nil, err
		}
		n := page.NumRows()
		if p.skip == 0 {
			return page, nil
		}
		if p.skip < n {
			rest := page.Slice(p.skip, n)
			parquet.Release(page)
			p.skip = 0
			return rest, nil
		}
		p.skip -= n
		parquet.Release(page)
	}
}
