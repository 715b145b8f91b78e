package query_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/query"
)

// A query can be handed to another program as JSON.
func ExampleQuery() {
	q := query.Query{
		Where:      "port = 443 and up_bytes > 1MB",
		By:         []string{"src_ip"},
		Every:      5 * time.Minute,
		Aggregates: []query.Aggregate{{Func: query.Sum, Column: "up_bytes"}},
	}
	q.Top(20)
	b, err := json.Marshal(q)
	fmt.Println(string(b), err)
	// Output: {"where":"port = 443 and up_bytes \u003e 1MB","by":["src_ip"],"every":300000000000,"aggregates":[{"func":"sum","column":"up_bytes"}],"order":[{"column":"up_bytes","descending":true}],"limit":20} <nil>
}

// A parsed expression is a tree, from which the dialects of databases can be made.
func ExampleParse() {
	var columns func(query.Expr) []string
	columns = func(e query.Expr) []string {
		switch e := e.(type) {
		case *query.Ref:
			return []string{e.Name}
		case *query.Unary:
			return columns(e.X)
		case *query.Binary:
			return append(columns(e.Left), columns(e.Right)...)
		case *query.In:
			return columns(e.X)
		case *query.IsUnknown:
			return columns(e.X)
		case *query.Literal:
		}
		return nil
	}
	e, err := query.Parse("NOT dst_ip IN (10.0.0.0/8) && up_bytes / 2 >= 1MB || name IS NULL")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(e)
	fmt.Println(columns(e))
	// Output:
	// not dst_ip in (10.0.0.0/8) and up_bytes / 2 >= 1000000B or name is unknown
	// [dst_ip up_bytes name]
}

func ExampleError() {
	_, err := query.Compile("prot = udp and port = 53", query.Flows(), nil)
	fmt.Println(err)
	// Output:
	// unknown column "prot"; did you mean proto or port?
	// prot = udp and port = 53
	// ^^^^
}

// hosts is a table of two columns: addresses and bytes.
type hosts struct {
	names []string
	bytes []int64
}

func (h hosts) Len() int                       { return len(h.names) }
func (h hosts) Text(code uint32) string        { return h.names[code] }
func (h hosts) Address(code uint32) netip.Addr { a, _ := netip.ParseAddr(h.names[code]); return a }
func (h hosts) codes() (codes []uint32) {
	for i := range h.names {
		codes = append(codes, uint32(i))
	}
	return codes
}
func (h hosts) Column(i int) (*query.Vector, error) {
	if i == 0 {
		return &query.Vector{Codes: h.codes(), Dict: &h}, nil
	}
	return &query.Vector{Ints: h.bytes}, nil
}

// A compiled condition chooses rows of any table.
func ExampleCompile() {
	schema := query.Schema{
		{Name: "src_ip", Kind: query.Address},
		{Name: "up_bytes", Kind: query.Number, Unit: query.Bytes, Whole: true},
	}
	p, err := query.Compile("src_ip in internal and up_bytes > 1kB", schema, flow.Private)
	if err != nil {
		fmt.Println(err)
		return
	}
	table := hosts{[]string{"10.0.0.1", "10.0.0.2", "192.0.2.1"}, []int64{900, 1500, 5000}}
	fmt.Println(p.Evaluator().Choose(table, nil))
	// Output: [1] <nil>
}
