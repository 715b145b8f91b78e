package query

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// call matches an aggregate as a call: its function, column and number.
var call = regexp.MustCompile(`^(\w+)(?:\s*\(\s*(\w*)\s*(?:,\s*([^,()\s]+)\s*)?\))?$`)

func parseAggregate(text string) (Aggregate, error) {
	m := call.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return Aggregate{}, fmt.Errorf("aggregate %q: write count, or a function and its column, such as sum(up_bytes)", text)
	}
	a := Aggregate{Func: Func(strings.ToLower(m[1])), Column: m[2]}
	quantile := m[3]
	if percent, err := strconv.ParseFloat(strings.TrimPrefix(string(a.Func), "p"), 64); err == nil && a.Func[0] == 'p' && quantile == "" {
		a.Func, quantile = Quantile, formatNumber(percent/100)
	}
	if a.Func == "median" && quantile == "" {
		a.Func, quantile = Quantile, "0.5"
	}
	if a.Func == "avg" { // as in SQL
		a.Func = Mean
	}
	names := []string{"count", "sum", "min", "max", "mean", "quantile", "median", "distinct", "first", "last"}
	switch {
	case !slices.Contains(names, string(a.Func)):
		message := "the functions are " + strings.Join(names, ", ") + " and p95"
		if hint := DidYouMean(m[1], names); hint != "" {
			message = hint
		}
		return Aggregate{}, fmt.Errorf("aggregate %q: unknown function %q; %s", text, m[1], message)
	case a.Func == Count && a.Column != "":
		return Aggregate{}, fmt.Errorf("aggregate %q: count has no column; write count, or distinct(%s) for different values", text, a.Column)
	case a.Func != Count && a.Column == "":
		return Aggregate{}, fmt.Errorf("aggregate %q: has no column; write %s(up_bytes), for example", text, m[1])
	case (a.Func == Quantile) != (quantile != ""):
		return Aggregate{}, fmt.Errorf("aggregate %q: a quantile is written as quantile(up_bytes, 0.95), and other functions have no number", text)
	case quantile == "":
		return a, nil
	}
	var err error
	if a.Quantile, err = strconv.ParseFloat(quantile, 64); err != nil || !(a.Quantile >= 0 && a.Quantile <= 1) {
		return Aggregate{}, fmt.Errorf("aggregate %q: a quantile is from 0 to 1, such as 0.95", text)
	}
	return a, nil
}

// ParseAggregates reads aggregates as [Aggregate.String] writes them, such as "count",
// "sum(up_bytes)" or "quantile(up_bytes, 0.95)". Also "median(up_bytes)" and
// "p95(up_bytes)" are quantiles.
func ParseAggregates(texts []string) ([]Aggregate, error) {
	all := make([]Aggregate, len(texts))
	for i, text := range texts {
		var err error
		if all[i], err = parseAggregate(text); err != nil {
			return nil, err
		}
	}
	return all, nil
}
