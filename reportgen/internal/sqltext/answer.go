package sqltext

import (
	"context"
	"encoding/hex"
	"fmt"
	"math"
	"net/netip"
	"strconv"

	"github.com/flowbook/flowbook/pkg/query"
	"github.com/flowbook/flowbook/reportgen/internal/engine"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// Read reads the result of the statement of [Dialect.Ask] from a Parquet file.
func (q *Question) Read(ctx context.Context, path string) (*engine.Result, error) {
	outputs := q.outputs()
	var columns []flowfile.RecordColumn
	for i, o := range outputs {
		columns = append(columns, flowfile.RecordColumn{Name: answered(i), IsText: o.written()})
	}
	columns = append(columns, flowfile.RecordColumn{Name: "all_results"}, flowfile.RecordColumn{Name: "all_flows"})
	r := &engine.Result{Table: &query.Table{}}
	for _, o := range outputs {
		r.Columns = append(r.Columns, o.empty())
	}
	known := make([][]bool, len(outputs))
	err := flowfile.ReadRecords(ctx, path, columns, func(row *flowfile.Record) error {
		for i, o := range outputs {
			isKnown, err := o.add(&r.Columns[i], row, i)
			if err != nil {
				return err
			}
			known[i] = append(known[i], isKnown)
		}
		all, err := row.Number(len(outputs))
		if err != nil {
			return err
		}
		r.All = int(all)
		if n := row.Numbers(len(outputs) + 1); len(n) == 1 {
			r.Flows = n[0]
		}
		return nil
	})
	for i := range r.Columns {
		r.Columns[i].HideUnknown(known[i])
	}
	return r, err
}

// written reports whether the result has the values as texts.
func (o *output) written() bool {
	return o.kind == query.Text || o.kind == query.Address || o.fraction
}

// empty returns the column without values.
func (o *output) empty() query.TableColumn {
	c := query.TableColumn{Name: o.name, Unit: o.unit}
	switch {
	case o.fraction:
		c.Floats = []float64{}
	case o.kind == query.Number:
		c.Ints = []int64{}
	default:
		c.Texts = []string{}
	}
	return c
}

// add adds the value of a row, and reports whether it is known.
func (o *output) add(c *query.TableColumn, row *flowfile.Record, i int) (known bool, err error) {
	if texts := row.Texts(i); o.written() {
		text := ""
		if len(texts) == 1 {
			text = texts[0]
		}
		switch {
		case o.fraction:
			v := math.NaN()
			if text != "" {
				v, err = strconv.ParseFloat(text, 64)
			}
			c.Floats = append(c.Floats, v)
		case o.kind == query.Address && text != "":
			text, err = addressOf(text)
			fallthrough
		default:
			c.Texts = append(c.Texts, text)
		}
		return text != "", err
	}
	n := row.Numbers(i)
	v := int64(0)
	if len(n) == 1 {
		v = n[0]
	}
	if o.kind == query.Bool {
		c.Texts = append(c.Texts, strconv.FormatBool(v == 1))
	} else {
		c.Ints = append(c.Ints, v)
	}
	return len(n) == 1, nil
}

// addressOf returns the usual text of an address that [Dialect.address] wrote.
func addressOf(key string) (string, error) {
	b, err := hex.DecodeString(key[1:])
	if a, ok := netip.AddrFromSlice(b); err == nil && ok {
		return a.String(), nil
	}
	return "", fmt.Errorf("%q is not an address", key)
}
