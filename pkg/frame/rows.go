package frame

import (
	"math"
	"net/netip"

	"github.com/go-gota/gota/dataframe"
	"github.com/go-gota/gota/series"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/query"
)

// FromTable returns the result of a query as a frame.
func FromTable(t *query.Table) Frame {
	all := make([]series.Series, len(t.Columns))
	for i, c := range t.Columns {
		switch {
		case c.Texts != nil:
			all[i] = series.New(c.Texts, series.String, c.Name)
		case c.Ints != nil:
			ints := make([]int, len(c.Ints))
			for k, x := range c.Ints {
				ints[k] = int(x)
			}
			all[i] = series.New(ints, series.Int, c.Name)
		default:
			all[i] = series.New(c.Floats, series.Float, c.Name)
		}
	}
	return dataframe.New(all...)
}

// queryUnits are the units of columns in conditions and formulas.
var queryUnits = map[Unit]query.Unit{Bytes: query.Bytes, Clock: query.Clock, Duration: query.Hundredths, Seconds: query.Seconds}

// severities are the severities of findings from the lowest to the highest.
var severities = []string{"info", "low", "medium", "high", "critical"}

// schemaOf describes the columns of a frame to package query.
func schemaOf(f Frame) query.Schema {
	var s query.Schema
	for _, name := range f.Names() {
		c := query.Column{Name: name, Kind: query.Number, Unit: queryUnits[Describe(name).Unit]}
		switch f.Col(name).Type() {
		case series.Int:
			c.Whole = !f.Col(name).HasNaN()
		case series.Float:
		default:
			c.Kind = query.Text
			if name == "severity" {
				c.Words, c.Ordered = severities, true
			}
		}
		s = append(s, c)
	}
	return s
}

// rows are the rows of a frame as package query reads them.
type rows struct {
	frame   Frame
	schema  query.Schema
	vectors map[int]*query.Vector
}

func rowsOf(f Frame) *rows {
	return &rows{frame: f, schema: schemaOf(f), vectors: map[int]*query.Vector{}}
}

// Len returns the number of rows.
func (r *rows) Len() int { return r.frame.Nrow() }

// Column returns a column. A text is its own code.
func (r *rows) Column(i int) (*query.Vector, error) {
	if v, ok := r.vectors[i]; ok {
		return v, nil
	}
	c := r.frame.Col(r.schema[i].Name)
	v := &query.Vector{}
	r.vectors[i] = v
	switch {
	case r.schema[i].Kind == query.Text:
		v.Dict = &words{c.Records()}
		for k := range c.Len() {
			v.Codes = append(v.Codes, uint32(k))
		}
	case r.schema[i].Whole:
		ints, err := c.Int()
		if err != nil {
			return nil, err
		}
		for _, x := range ints {
			v.Ints = append(v.Ints, int64(x))
		}
	default:
		v.Floats = c.Float()
		for k, x := range v.Floats {
			if math.IsInf(x, 0) {
				v.Floats[k] = math.NaN()
			}
		}
	}
	return v, nil
}

// words are the texts of a column.
type words struct{ texts []string }

func (w *words) Text(code uint32) string { return w.texts[code] }

func (w *words) Address(code uint32) netip.Addr {
	a, err := flow.ParseAddr(w.texts[code])
	if err != nil {
		return netip.Addr{}
	}
	return a
}
