package engine

import (
	"math"
	"slices"

	"github.com/flowbook/flowbook/pkg/query"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// key is a column whose values make groups. Its values become codes: those of a text
// or address as they are, and numbers by their value or, if they may be large, in the
// order in which they come.
type key struct {
	column int // in the schema; of the time bucket: that of the time
	every  int64
	kind   query.Kind
	large  *numbering // of numbers beyond 32 bits; nil if the column has none

	numbers []int64 // memory
}

// newKeys returns the keys of a query's groups.
func (r *run) newKeys() []key {
	var keys []key
	if every := r.every(); every > 0 {
		keys = append(keys, key{column: flowfile.PlaceTime, every: every, kind: query.Number})
	}
	for _, name := range r.query.By {
		i := r.schema.Index(name)
		k := key{column: i, kind: r.schema[i].Kind}
		if k.kind == query.Number && r.schema[i].Unit != query.Clock && !small[name] {
			k.large = &numbering{}
		}
		keys = append(keys, k)
	}
	return keys
}

// small are the columns of small numbers.
var small = map[string]bool{"port": true, "src_port": true, "hour": true}

// codes appends the codes of some rows, or of all if they are nil.
func (k *key) codes(v *query.Vector, rows []int32, out []uint32) []uint32 {
	if k.kind != query.Number && k.kind != query.Bool {
		return gather(v.Codes, rows, out)
	}
	numbers := v.Ints
	if rows != nil {
		k.numbers = gather(v.Ints, rows, k.numbers[:0])
		numbers = k.numbers
	}
	out = slices.Grow(out[:0], len(numbers))[:len(numbers)]
	switch {
	case k.every > 0:
		every := uint32(min(k.every, math.MaxUint32)) // times of a day have 24 bits, and short divisions are faster
		for i, x := range numbers {
			out[i] = uint32(x) / every
		}
	case k.large != nil:
		for i, x := range numbers {
			out[i] = k.large.number(uint64(max(x, -1)))
		}
	default:
		for i, x := range numbers {
			out[i] = uint32(max(x, -1) + 1)
		}
	}
	return out
}

// value returns the number of a code.
func (k *key) value(code uint32) int64 {
	switch {
	case k.every > 0:
		return int64(code) * k.every
	case k.large != nil:
		return int64(k.large.keys[code])
	}
	return int64(code) - 1
}

// gather appends the values of some rows, or of all if they are nil.
func gather[T any](from []T, rows []int32, out []T) []T {
	if rows == nil {
		return append(out, from...)
	}
	out = slices.Grow(out, len(rows))
	for _, r := range rows {
		out = append(out, from[r])
	}
	return out
}

// groups numbers the groups of rows. Of one key, the groups are numbered by an array
// if the codes are small; of several, by pairs: the first two codes make a pair, and
// each further code makes one with the number of the pair before it.
type groups struct {
	keys  []key
	array []uint32 // of one key: the number of the group by code, and one
	one   []uint32 // of one key: the code by number
	pairs []numbering
	codes [][]uint32 // of the rows at hand, by key
}

func newGroups(keys []key) *groups {
	return &groups{keys: keys, pairs: make([]numbering, max(len(keys)-1, 0)), codes: make([][]uint32, len(keys))}
}

// count returns the number of groups.
func (g *groups) count() int {
	switch len(g.keys) {
	case 0:
		return 1
	case 1:
		return len(g.one)
	}
	return len(g.pairs[len(g.pairs)-1].keys)
}

// number puts the numbers of the groups of rows with the codes at hand into out.
func (g *groups) number(n int, out []uint32) []uint32 {
	out = slices.Grow(out[:0], n)[:n]
	switch len(g.keys) {
	case 0:
		clear(out)
		return out
	case 1:
		for i, code := range g.codes[0] {
			if int(code) >= len(g.array) || g.array[code] == 0 {
				g.add(code)
			}
			out[i] = g.array[code] - 1
		}
		return out
	}
	copy(out, g.codes[0])
	for k := range g.pairs {
		p, codes := &g.pairs[k], g.codes[k+1]
		last := ^uint64(0)
		var number uint32
		for i, first := range out {
			pair := uint64(first)<<32 | uint64(codes[i])
			if pair != last || i == 0 {
				number, last = p.number(pair), pair
			}
			out[i] = number
		}
	}
	return out
}

// add begins the group of a code that is the only key.
func (g *groups) add(code uint32) {
	if int(code) >= len(g.array) {
		g.array = append(g.array, make([]uint32, max(int(code)+1-len(g.array), len(g.array)/2))...)
	}
	g.one = append(g.one, code)
	g.array[code] = uint32(len(g.one))
}

// codesOf returns the codes of a group, in the order of the keys.
func (g *groups) codesOf(group uint32, out []uint32) []uint32 {
	out = slices.Grow(out[:0], len(g.keys))[:len(g.keys)]
	switch len(g.keys) {
	case 0:
	case 1:
		out[0] = g.one[group]
	default:
		for k := len(g.pairs) - 1; k >= 0; k-- {
			pair := g.pairs[k].keys[group]
			out[k+1], group = uint32(pair), uint32(pair>>32)
		}
		out[0] = group
	}
	return out
}

// merge adds the groups of another worker, and returns their numbers here by their
// numbers there.
func (g *groups) merge(other *groups) []uint32 {
	if len(g.keys) == 0 {
		return []uint32{0}
	}
	n := other.count()
	for k := range g.codes {
		g.codes[k] = g.codes[k][:0]
	}
	var codes []uint32
	for group := range n {
		codes = other.codesOf(uint32(group), codes)
		for k, code := range codes {
			if large := g.keys[k].large; large != nil {
				code = large.number(other.keys[k].large.keys[code])
			}
			g.codes[k] = append(g.codes[k], code)
		}
	}
	return g.number(n, nil)
}

// bytes is about how much memory the groups take.
func (g *groups) bytes() int64 {
	sum := int64(4*cap(g.array) + 4*cap(g.one))
	for i := range g.pairs {
		sum += g.pairs[i].bytes()
	}
	for _, k := range g.keys {
		if k.large != nil {
			sum += k.large.bytes()
		}
	}
	return sum
}
