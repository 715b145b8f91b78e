package ingest

import (
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// parquetTable decodes a Parquet file as a table of texts, so that it goes the
// way of every other table. The line of a flow is its row, from 1.
type parquetTable struct {
	table    *flowfile.Table
	spec     tableSpec
	row      rowReader
	columns  []field // of the columns read
	n        int64
	progress func(part float64)
}

func openParquet(path string, spec tableSpec, r rowReader, progress func(part float64)) (_ *parquetTable, err error) {
	t, err := flowfile.OpenTable(path)
	if err != nil {
		return nil, err
	}
	d := &parquetTable{table: t, spec: spec, row: r, progress: progress}
	d.row.time.finest, d.row.icmpForm = spec.finest, spec.icmpForm
	names := t.Columns()
	all, err := spec.columns(names, &d.row)
	if err == nil {
		var wanted []int
		for i, f := range all {
			if f < numFields {
				wanted, d.columns = append(wanted, i), append(d.columns, f)
			}
		}
		err = t.Select(wanted...)
	}
	if err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

func (d *parquetTable) Read() (Flow, error) {
	values, err := d.table.Read()
	if err != nil {
		d.progress(1) // at the end, and of no matter elsewhere
		return Flow{}, err
	}
	if d.n++; d.n%(1<<14) == 0 {
		d.progress(float64(d.n) / float64(d.table.NumRows()))
	}
	for i, f := range d.columns {
		d.row.values[f] = nil
		if values[i] != nil {
			d.row.values[f] = d.spec.value(values[i])
		}
	}
	if d.spec.flow != nil {
		return d.spec.flow(&d.row, d.n)
	}
	return d.row.flow(d.n)
}

// close frees the file. It was only read from, so that nothing is lost where
// closing fails.
func (d *parquetTable) close() { _ = d.table.Close() }
