// Package engine answers queries of package query from flow files.
//
// [Run] compiles the condition, lets package flowfile leave out row groups and pages
// whose statistics and dictionaries exclude it, and reads the columns that the query
// needs with all cores. Addresses and texts stay codes up to the result: a condition
// on them is tested once a code, and groups are numbered by codes. Each worker has
// groups of its own, which are merged at the end. All aggregates are exact, and the
// result does not depend on the number of workers.
//
// Memory grows with the number of groups, with the values of quantiles and of
// distinct, with the different addresses and names of the files, and with the rows of a
// result. A query that needs more than Options.Memory ends with an error that says what to do.
package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/dustin/go-humanize"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/query"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// Source is a flow file and its date.
type Source struct {
	Path string
	Date string // as 2024-03-20; empty if it is not known
}

// Options are what a query needs beside flows.
type Options struct {
	Country, ASN string        // MMDB files of countries and owners; empty for none
	Internal     flow.Networks // the internal networks; nil for the private ones
	Memory       int64         // the most bytes of groups, values, addresses and rows; 0 for DefaultMemory
	Workers      int           // 0 for one a core
	Progress     func(rows, total int64)
}

// Result is the answer to a query.
type Result struct {
	*query.Table
	All      int                // rows of the result before its limit
	Flows    int64              // flows that the condition chose
	Rows     int64              // rows of the files
	Rejected []profile.Rejected // rows of the files that are not flows, of those read
	// Absent says which texts of the condition the days do not have, if it chose no flows.
	Absent []string
}

// Run answers a query about the flows of files.
func Run(ctx context.Context, sources []Source, q query.Query, o Options) (*Result, error) {
	if len(sources) == 0 {
		return nil, errors.New("no flow files")
	}
	sources = slices.Clone(sources)
	slices.SortStableFunc(sources, func(a, b Source) int { return strings.Compare(a.Date, b.Date) })
	paths := make([]string, len(sources))
	for i, s := range sources {
		paths[i] = s.Path
	}
	scanner, err := flowfile.NewScanner(paths)
	if err != nil {
		return nil, err
	}
	defer scanner.Close()
	r := &run{scanner: scanner, sources: sources, internal: o.Internal, memory: o.Memory, texts: newTexts()}
	if r.internal == nil {
		r.internal = flow.Private
	}
	if r.memory == 0 {
		r.memory = DefaultMemory()
	}
	if r.geo, err = geo.Open(o.Country, o.ASN); err != nil {
		return nil, err
	}
	defer r.geo.Close()
	if err := r.prepare(q, o); err != nil {
		return nil, err
	}
	var workers []*worker
	rejected, err := scanner.Scan(ctx, flowfile.ScanOptions{Workers: o.Workers, Filter: r.filter, Columns: r.needed(), Progress: o.Progress},
		func() flowfile.ScanWorker {
			w := r.newWorker()
			workers = append(workers, w)
			return w
		})
	if err != nil {
		return nil, err
	}
	for i, w := range workers[1:] {
		if err := workers[0].merge(w); err != nil {
			return nil, err
		}
		workers[i+1] = nil // its memory is free
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	var absent []string
	if workers[0].chosen == 0 && r.program != nil {
		if absent, err = r.absent(ctx, o); err != nil {
			return nil, err
		}
	}
	t, all, err := workers[0].result()
	if err != nil {
		return nil, err
	}
	return &Result{Table: t, All: all, Flows: workers[0].chosen, Rows: scanner.Rows(), Rejected: rejected, Absent: absent}, r.geo.Err()
}

// run is a query that is being answered.
type run struct {
	scanner  *flowfile.Scanner
	sources  []Source
	geo      *geo.Lookup
	internal flow.Networks
	memory   int64
	used     atomic.Int64 // of memory
	texts    *texts

	query   query.Query
	schema  query.Schema
	program *query.Program // nil for all rows
	filter  []int          // columns of the file that the program reads
	dates   []uint32       // codes of the dates of sources

	dictionaries [flowfile.NumColumns]query.Dictionary // of columns with codes
}

// prepare checks the query.
func (r *run) prepare(q query.Query, o Options) (err error) {
	r.schema = r.makeSchema(o)
	for i := range flowfile.NumColumns {
		if r.schema[i].Kind != query.Number {
			r.dictionaries[i] = r.scanner.Dictionary(i)
		}
	}
	if q.Where != "" {
		if r.program, err = query.Compile(q.Where, r.schema, r.internal); err != nil {
			return err
		}
		for _, i := range r.program.Columns {
			switch {
			case i < flowfile.NumColumns:
				r.filter = append(r.filter, i)
			case r.schema[i].Name == query.ColHour:
				r.filter = append(r.filter, flowfile.PlaceTime)
			}
		}
		slices.Sort(r.filter)
		r.filter = slices.Compact(r.filter)
	}
	if r.query, err = q.Check(r.schema); err != nil {
		return err
	}
	for _, s := range r.sources {
		r.dates = append(r.dates, r.texts.code(s.Date))
	}
	return nil
}

// use counts memory that a worker needs, and refuses more than there may be beside that of
// the dictionaries.
func (r *run) use(bytes int64) error {
	if r.used.Add(bytes)+r.scanner.DictionaryBytes() > r.memory {
		return fmt.Errorf("the query needs more than %s of memory; select fewer flows with a condition, group by fewer columns, or raise the limit with reportgen query --memory",
			humanize.Bytes(uint64(r.memory)))
	}
	return nil
}

// makeSchema returns the schema of flows, in which columns that these files or
// options do not have are marked.
func (r *run) makeSchema(o Options) query.Schema {
	missing := map[string]string{}
	mark := func(reason string, names ...string) {
		for _, name := range names {
			missing[name] = reason
		}
	}
	for i, name := range slices.Concat(flow.Columns, flow.OptionalColumns) {
		if !r.scanner.Has(i) {
			mark("the file does not have this optional column; import a log that has it", name)
		}
	}
	if !r.scanner.Has(flowfile.PlaceUpPackets) || !r.scanner.Has(flowfile.PlaceDownPackets) {
		mark("the file does not have the optional columns up_packets and down_packets", query.ColPackets)
	}
	if o.Country == "" {
		mark("missing database of countries; name one with --country FILE, or in a notebook with the input country", CountryColumns...)
	}
	if o.ASN == "" {
		mark("missing database of owners; name one with --asn FILE, or in a notebook with the input asn", OwnerColumns...)
	}
	if !slices.ContainsFunc(r.sources, func(s Source) bool { return s.Date != "" }) {
		mark("no file or folder has a date in its name, such as 2024-03-20.parquet", query.ColDate)
	}
	return Schema(missing)
}

// The columns of countries and owners, which are looked up in databases.
var (
	CountryColumns = []string{query.ColCountry, query.ColSrcCountry, query.ColDstCountry}
	OwnerColumns   = []string{query.ColOwner, query.ColSrcOwner, query.ColDstOwner}
)

// Schema returns the schema of flows. It is given the reasons why columns are missing.
func Schema(missing map[string]string) query.Schema {
	s := query.Flows()
	for i := range s {
		s[i].Missing = missing[s[i].Name]
	}
	for _, name := range CountryColumns {
		s[s.Index(name)].Alias = countryAlias
	}
	s[s.Index(query.ColService)].Alias = func(word string) (string, error) { return strings.ToLower(word), nil }
	return s
}

// countryAlias returns the name of a country by its code in capitals; other words
// are names.
func countryAlias(s string) (string, error) {
	if s == strings.ToUpper(s) {
		return geo.CountryName(s), nil
	}
	return s, nil
}
