package query

import (
	"testing"
	"time"
)

// TestCheck: a query is completed, or an error names what is wrong with it.
func TestCheck(t *testing.T) {
	sum := Aggregate{Func: Sum, Column: "up_bytes"}
	for _, c := range []struct {
		q    Query
		want string
	}{
		{Query{By: []string{"port, prt"}}, `group by: unknown column "prt"; did you mean port?`},
		{Query{By: []string{"prt"}}, `group by: unknown column "prt"; did you mean port?`},
		{Query{By: []string{"port", "port"}}, "group by: column port is given twice"},
		{Query{By: []string{"ip"}}, "group by: ip is either of src_ip and dst_ip; name one of them"},
		{Query{By: []string{"name"}}, "group by: column name: not in the file"},
		{Query{Columns: []string{"port", "nme"}}, `columns: unknown column "nme"; did you mean name?`},
		{Query{By: []string{"port"}, Columns: []string{"port"}}, "columns port: not together with groups, whose columns are those of by and the aggregates"},
		{Query{Aggregates: []Aggregate{{Func: Sum, Column: "owner"}}}, "sum(owner): owner is text, not a number; use distinct, first or last, or group by it"},
		{Query{Aggregates: []Aggregate{{Func: Mean, Column: "src_ip"}}}, "mean(src_ip): src_ip is an address, not a number; use distinct, first or last, or group by it"},
		{Query{Aggregates: []Aggregate{{Func: Sum, Column: "up"}}}, `sum(up): unknown column "up"; did you mean up_bytes?`},
		{Query{Aggregates: []Aggregate{{Func: "avg", Column: "port"}}}, `unknown aggregate "avg"; the aggregates are count, sum, min, max, mean, quantile, distinct, first and last`},
		{Query{Aggregates: []Aggregate{{Func: Quantile, Column: "port", Quantile: 95}}}, "quantile(port, 95): a quantile is from 0 to 1, such as 0.95"},
		{Query{Aggregates: []Aggregate{sum, sum}}, "sum(up_bytes): the result already has a column up_bytes"},
		{Query{By: []string{"up_bytes"}, Aggregates: []Aggregate{sum}}, "sum(up_bytes): the result already has a column up_bytes"},
		{Query{By: []string{"port"}, Order: []Order{{Column: "up_bytes"}}}, `order: unknown column "up_bytes"; the columns are port, flows`},
		{Query{By: []string{"srcip"}}, `group by: unknown column "srcip"; did you mean src_ip?`},
		{Query{By: []string{"port"}, Order: []Order{{Column: "sum(up_bytes)"}}}, `order: unknown column "sum(up_bytes)"; the columns are port, flows`},
		{Query{Every: -time.Second}, "every -1s: must not be negative"},
		{Query{Every: time.Millisecond}, "every 1ms: time buckets are whole hundredths of a second"},
		{Query{Every: 48 * time.Hour}, "every 48h0m0s: time buckets are at most a day; group by date"},
		{Query{Every: time.Hour, By: []string{"timestamp"}}, "group by: timestamp is the time bucket of every 1h0m0s; leave one of them out"},
		{Query{Limit: -1}, "limit -1: must not be negative"},
	} {
		if _, err := c.q.Check(sampleSchema); err == nil || err.Error() != c.want {
			t.Errorf("%+v: %v\nwant %s", c.q, err, c.want)
		}
	}
	q, err := Query{By: []string{"port"}, Every: time.Hour, Order: []Order{{Column: "timestamp"}, {Column: "flows", Descending: true}}}.Check(sampleSchema)
	if err != nil || len(q.Aggregates) != 1 || q.Aggregates[0].Name() != ColFlows {
		t.Errorf("%+v, %v: groups do not count flows", q, err)
	}
}

// TestParseOrder: an order names a column or an aggregate, and perhaps a direction.
func TestParseOrder(t *testing.T) {
	for text, want := range map[string]Order{"port": {Column: "port"}, " port ASC ": {Column: "port"}, "sum(up_bytes) desc": {"up_bytes", true}, "count DESC": {"flows", true}} {
		o, err := ParseOrder(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		q, err := Query{By: []string{"port"}, Aggregates: []Aggregate{{Func: Count}, {Func: Sum, Column: "up_bytes"}}, Order: []Order{o}}.Check(sampleSchema)
		if err != nil || q.Order[0] != want {
			t.Errorf("%s: %+v, %v; want %+v", text, q.Order, err, want)
		}
	}
	for text, want := range map[string]string{
		"":          `order "": write a column, or a column and desc, such as "flows desc"`,
		"-port":     `order "-port": write "port desc" for the largest first`,
		"port down": `order "port down": "down" is neither asc nor desc`,
	} {
		if _, err := ParseOrder(text); err == nil || err.Error() != want {
			t.Errorf("%s: %v\nwant %s", text, err, want)
		}
	}
}

// TestNames: the columns of aggregates have the names that frames use.
func TestNames(t *testing.T) {
	for want, a := range map[string]Aggregate{
		"flows": {Func: Count}, "up_bytes": {Func: Sum, Column: "up_bytes"}, "max_port": {Func: Max, Column: "port"},
		"median_up_bytes": {Func: Quantile, Column: "up_bytes", Quantile: 0.5}, "p95_up_bytes": {Func: Quantile, Column: "up_bytes", Quantile: 0.95},
		"p99_9_up_bytes": {Func: Quantile, Column: "up_bytes", Quantile: 0.999}, "p29_port": {Func: Quantile, Column: "port", Quantile: 0.29},
		"distinct_dst_ip": {Func: Distinct, Column: "dst_ip"}, "first_name": {Func: First, Column: "name"},
	} {
		if got := a.Name(); got != want {
			t.Errorf("%s: column %s, want %s", a, got, want)
		}
	}
}
