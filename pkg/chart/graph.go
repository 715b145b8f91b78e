package chart

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/flowbook/flowbook/pkg/frame"
)

// Graph draws who talks to whom: a node for each value of columns src and dst, and an
// arrow for each pair, the wider the larger the sum of column value. A node that most
// arrows start from or lead to is in the middle and the others are around it, those
// that talk to each other side by side; no text overlaps, however many there are. Of
// more than 60 nodes ([Top]), those with the largest sums and those under suspicion
// are drawn, and the others are one. Nodes that only receive are rings. The Data of
// the figure are the arrows.
//
// A circle is used instead of a layout by forces, such as gonum's, since that places
// the names of 60 nodes on top of each other.
func Graph(f frame.Frame, src, dst, value string, options ...Option) *Figure {
	fig, err := graph(f, src, dst, value, settingsOf(options))
	if err != nil {
		return failed("graph", f, err)
	}
	return fig
}

// node is a host or whatever else the columns name.
type node struct {
	name       string
	column     string // that its name is from
	suspicious bool
	sends      bool
	sum        float64
	angle      float64 // around the middle
	middle     bool
}

// edge is the sum of a pair.
type edge struct {
	from, to *node
	sum      float64
}

// network is what a graph draws.
type network struct {
	nodes  []*node
	edges  []*edge
	value  frame.Column
	others int // nodes that are drawn as one
}

func graph(f frame.Frame, src, dst, value string, o settings) (*Figure, error) {
	if f.Err == nil && f.Nrow() == 0 {
		return nil, errNoRows
	}
	n, err := newNetwork(f, src, dst, value, o)
	if err != nil {
		return nil, err
	}
	n.place()
	return n.draw(src, dst, value), nil
}

func newNetwork(f frame.Frame, src, dst, value string, o settings) (*network, error) {
	froms, err := namesOf(f, src)
	if err != nil {
		return nil, err
	}
	tos, err := namesOf(f, dst)
	if err != nil {
		return nil, err
	}
	sums, err := frame.Floats(f, value)
	if err != nil {
		return nil, err
	}
	for i, v := range sums {
		if v < 0 {
			return nil, fmt.Errorf("column %q, row %d: negative value %g; an arrow has no negative width", value, i+1, v)
		}
	}
	totals := map[string]float64{}
	for i, v := range sums {
		for _, name := range []string{froms[i], tos[i]} {
			totals[name] += finiteOr0(v)
		}
	}
	names := slices.Collect(maps.Keys(totals))
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(-compareBool(isSuspicious(a, o), isSuspicious(b, o)), cmp.Compare(totals[b], totals[a]), cmp.Compare(a, b))
	})
	n := &network{value: frame.Describe(value)}
	index := map[string]*node{}
	top := cmp.Or(o.top, 60)
	var rest *node
	if len(names) > top {
		n.others = len(names) - top + 1
		rest = &node{name: counted(n.others, "other")}
		n.nodes = append(n.nodes, rest)
	}
	for i, name := range names {
		if rest != nil && i >= top-1 {
			index[name] = rest
			continue
		}
		index[name] = &node{name: name, suspicious: isSuspicious(name, o)}
		n.nodes = append(n.nodes, index[name])
	}
	pairs := map[[2]*node]*edge{}
	for i, v := range sums {
		from, to := index[froms[i]], index[tos[i]]
		v = finiteOr0(v)
		from.column, to.column = cmp.Or(from.column, src), cmp.Or(to.column, dst)
		from.sends = true
		from.sum += v
		to.sum += v
		e := pairs[[2]*node{from, to}]
		if e == nil {
			e = &edge{from: from, to: to}
			pairs[[2]*node{from, to}] = e
			n.edges = append(n.edges, e)
		}
		e.sum += v
	}
	// Wide arrows are below, so that narrow ones stay visible.
	slices.SortStableFunc(n.edges, func(a, b *edge) int {
		return cmp.Or(cmp.Compare(b.sum, a.sum), cmp.Compare(a.from.name, b.from.name), cmp.Compare(a.to.name, b.to.name))
	})
	return n, nil
}

func finiteOr0(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}

// place puts a hub in the middle and the other nodes around it: from each node the
// walk goes to its heaviest neighbours first, so that those who talk to each other are
// side by side.
func (n *network) place() {
	near := map[*node][]*node{}
	for _, e := range n.edges {
		if e.from != e.to {
			near[e.from], near[e.to] = append(near[e.from], e.to), append(near[e.to], e.from)
		}
	}
	var hub *node
	for _, v := range n.nodes {
		if hub == nil || len(near[v]) > len(near[hub]) {
			hub = v
		}
	}
	if len(n.nodes) > 2 && 2*len(near[hub]) > len(n.edges) {
		hub.middle = true
	}
	var order []*node
	seen := map[*node]bool{}
	var walk func(*node)
	walk = func(v *node) {
		if seen[v] {
			return
		}
		seen[v] = true
		if !v.middle {
			order = append(order, v)
		}
		for _, w := range near[v] {
			if !w.middle {
				walk(w)
			}
		}
	}
	for _, v := range n.nodes {
		walk(v)
	}
	for i, v := range order {
		v.angle = math.Pi/2 - 2*math.Pi*(float64(i)+0.5)/float64(len(order))
	}
}
