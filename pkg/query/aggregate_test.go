package query

import (
	"strings"
	"testing"
)

func TestParseAggregates(t *testing.T) {
	for text, want := range map[string]Aggregate{
		"count":                    {Func: Count},
		" count ( ) ":              {Func: Count},
		"sum(up_bytes)":            {Func: Sum, Column: "up_bytes"},
		"DISTINCT( dst_ip )":       {Func: Distinct, Column: "dst_ip"},
		"quantile(up_bytes, 0.95)": {Func: Quantile, Column: "up_bytes", Quantile: 0.95},
		"avg(up_bytes)":            {Func: Mean, Column: "up_bytes"},
		"median(up_bytes)":         {Func: Quantile, Column: "up_bytes", Quantile: 0.5},
		"p99.9(up_bytes)":          {}, // no word
		"p99(up_bytes)":            {Func: Quantile, Column: "up_bytes", Quantile: 0.99},
	} {
		got, err := parseAggregate(text)
		if got != want || (err == nil) != (want.Func != "") {
			t.Errorf("%s: got %+v, %v; want %+v", text, got, err, want)
		}
		if again, err := parseAggregate(got.String()); want.Func != "" && (err != nil || again != got) {
			t.Errorf("%s: written as %s, and read as %+v, %v", text, got, again, err)
		}
	}
	for text, want := range map[string]string{
		"":                         "write count",
		"sum up_bytes":             "such as sum(up_bytes)",
		"summ(up_bytes)":           "did you mean sum?",
		"stddev(up_bytes)":         "the functions are count, sum",
		"count(src_ip)":            "distinct(src_ip)",
		"sum":                      "sum(up_bytes)",
		"sum(up_bytes, 2)":         "have no number",
		"quantile(up_bytes)":       "quantile(up_bytes, 0.95)",
		"quantile(up_bytes, 95)":   "from 0 to 1",
		"quantile(up_bytes, NaN)":  "from 0 to 1",
		"p101(up_bytes)":           "from 0 to 1",
		"sum(up_bytes))":           "such as sum(up_bytes)",
		"sum(up_bytes) sum(bytes)": "such as sum(up_bytes)",
	} {
		if got, err := parseAggregate(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %+v, %v; want %q", text, got, err, want)
		}
	}
}
