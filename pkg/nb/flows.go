package nb

import (
	"errors"
	"path/filepath"
	"sync"
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/frame"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/query"
)

// FlowQuery is a question about the flows of days. Its methods that name a condition,
// groups, an order or a limit return a new query; those that name an aggregate, and
// List, answer it as a frame:
//
//	nb.Flows(run.Test()).Where("not dst_ip in internal").By("dst_ip").Every(5 * time.Minute).Sum("up_bytes")
//
// Package query documents conditions, and "reportgen query --help" the columns.
// reportgen reads the flows, as it reads profiles, and the answer is kept in the
// cache. An error in the query ends the cell.
type FlowQuery struct {
	query query.Query
	days  []string // flow files and folders, as in parameters
	in    Inputs
	err   error
}

// opened are the days that runs opened: the origin of each *profile.Profile.
var opened sync.Map

// origin is where a profile is from.
type origin struct {
	file string
	in   Inputs
}

// Flows returns a query about the flows of days that a run opened, such as
// run.Test(), with the databases and networks of that run.
func Flows(days ...*profile.Profile) FlowQuery {
	var f FlowQuery
	for _, day := range days {
		o, ok := opened.Load(day)
		if !ok {
			f.err = errors.New("nb.Flows: a day was not opened by a run, so that its file is not known; use run.Flows with the name of the file")
			return f
		}
		f.days, f.in = append(f.days, o.(origin).file), o.(origin).in
	}
	if len(days) == 0 {
		f.err = errors.New("nb.Flows: no day; give run.Test(), for example")
	}
	return f
}

// Flows returns a query about the flows of files and folders of days, with the
// databases and networks of the run. Without any, it is about the test day.
func (r *Run) Flows(days ...string) FlowQuery {
	if len(days) == 0 {
		days = []string{r.in.Test}
	}
	return FlowQuery{days: days, in: r.in}
}

// Where chooses the flows for which a condition is true. Several conditions must all
// be true.
func (f FlowQuery) Where(condition string) FlowQuery {
	if f.err != nil {
		return f
	}
	if _, err := query.Compile(condition, query.Flows(), flow.Private); err != nil {
		f.err = err // at once, before anything is read
		return f
	}
	if f.query.Where != "" {
		condition = "(" + f.query.Where + ") and (" + condition + ")"
	}
	f.query.Where = condition
	return f
}

// By groups the flows by the values of columns.
func (f FlowQuery) By(columns ...string) FlowQuery {
	f.query.By = append(f.query.By[:len(f.query.By):len(f.query.By)], columns...)
	return f
}

// Every groups the flows by time buckets of a length; the column timestamp is the
// start of the bucket. Group by date too to separate days.
func (f FlowQuery) Every(length time.Duration) FlowQuery {
	f.query.Every = length
	return f
}

// Sort orders the answer by columns, as frame.Sort does: "up_bytes desc" is the
// largest first. Without it, groups are in the order of their keys, and flows in the
// order of time.
func (f FlowQuery) Sort(columns ...string) FlowQuery {
	f.query.Order = nil
	for _, c := range columns {
		order, err := query.ParseOrder(c)
		if f.err == nil {
			f.err = err
		}
		f.query.Order = append(f.query.Order, order)
	}
	return f
}

// Limit returns only the first n rows of the answer.
func (f FlowQuery) Limit(n int) FlowQuery {
	f.query.Limit = n
	return f
}

// Count answers with the number of flows as the column flows.
func (f FlowQuery) Count() frame.Frame { return f.aggregate(query.Aggregate{Func: query.Count}) }

// Sum answers with the sums of columns, named like the columns.
func (f FlowQuery) Sum(columns ...string) frame.Frame { return f.each(query.Sum, 0, columns) }

// Mean answers with the means of columns: mean_up_bytes of up_bytes.
func (f FlowQuery) Mean(columns ...string) frame.Frame { return f.each(query.Mean, 0, columns) }

// Min answers with the least values of columns: min_up_bytes of up_bytes.
func (f FlowQuery) Min(columns ...string) frame.Frame { return f.each(query.Min, 0, columns) }

// Max answers with the greatest values of columns: max_up_bytes of up_bytes.
func (f FlowQuery) Max(columns ...string) frame.Frame { return f.each(query.Max, 0, columns) }

// Quantile answers with a quantile (0 to 1) of columns: p95_up_bytes of up_bytes, and
// median_up_bytes for 0.5.
func (f FlowQuery) Quantile(q float64, columns ...string) frame.Frame {
	return f.each(query.Quantile, q, columns)
}

// Distinct answers with the numbers of different values: distinct_dst_ip of dst_ip.
func (f FlowQuery) Distinct(columns ...string) frame.Frame {
	return f.each(query.Distinct, 0, columns)
}

// First answers with the values of the earliest flow: first_timestamp of timestamp.
func (f FlowQuery) First(columns ...string) frame.Frame { return f.each(query.First, 0, columns) }

// Last answers with the values of the latest flow: last_timestamp of timestamp.
func (f FlowQuery) Last(columns ...string) frame.Frame { return f.each(query.Last, 0, columns) }

func (f FlowQuery) each(of query.Func, quantile float64, columns []string) frame.Frame {
	all := make([]query.Aggregate, len(columns))
	for i, c := range columns {
		all[i] = query.Aggregate{Func: of, Column: c, Quantile: quantile}
	}
	return f.aggregate(all...)
}

// Aggregate answers with several aggregates, such as "count", "sum(up_bytes)",
// "distinct(dst_ip)", "p95(up_bytes)" or "quantile(up_bytes, 0.999)".
func (f FlowQuery) Aggregate(aggregates ...string) frame.Frame {
	all, err := query.ParseAggregates(aggregates)
	if f.err == nil {
		f.err = err
	}
	return f.aggregate(all...)
}

func (f FlowQuery) aggregate(aggregates ...query.Aggregate) frame.Frame {
	f.query.Aggregates = aggregates
	return f.frame()
}

// List answers with the flows themselves: the columns named, or all of the file.
func (f FlowQuery) List(columns ...string) frame.Frame {
	if len(f.query.By) > 0 || f.query.Every > 0 {
		f.err = errors.Join(f.err, errors.New("List: the query has groups; leave out By and Every, or use an aggregate"))
	}
	f.query.Columns = columns
	return f.frame()
}

// frame answers the query, or ends the cell.
func (f FlowQuery) frame() frame.Frame {
	t, err := f.answer()
	Check(err)
	return frame.FromTable(t)
}

// dayFiles returns the flow files of the days.
func (f FlowQuery) dayFiles() ([]string, error) {
	var files []string
	for _, day := range f.days {
		of, err := flowFiles(day)
		if err != nil {
			return nil, err
		}
		for _, file := range of {
			abs, err := filepath.Abs(file)
			if err != nil {
				return nil, err
			}
			files = append(files, abs)
		}
	}
	return files, nil
}
