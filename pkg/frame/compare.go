package frame

import (
	"fmt"
	"slices"

	"github.com/go-gota/gota/dataframe"
	"github.com/go-gota/gota/series"
)

// Compare puts columns of the baseline day and the test day side by side. The
// result has one row for each key of either day, with the columns key, and
// baseline_V and test_V for each value column V. A value is 0 if the day does not
// have the key. Keys must be distinct within a day. Rows are in the order of the
// baseline day, followed by those of the test day only.
func Compare(baseline, test Frame, key string, values ...string) Frame {
	keys, at, err := unite(baseline, test, key)
	if err != nil {
		return Frame{Err: fmt.Errorf("compare by %s: %w", key, err)}
	}
	kind := baseline.Col(key).Type()
	all := []series.Series{series.New(keys, kind, key)}
	for _, v := range values {
		for d, f := range []Frame{baseline, test} {
			from, err := Floats(f, v)
			if err != nil {
				return Frame{Err: fmt.Errorf("compare %s: %w", v, err)}
			}
			to := make([]float64, len(keys))
			for i := range keys {
				if r := at[d][i]; r >= 0 {
					to[i] = from[r]
				}
			}
			day := []string{BaselineDay, TestDay}[d]
			all = append(all, series.New(to, f.Col(v).Type(), day+"_"+v))
		}
	}
	return dataframe.New(all...)
}

// unite returns the keys of both days and, for each day, the row of each key, or
// -1 if the day does not have it.
func unite(baseline, test Frame, key string) (keys []string, at [2][]int, err error) {
	var rows [2]map[string]int
	for d, f := range []Frame{baseline, test} {
		ks, err := Strings(f, key)
		if err != nil {
			return nil, at, err
		}
		rows[d] = make(map[string]int, len(ks))
		for i, k := range ks {
			if _, again := rows[d][k]; again {
				return nil, at, fmt.Errorf("duplicate key %q", k)
			}
			rows[d][k] = i
			if d == 0 || !has(rows[0], k) {
				keys = append(keys, k)
			}
		}
	}
	for d := range at {
		at[d] = slices.Repeat([]int{-1}, len(keys))
		for i, k := range keys {
			if r, ok := rows[d][k]; ok {
				at[d][i] = r
			}
		}
	}
	return keys, at, nil
}

func has(m map[string]int, k string) bool { _, ok := m[k]; return ok }
