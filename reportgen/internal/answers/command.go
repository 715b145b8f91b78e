package answers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/query"
	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/days"
	"github.com/flowbook/flowbook/reportgen/internal/engine"
	"github.com/flowbook/flowbook/reportgen/internal/engines"
	"github.com/flowbook/flowbook/reportgen/internal/usage"
	"github.com/flowbook/flowbook/reportgen/internal/wholefile"
)

const queryHelp = `Query answers a question about the flows of one or more days. A day is a Parquet flow file;
a folder of days (date=2024-03-20/*.parquet or 2024-03-20.parquet) stands for all its days.

--where selects flows:
  src_ip in 192.168.100.0/24 and not dst_ip in internal
  port = 443 and up_bytes > 1MB and timestamp between 10:30 and 11:00
  proto = udp and (port in (53, 853) or name like '%.example.com')
Addresses, networks, times (10:30, or 2024-03-20 10:30 of one day), durations (90m),
sizes (1MB, 1MiB), numbers (10k) and single words need no quotes. ip stands for src_ip or
dst_ip. A comparison with an unknown value is never true; "is unknown" tests for one.

--by, --every and the aggregates make groups; without them, the flows are listed.
Aggregates are exact. Their columns are named after what they are computed from: flows
for --count, up_bytes for --sum up_bytes, max_up_bytes, p95_up_bytes and so on.

Columns: timestamp, src_ip, dst_ip, proto, port, up_bytes, down_bytes; if the log has them,
duration, src_port, up_packets, down_packets, state, name; and derived
  date         day in the name of the file or folder; if there is none, the name of the file
  hour         0 to 23
  bytes        up_bytes + down_bytes; packets likewise
  service      name of the port, such as https, dns or tcp/50001
  internal     whether both ends are internal (--internal, default: private addresses)
  direction    out, in, internal or external
  country      location of the external end, with --country; also src_country and dst_country
  owner        organisation of the external end, with --asn; also src_owner and dst_owner

With --engine, a ClickHouse server answers the query and sends only the result. It does not
look up countries and owners.`

// NewCommand returns reportgen query, which answers questions about flows.
func NewCommand() *cobra.Command {
	opt := queryOptions{format: formats[0]}
	c := &cobra.Command{
		Use:   "query DAY...",
		Short: "Filter, group and sum the flows of days",
		Long:  queryHelp,
		Example: `  reportgen query day.parquet --where "port = 443 and up_bytes > 1MB" --by src_ip --sum up_bytes --top 20
  reportgen query days --where "not internal" --by date,country --country country.mmdb --count --format csv
  reportgen query day.parquet --where "src_ip = 192.168.100.35" --every 5m --sum up_bytes,down_bytes
  reportgen query --engine clickhouse://reader@db.example/logs?table=flows --day 2024-04-20 --by src_ip --sum up_bytes --top 20`,
		RunE: opt.run,
	}
	f := c.Flags()
	f.StringVarP(&opt.query.Where, "where", "w", "", "`CONDITION` condition that flows must meet")
	f.StringSliceVar(&opt.query.By, "by", nil, "`COLUMN,...` group by the values of columns")
	f.Var(usage.NewDuration(&opt.query.Every, 0), "every", "`DURATION` group by time buckets of this length, such as 5m")
	aggregate := func(of query.Func, usage string) {
		f.Var(&aggregateValue{&opt.query, of}, string(of), "`COLUMN,...` "+usage)
	}
	f.Var(&aggregateValue{&opt.query, query.Count}, string(query.Count), "add the number of flows")
	f.Lookup(string(query.Count)).NoOptDefVal = "true"
	aggregate(query.Sum, "sum of a column")
	aggregate(query.Mean, "mean of a column")
	aggregate(query.Min, "least value of a column")
	aggregate(query.Max, "greatest value of a column")
	aggregate(query.Quantile, "quantile of a column, such as up_bytes:0.95 (default: 0.5)")
	aggregate(query.Distinct, "number of different values of a column")
	aggregate(query.First, "value of a column in the earliest flow")
	aggregate(query.Last, "value of a column in the latest flow")
	f.StringSliceVar(&opt.query.Columns, "columns", nil, "`COLUMN,...` columns of the flows that are listed (default: those of the file)")
	f.StringSliceVar(&opt.order, "order", nil, "`COLUMN,...` order of the result; \"COLUMN desc\" for the largest first")
	f.IntVar(&opt.top, "top", 0, "`N` only the N groups whose first aggregate is largest")
	f.IntVar(&opt.limit, "limit", 0, "`N` only the first N rows; 0 for all (default: all groups, or 1000 flows)")
	f.StringVar(&opt.options.Country, "country", "", "`FILE` MMDB of countries")
	f.StringVar(&opt.options.ASN, "asn", "", "`FILE` MMDB of owners (autonomous systems)")
	f.StringVar(&opt.internal, "internal", "", "`CIDR,...` networks of the organisation (default: private addresses)")
	f.StringVar(&opt.memory, "memory", "", "`SIZE` memory limit of groups and rows (default: 4GB, or half of what the process may use)")
	usage.Choice(c, &opt.format, "format", "`FORMAT` output format (encoded is for notebooks)", formats...)
	f.StringVarP(&opt.output, "output", "o", "", "`FILE` write the result to this file")
	f.StringVar(&opt.from, "query", "", "`FILE` read the query as JSON, as package query writes it; - for standard input")
	opt.server.AddFlags(f, "let a database answer", "--engine")
	f.TimeVar(&opt.day, "day", time.Time{}, []string{time.DateOnly}, "`DATE` with --engine: only the flows of this day, in UTC")
	complete := func(words []string, flags ...string) {
		for _, name := range flags {
			// It fails only for a flag that does not exist.
			_ = c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
		}
	}
	complete(query.Flows().Names(), "by", "columns", string(query.Sum), string(query.Mean), string(query.Min), string(query.Max),
		string(query.Quantile), string(query.Distinct), string(query.First), string(query.Last))
	return c
}

