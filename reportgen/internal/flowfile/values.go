package flowfile

import (
	"errors"
	"io"

	"github.com/parquet-go/parquet-go"
)

// valueCursor reads the values of a column of a row group, one after the other.
type valueCursor struct {
	pages  *columnPages
	page   parquet.Page
	values parquet.ValueReader
	buffer [256]parquet.Value
	rest   []parquet.Value // that were read and not used yet
}

// fill makes the next value the first of rest. After the last one, the error is io.EOF.
func (c *valueCursor) fill() error {
	for len(c.rest) == 0 {
		if c.values == nil {
			p, err := c.pages.ReadPage()
			if errors.Is(err, io.EOF) {
				return io.EOF
			}
			if err != nil {
				return pageError(err)
			}
			parquet.Release(c.page)
			c.page, c.values = p, p.Values()
		}
		n, err := c.values.ReadValues(c.buffer[:])
		c.rest = c.buffer[:n]
		switch {
		case errors.Is(err, io.EOF):
			c.values = nil
		case err != nil:
			return damaged(err)
		}
	}
	return nil
}

// close gives the memory of the column back; what the library thinks of a malformed
// column at this point changes nothing any more.
func (c *valueCursor) close() {
	var err error
	defer recovered(&err)
	if c.pages == nil {
		return
	}
	parquet.Release(c.page)
	c.pages.Close()
	c.pages, c.page, c.values, c.rest = nil, nil, nil, nil
}
