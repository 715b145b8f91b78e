package siem

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// The types of correlation that are evaluated here. Percentiles and order in
// time need each flow, and a profile keeps sums.
var countedTypes = []string{"event_count", "value_count", "value_sum", "value_avg", "temporal"}

// sigmaTypes are those of the specification.
var sigmaTypes = append(slices.Clone(countedTypes), "temporal_ordered", "value_percentile", "value_median")

// limit is the condition of a correlation: op is gt, gte, lt, lte, eq or neq.
type limit struct {
	op    string
	value float64
	field string
}

var limitOps = map[string]func(v, limit float64) bool{
	"gt":  func(v, l float64) bool { return v > l },
	"gte": func(v, l float64) bool { return v >= l },
	"lt":  func(v, l float64) bool { return v < l },
	"lte": func(v, l float64) bool { return v <= l },
	"eq":  func(v, l float64) bool { return v == l },
	"neq": func(v, l float64) bool { return v != l },
}

func (l limit) holds(v float64) bool { return l.op == "" || limitOps[l.op](v, l.value) }

func (l limit) String() string {
	return fmt.Sprintf("%s %s", l.op, strconv.FormatFloat(l.value, 'f', -1, 64))
}

// limit reads the condition.
func (c *Correlation) limit() (limit, error) {
	var l limit
	for _, item := range c.Condition {
		key := fmt.Sprint(item.Key)
		if _, ok := limitOps[key]; ok {
			v, isNumber := number(item.Value)
			if l.op != "" || !isNumber {
				return l, fmt.Errorf("must have one of gt, gte, lt, lte, eq, neq, with a number")
			}
			l.op, l.value = key, v
			continue
		}
		switch key {
		case "field":
			l.field = fmt.Sprint(item.Value)
		case "percentile":
		default:
			return l, fmt.Errorf("unknown key %q: use %s or field", key, strings.Join(slices.Sorted(maps.Keys(limitOps)), ", "))
		}
	}
	if l.op == "" && !strings.HasPrefix(c.Type, "temporal") {
		return l, fmt.Errorf("must say when, such as gte: 10")
	}
	return l, nil
}

// number reads a finite YAML number.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case uint64:
		return float64(v), true
	case int:
		return float64(v), true
	case float64:
		return v, !math.IsNaN(v) && !math.IsInf(v, 0)
	}
	return 0, false
}

// timespanDays reads a Sigma timespan, such as 1d or 24h, as days.
func timespanDays(s string) (float64, error) {
	units := map[byte]float64{'s': 1. / 86400, 'm': 1. / 1440, 'h': 1. / 24, 'd': 1, 'w': 7, 'M': 30, 'y': 365}
	if s == "" {
		return 0, fmt.Errorf("is missing; write 1d")
	}
	n, err := strconv.ParseUint(s[:len(s)-1], 10, 32)
	unit, ok := units[s[len(s)-1]]
	if err != nil || !ok || n == 0 {
		return 0, fmt.Errorf("%q: not a timespan such as 1d or 24h", s)
	}
	return float64(n) * unit, nil
}

func (r *Rule) validateCorrelation() error {
	c := r.Correlation
	fault := func(problem string, keys ...string) error {
		return r.doc.fieldError(problem, append([]string{"correlation"}, keys...)...)
	}
	days, err := timespanDays(c.Timespan)
	if err != nil {
		return fault(err.Error(), "timespan")
	}
	l, err := c.limit()
	if err != nil {
		return fault(err.Error(), "condition")
	}
	switch {
	case !slices.Contains(sigmaTypes, c.Type):
		return fault(fmt.Sprintf("unknown type %q: use %s", c.Type, strings.Join(sigmaTypes, ", ")), "type")
	case len(c.Rules) == 0:
		return fault("must name the rules whose matches are counted", "rules")
	case strings.HasPrefix(c.Type, "value_") && l.field == "":
		return fault("must name the field, such as field: dst_ip", "condition")
	case !r.evaluated():
		return nil
	case !slices.Contains(countedTypes, c.Type):
		return fault(fmt.Sprintf("%s needs each flow, and a profile keeps sums; use one of %s", c.Type, strings.Join(countedTypes, ", ")), "type")
	case days < 1-1e-9:
		return fault("a profile counts whole days; write 1d", "timespan")
	case len(c.Aliases) > 0:
		return fault("are not evaluated: the fields of flows have the same names in every rule", "aliases")
	case !slices.Contains(c.GroupBy, "src_ip") && !slices.Contains(c.GroupBy, "dst_ip"):
		return fault("must hold src_ip or dst_ip, for a finding concerns an address", "group-by")
	}
	for i, f := range c.GroupBy {
		if _, ok := eventFields[f]; !ok {
			return fault(unknownField(f), "group-by", strconv.Itoa(i))
		}
	}
	if l.field == "" {
		return nil
	}
	if _, ok := eventFields[l.field]; !ok {
		return fault(unknownField(l.field), "condition", "field")
	}
	if c.Type != "value_count" && !slices.Contains(numberFields, l.field) {
		return fault(fmt.Sprintf("%s cannot be summed: use %s", l.field, strings.Join(numberFields, ", ")), "condition", "field")
	}
	return nil
}