// defaultFlows is how many flows are listed unless --limit says otherwise.
const defaultFlows = 1000

type queryOptions struct {
	query          query.Query
	order          []string
	top, limit     int
	internal       string
	memory         string
	format, output string
	from           string
	options        engine.Options
	server         engines.Server
	day            time.Time
}

// aggregateValue is a flag that adds aggregates to a query, so that these are in the
// order of the flags.
type aggregateValue struct {
	query *query.Query
	of    query.Func
}

func (v *aggregateValue) String() string { return "" }

func (v *aggregateValue) Type() string {
	if v.of == query.Count {
		return "bool"
	}
	return "string"
}

func (v *aggregateValue) Set(s string) error {
	for column := range strings.SplitSeq(s, ",") {
		a := query.Aggregate{Func: v.of, Column: column}
		switch v.of {
		case query.Count:
			a.Column = ""
		case query.Quantile:
			name, q, found := strings.Cut(column, ":")
			a.Column, a.Quantile = name, 0.5
			if found {
				var err error
				if a.Quantile, err = strconv.ParseFloat(q, 64); err != nil {
					return fmt.Errorf("%q is not a quantile; write it as %s:0.95", q, name)
				}
			}
		}
		v.query.Aggregates = append(v.query.Aggregates, a)
	}
	return nil
}

func (opt *queryOptions) run(cmd *cobra.Command, names []string) error {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(-1)) // which complete lowers
	if err := opt.complete(cmd); err != nil {
		return err
	}
	if err := opt.checkOutput(names); err != nil {
		return err
	}
	r, err := untilDone(cmd.Context(), func() (*engine.Result, error) { return opt.answer(cmd, names) })
	if cmd.Context().Err() != nil {
		return errInterrupted
	}
	if err != nil {
		if e := (*query.Error)(nil); errors.As(err, &e) && opt.from == "" {
			return fmt.Errorf("--where: %w", err)
		}
		return err
	}
	c := console.FromContext(cmd.Context())
	days.WarnRejected(c, &profile.Profile{Rejected: r.Rejected, Sources: []profile.Source{{Rows: r.Rows}}})
	if r.Flows == 0 {
		c.Infof("no flows: %s", noFlows(opt.query.Where, r.Absent))
	} else if r.Len() < r.All && opt.top == 0 && opt.from == "" {
		c.Infof("the first %s of %s rows; --limit 0 writes all", humanize.Comma(int64(r.Len())), humanize.Comma(int64(r.All)))
	}
	if opt.output != "" {
		return wholefile.Write(opt.output, 0o666, func(w io.Writer) error { return write(whileRunning{cmd.Context(), w}, r.Table, opt.format) })
	}
	return write(whileRunning{cmd.Context(), cmd.OutOrStdout()}, r.Table, opt.format)
}

var errInterrupted = errors.New("interrupted")

// untilDone returns what f does, or when the context is done: millions of rows are merged and ordered for seconds. The
// program then ends, and f with it.
func untilDone[T any](ctx context.Context, f func() (T, error)) (result T, err error) {
	done := make(chan struct{})
	var of T
	var failed error
	go func() {
		defer close(done)
		of, failed = f()
	}()
	select {
	case <-done:
		return of, failed
	case <-ctx.Done():
		return result, ctx.Err()
	}
}

// whileRunning is a writer that fails when its context is done.
type whileRunning struct {
	ctx context.Context
	w   io.Writer
}

func (w whileRunning) Write(p []byte) (int, error) {
	if w.ctx.Err() != nil {
		return 0, errInterrupted
	}
	return w.w.Write(p)
}

