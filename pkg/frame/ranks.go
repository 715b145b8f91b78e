package frame

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// Alike returns the entities of the same kind on a day, in order of their names: name,
// group (the name of the entity itself, or "others"), flows, up_bytes, down_bytes,
// peers.
func (e Entity) Alike(p *profile.Profile) Frame {
	type row struct {
		name string
		dealings
	}
	index := map[string]*row{}
	for i := range p.Conversations {
		c := &p.Conversations[i]
		for _, m := range []meeting{{c, c.Dst, true, c.Up, c.Down}, {c, c.Src, false, c.Down, c.Up}} {
			a := c.Src
			if !m.opened {
				a = c.Dst
			}
			name := e.group(a)
			if name == "" {
				continue
			}
			if index[name] == nil {
				index[name] = &row{name: name}
			}
			index[name].add(m)
		}
	}
	rows := slices.SortedFunc(maps.Values(index), func(a, b *row) int { return cmp.Compare(a.name, b.name) })
	return of(rows,
		text("entity", func(r *row) string { return r.name }),
		text("group", func(r *row) string {
			if r.name == e.Name {
				return r.name
			}
			return "others"
		}),
		whole("flows", func(r *row) int64 { return r.flows }),
		whole(flow.ColUp, func(r *row) int64 { return r.sent }),
		whole(flow.ColDown, func(r *row) int64 { return r.received }),
		whole("peers", func(r *row) int { return len(r.peers) }),
	)
}

// Ranks compares the entity with those of its kind on a day, and with itself on a day
// before, which may be nil: name (of the quantity), value, before, median (of all of
// its kind), rank ("3 of 200").
func (e Entity) Ranks(p, before *profile.Profile) Frame {
	all, old := e.Alike(p), Frame{}
	if before != nil {
		old = e.Alike(before)
	}
	var rows [][]string
	for _, column := range []string{"flows", flow.ColUp, flow.ColDown, "peers"} {
		c := Describe(column)
		own, values := e.valueIn(all, column)
		slices.SortFunc(values, func(a, b float64) int { return cmp.Compare(b, a) })
		row := []string{strings.ToLower(c.Title), "–", "–", "–", "–"}
		if n := len(values); n > 0 {
			row[3] = c.Unit.Format(values[n/2])
			if !math.IsNaN(own) {
				row[1], row[4] = c.Unit.Format(own), fmt.Sprintf("%d of %d", 1+slices.Index(values, own), n)
			}
		}
		if was, _ := e.valueIn(old, column); !math.IsNaN(was) {
			row[2] = c.Unit.Format(was)
		}
		rows = append(rows, row)
	}
	return Texts([]string{"name", "value", "before", "median", "rank"}, rows...)
}

// valueIn returns the value of the entity in a column of Alike, and all values.
func (e Entity) valueIn(f Frame, column string) (own float64, values []float64) {
	own = math.NaN()
	if f.Ncol() == 0 {
		return own, nil
	}
	names, err := Strings(f, "entity")
	if err != nil {
		return own, nil
	}
	values, err = Floats(f, column)
	if err != nil {
		return own, nil
	}
	if i := slices.Index(names, e.Name); i >= 0 {
		own = values[i]
	}
	return own, slices.Clone(values)
}
