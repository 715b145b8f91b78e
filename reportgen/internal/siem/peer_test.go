package siem

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/google/go-cmp/cmp"
)

// Rules select the sources that SQLite selects among the day's flows when
// pySigma turns the rules into SQL. Left out are counts, which are those of a
// conversation here and of a flow there, and addresses of IPv6 networks, which
// pySigma compares as text.
func TestRulesAgainstSQL(t *testing.T) {
	var rules []string
	for _, tt := range selectionTests {
		if !strings.Contains(tt.selection, "bytes") && !strings.Contains(tt.selection, "::/") {
			rules = append(rules, selectionRule(tt.selection, tt.condition))
		}
	}
	for _, condition := range []string{"event_count {gte: 3}", "event_count {gt: 3}", "event_count {lte: 2}", "value_count {field: dst_ip, gte: 2}", "value_count {field: dst_port, eq: 1}",
		"value_sum {field: up_bytes, gte: 300}", "value_sum {field: up_bytes, lt: 300}", "value_avg {field: up_bytes, gt: 99}", "value_avg {field: up_bytes, lte: 50}"} {
		kind, limit, _ := strings.Cut(condition, " ")
		rules = append(rules, strings.NewReplacer("event_count", kind, "{gte: 10}", limit, "dst_port: 23", "dst_port|gte: 23").Replace(counting("")))
	}
	day := append(slices.Clone(selectionDay), flowOf{1, "10.0.0.2", "10.0.0.9", 22, 1, 1}, flowOf{1, "10.0.0.2", "10.0.0.9", 80, 1, 1})

	var rows []map[string]any
	for _, f := range day {
		for range f.n {
			src, dst := mustAddr(f.src), mustAddr(f.dst)
			rows = append(rows, map[string]any{"src_ip": f.src, "dst_ip": f.dst, "dst_port": f.port, "proto": "tcp", "up_bytes": f.up,
				"src_internal": flow.Private.Contains(src), "dst_internal": flow.Private.Contains(dst),
				"dst_country": nil, "dst_owner": nil, "timestamp": "2024-12-25T01:00:00Z"})
		}
	}
	question, err := json.Marshal(map[string]any{"rows": rows, "rules": rules})
	if err != nil {
		t.Fatal(err)
	}
	var answers [][]string
	if err := json.Unmarshal([]byte(python(t, question, "sigma.backends.sqlite", "query_sigma.py")), &answers); err != nil {
		t.Fatal(err)
	}
	in := detect.Input{Test: dayOf(day...)}
	for i, rule := range rules {
		got := []string{}
		for _, f := range own(t, in, rule) {
			got = append(got, strings.Fields(f)[1])
		}
		slices.Sort(got)
		if diff := cmp.Diff(answers[i], got); diff != "" {
			t.Errorf("SQLite and we differ on\n%s%s", rule, diff)
		}
	}
}