// checkOutput returns an error if the result would replace a file that a query did not write.
func (opt *queryOptions) checkOutput(names []string) error {
	if opt.output == "" {
		return nil
	}
	kind := wholefile.Text
	if opt.format == "parquet" {
		kind = wholefile.Parquet
	}
	if err := wholefile.CheckOutput(opt.output, kind, names...); err != nil {
		return fmt.Errorf("-o: %w", err)
	}
	return nil
}

// answer answers the query from the named days, or lets a database do so.
func (opt *queryOptions) answer(cmd *cobra.Command, names []string) (*engine.Result, error) {
	switch {
	case opt.server.Given() && len(names) > 0:
		return nil, fmt.Errorf("%s: --engine reads no files; name a day in the database with --day", names[0])
	case opt.server.Given() && opt.options.Country+opt.options.ASN != "":
		return nil, errors.New("--country, --asn: the database does not look up addresses; leave them out")
	case opt.server.Given():
		return opt.server.Answer(cmd.Context(), opt.query, opt.day, opt.options.Internal, opt.options.Memory)
	case !opt.day.IsZero():
		return nil, errors.New("--day names a day in a database, with --engine; name the file of the day")
	}
	if err := opt.server.Check(); err != nil {
		return nil, err
	}
	if err := usage.AtLeastOne("DAY")(cmd, names); err != nil {
		return nil, err
	}
	files, err := days.FlowFiles(names)
	if err != nil {
		return nil, err
	}
	var sources []engine.Source
	for _, f := range files {
		sources = append(sources, engine.Source(f))
	}
	bar := console.FromContext(cmd.Context()).NewBar("flows", console.Count)
	defer bar.Close()
	opt.options.Progress = bar.Set
	return engine.Run(cmd.Context(), sources, opt.query, opt.options)
}

// noFlows says why a query chose no flows: values that the days do not have, if there are some.
func noFlows(where string, absent []string) string {
	switch {
	case where == "":
		return "the days are empty"
	case len(absent) > 0:
		return strings.Join(absent, "; ")
	}
	return "no flow of the days meets the condition"
}

// complete reads what flags say beyond the query itself.
func (opt *queryOptions) complete(cmd *cobra.Command) (err error) {
	if opt.internal != "" {
		if opt.options.Internal, err = flow.ParseNetworks(opt.internal); err != nil {
			return fmt.Errorf("--internal: %w", err)
		}
	}
	bytes := uint64(engine.DefaultMemory())
	if cmd.Flags().Changed("memory") {
		if bytes, err = humanize.ParseBytes(opt.memory); err != nil || bytes == 0 || bytes > 1<<50 {
			return fmt.Errorf("--memory %s: is not a size, such as 4GB", opt.memory)
		}
	}
	opt.options.Memory = int64(bytes)
	// Near the limit, collect garbage instead of growing to twice what is in use.
	debug.SetMemoryLimit(min(debug.SetMemoryLimit(-1), int64(bytes)+int64(bytes)/4))
	if opt.from != "" {
		for _, name := range []string{"where", "by", "every", "count", "sum", "mean", "min", "max", "quantile", "distinct", "first", "last", "columns", "order", "top", "limit"} {
			if cmd.Flags().Changed(name) {
				return fmt.Errorf("--%s: part of a query; write it into the file of --query", name)
			}
		}
		return opt.readQuery(cmd.InOrStdin())
	}
	for _, o := range opt.order {
		order, err := query.ParseOrder(o)
		if err != nil {
			return err
		}
		opt.query.Order = append(opt.query.Order, order)
	}
	if cmd.Flags().Changed("every") && opt.query.Every <= 0 {
		return fmt.Errorf("--every %s: must be above 0, such as 5m", opt.query.Every)
	}
	switch {
	case cmd.Flags().Changed("limit"):
		opt.query.Limit = opt.limit
	case !opt.query.Groups():
		opt.query.Limit = defaultFlows
	}
	if cmd.Flags().Changed("top") {
		switch {
		case opt.top <= 0:
			return fmt.Errorf("--top %d: give the number of groups to show", opt.top)
		case !opt.query.Groups():
			return errors.New("--top: there are no groups; add --by, or use --limit and --order for flows")
		case len(opt.order) > 0:
			return errors.New("--top and --order: --top orders by the first aggregate; use --limit with --order")
		}
		opt.query.Top(opt.top)
	}
	return nil
}

// readQuery reads the query from a file.
func (opt *queryOptions) readQuery(stdin io.Reader) error {
	in := stdin
	if opt.from != "-" {
		f, err := os.Open(opt.from)
		if err != nil {
			return fmt.Errorf("--query: %w", err)
		}
		defer f.Close()
		in = f
	}
	d := json.NewDecoder(in)
	d.DisallowUnknownFields()
	opt.query = query.Query{}
	if err := d.Decode(&opt.query); err != nil {
		return fmt.Errorf("--query %s: not a query in JSON: %w", opt.from, err)
	}
	return nil
}
