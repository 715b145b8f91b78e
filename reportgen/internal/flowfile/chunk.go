package flowfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go/encoding"
)

// vector is one column of a batch: numbers, or codes for addresses and
// protocols. Rows with a fault hold badNumber or nullCode.
type vector struct {
	numbers []int64
	codes   []uint32
	faults  []fault // by row
}

// pageReader turns the pages of a column into vectors. A page is handed over
// with page and stays valid until the next one.
type pageReader interface {
	// terms notes what the values of a dictionary stand for.
	terms(encoding.Values, *dictionary) error
	page(dataPage, *dictionary) error
	// read copies n values of the page, from place from on, to v from row to on.
	read(v *vector, to, from, n int)
	// pick copies only the values for some rows of v. Place from of the page is for row to.
	pick(v *vector, to, from int, rows []int32)
	// null marks row to of v as null.
	null(v *vector, to int)
	// close ends the reading.
	close()
}

// chunk reads one column of one row group as vectors, whatever its pages.
type chunk struct {
	pages      *columnPages
	reader     pageReader
	dictionary *dictionary

	page   dataPage
	unread bool  // whether the reader does not have the page yet
	rows   int   // of the page
	row    int   // next row of the page
	value  int   // next value of the page, nulls not counted
	first  int64 // row of the row group that the page begins with
}

// openChunk begins to read a column of a row group from r, which reads the
// bytes of the file. The dictionary is that of others who read the same column of the
// row group, or nil.
func (f *file) openChunk(r io.ReaderAt, rowGroup, col int, book *book, d *dictionary) (_ *chunk, err error) {
	defer recovered(&err)
	c := f.columns[col]
	pages, err := f.pagesOf(r, rowGroup, c.source)
	if err != nil {
		return nil, err
	}
	k := &chunk{pages: pages, dictionary: d}
	if d == nil {
		k.dictionary = &dictionary{}
	}
	if c.coded() {
		k.reader = &codeReader{column: c, book: book}
	} else {
		k.reader = &numberReader{column: c}
	}
	return k, nil
}

// close gives the memory of the pages back.
func (c *chunk) close() {
	c.reader.close()
	c.page = dataPage{}
	c.pages.Close()
}

// fill reads n rows into v, from row to on. It is an error if the column has
// fewer. Unless rows is nil, only those rows of v are needed.
func (c *chunk) fill(v *vector, to, n int, rows []int32) (err error) {
	defer recovered(&err)
	for n > 0 {
		if c.row == c.rows {
			if err := c.nextPage(); err != nil {
				return err
			}
			continue
		}
		if c.unread {
			if err := c.reader.page(c.page, c.dictionary); err != nil {
				return err
			}
			c.unread = false
		}
		m := min(n, c.rows-c.row)
		if rows != nil && c.page.levels == nil {
			k, _ := slices.BinarySearch(rows, int32(to+m))
			c.reader.pick(v, to, c.value, rows[:k])
			rows = rows[k:]
			c.row += m
			c.value += m
		} else {
			c.copy(v, to, m)
		}
		to += m
		n -= m
	}
	return nil
}

// skip goes past n rows. It is an error if the column has fewer.
func (c *chunk) skip(n int) (err error) {
	defer recovered(&err)
	for n > 0 {
		if c.row == c.rows {
			passed, err := c.pages.pass(c.first+int64(c.rows), int64(n))
			if err != nil {
				return err
			}
			if passed > 0 {
				c.first += int64(c.rows) + passed
				c.rows, c.row, c.value = 0, 0, 0
				n -= int(passed)
				continue
			}
			if err := c.nextPage(); err != nil {
				return err
			}
			continue
		}
		m := min(n, c.rows-c.row)
		c.value += m
		if c.page.levels != nil {
			c.value -= bytes.Count(c.page.levels[c.row:c.row+m], []byte{0}) // nulls have no value
		}
		c.row += m
		n -= m
	}
	return nil
}

// errEnd is the end of a column chunk where more rows were announced.
var errEnd = errors.New("it ends before the last row of its row group")

// pageError is the error of a page that should be there and cannot be read.
func pageError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w (%w)", errDamaged, errEnd)
	}
	return damaged(err)
}

func (c *chunk) nextPage() error {
	p, err := c.pages.readData()
	if err != nil {
		return pageError(err)
	}
	if p.coded {
		if err := c.dictionary.load(c.pages, c.reader); err != nil {
			return pageError(err)
		}
	}
	c.first += int64(c.rows)
	c.page, c.rows, c.row, c.value, c.unread = p, p.rows, 0, 0, true
	return nil
}

// copy reads m rows of the page, values and nulls in turn.
func (c *chunk) copy(v *vector, to, m int) {
	if c.page.levels == nil {
		c.reader.read(v, to, c.value, m)
		c.row += m
		c.value += m
		return
	}
	levels := c.page.levels[c.row : c.row+m]
	for i := 0; i < m; {
		run := m
		if n := bytes.IndexByte(levels[i:], 0); n >= 0 {
			run = i + n
		}
		c.reader.read(v, to+i, c.value, run-i)
		c.value += run - i
		for i = run; i < m && levels[i] == 0; i++ {
			c.reader.null(v, to+i)
		}
	}
	c.row += m
}

// finished checks that the column has no rows beyond those that its row group
// announced.
func (c *chunk) finished() (err error) {
	defer recovered(&err)
	for c.row == c.rows {
		p, err := c.pages.readData()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return damaged(err)
		}
		c.page, c.row, c.rows = p, 0, p.rows
	}
	return fmt.Errorf("%w (it has more rows than its row group)", errDamaged)
}
