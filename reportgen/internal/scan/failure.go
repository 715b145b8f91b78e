package scan

import (
	"context"
	"errors"

	"github.com/flowbook/flowbook/pkg/flow"
)

// firstFailure returns the failure that comes first in the file, after err
// ended a parallel read. Of several damaged columns any may be the first to
// fail there; read one by one they fail in the same order every time.
func (f *file) firstFailure(ctx context.Context, err error) error {
	if _, ok := errors.AsType[*Error](err); !ok {
		return err
	}
	for rowGroup := range f.parquet.RowGroups() {
		for col, name := range flow.Columns {
			if first := f.readColumn(ctx, rowGroup, col); first != nil {
				return f.fail(rowGroup, name, first)
			}
		}
	}
	return err
}

// readColumn reads a column of a row group for nothing but its errors.
func (f *file) readColumn(ctx context.Context, rowGroup, col int) error {
	c, err := f.openChunk(f.reader, rowGroup, col, newBook())
	if err != nil {
		return err
	}
	defer c.close()
	var v vector
	for left := f.parquet.RowGroups()[rowGroup].NumRows(); left > 0; left -= batchRows {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := int(min(left, batchRows))
		v.resize(f.columns[col].coded(), n)
		if err := c.fill(&v, 0, n); err != nil {
			return err
		}
	}
	return c.finished()
}
