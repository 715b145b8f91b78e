package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	_ "time/tzdata" // --timezone must work on a machine without time zone files
	"unicode"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
	"github.com/flowbook/flowbook/reportgen/internal/dayfiles"
	"github.com/flowbook/flowbook/reportgen/internal/ingest"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

const importHelp = `Import reads the logs of other tools and writes them as flow files that every other
command takes. Folders are searched for logs by name, at any depth; gzip, zstd and bzip2
are told by content, and - is the standard input.

%s
Source is the side that opened a connection and destination the one that was contacted.
Where each row of a log tells one direction (nfdump, vpc, eve-netflow, such events in ecs,
--one-way), the two rows of a connection are joined. Rows that are neither TCP nor UDP, or cannot be read, are
left out and counted on stderr. Byte counts are those that the log gives: of the payload in
zeek (of its IP packets with --bytes ip), of the packets in the others. Where a log does not know them they count as 0, and
where Zeek claims more than the packets held, what they held. How often that was is told.

A log is written when connections end, so the first rows of a day's log began on the day
before. Logs of one day give the file named; logs of several give one file a day
(day.parquet becomes day-2024-04-19.parquet and so on), all of them or none. --day picks
days and leaves the flows of other days out.

Tables of any kind are read with --map, which names the column for %s.
Columns that are named so already need no naming, but for the time. total_bytes is for
tables without down_bytes; with --one-way there is neither.`

// newImportCommand is "reportgen import": logs of other tools to flow files.
func newImportCommand() *cobra.Command {
	var opt importOptions
	cmd := &cobra.Command{
		Use:   "import --from FORMAT IN... -o OUT.parquet",
		Short: "Turn logs of other tools into flow files",
		Long:  fmt.Sprintf(importHelp, importFormats(), strings.Join(ingest.MapKeys(), ", ")),
		Example: `  reportgen import --from zeek logs/2024-04-19 --day 2024-04-19 -o baseline.parquet
  reportgen import --from zeek conn.log.gz --timezone Europe/Lisbon -o day.parquet
  nfdump -R /var/cache/nfdump -N -o long | reportgen import --from nfdump - -o day.parquet
  reportgen import --from vpc --fields '${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${bytes} ${start} ${end}' flows.log -o day.parquet
  reportgen import --from csv flows.csv -o day.parquet --time ms \
      --map timestamp=Start,src_ip=SourceAddress,dst_ip=DestinationAddress,port=DestinationPort,proto=Protocol,up_bytes=Sent,down_bytes=Received`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			opt.stdin = cmd.InOrStdin()
			return runImport(cmd.Context(), args, opt, cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&opt.from, "from", "", "`format` of the logs: "+strings.Join(ingest.Formats(), ", "))
	flags.StringVarP(&opt.out, "output", "o", "", "flow `file` to write")
	flags.StringSliceVar(&opt.days, "day", nil, "`days` to take, such as 2024-04-19 (default all)")
	flags.StringVar(&opt.timezone, "timezone", "UTC", "time `zone` in which days begin, such as Europe/Lisbon or Local")
	flags.StringVar(&opt.logTimezone, "log-timezone", "", "time `zone` of times that a log tells without one (default that of --timezone)")
	flags.StringVar(&opt.time, "time", "", "how times are written: `s, ms, us or ns` since 1970, or 2006-01-02 15:04:05 in the log's form (default: told by their look)")
	flags.StringToStringVar(&opt.columns, "map", nil, "`columns` of a CSV or Parquet file, such as src_ip=SourceAddress,…")
	flags.StringVar(&opt.fields, "fields", "", "`names` of the columns of a text without a header line, between blanks or commas")
	flags.StringVar(&opt.delimiter, "delimiter", "", "`character` between the columns of a text, or tab (default: found out)")
	flags.StringVar(&opt.bytes, "bytes", "", "what bytes of a zeek log count: `payload or ip`, whole IP packets (default payload)")
	flags.BoolVar(&opt.oneWay, "one-way", false, "each row tells one direction of a connection")
	for name, values := range map[string][]string{
		"from": ingest.Formats(), "bytes": {string(ingest.PayloadBytes), string(ingest.IPBytes)}, "time": {"s", "ms", "us", "ns"},
	} {
		// It fails only for a flag that is not there.
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	return cmd
}

// importFormats lists the formats for people.
func importFormats() string {
	var b strings.Builder
	for _, name := range ingest.Formats() {
		if f, err := ingest.Lookup(name); err == nil {
			fmt.Fprintf(&b, "  %-12s %s\n", name, f.About)
		}
	}
	return b.String()
}

type importOptions struct {
	from, out, timezone, logTimezone string
	time, fields, delimiter, bytes   string
	days                             []string
	columns                          map[string]string
	oneWay                           bool
	stdin                            io.Reader
}

// reading turns the flags into what ingest takes.
func (opt importOptions) reading() (read ingest.Options, err error) {
	if read.Location, err = time.LoadLocation(opt.timezone); err != nil {
		return read, fmt.Errorf("--timezone: %w; give a name such as Europe/Lisbon", err)
	}
	if opt.logTimezone != "" {
		if read.LogLocation, err = time.LoadLocation(opt.logTimezone); err != nil {
			return read, fmt.Errorf("--log-timezone: %w; give a name such as Europe/Lisbon", err)
		}
	}
	for _, s := range opt.days {
		day, err := ingest.ParseDate(s)
		if err != nil {
			return read, fmt.Errorf("--day: %w", err)
		}
		read.Days = append(read.Days, day)
	}
	read.Fields = strings.FieldsFunc(opt.fields, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	switch d := opt.delimiter; {
	case d == "tab" || d == `\t`:
		read.Delimiter = '\t'
	case len(d) == 1 && !strings.ContainsAny(d, "\"\r\n"):
		read.Delimiter = d[0]
	case d != "":
		return read, fmt.Errorf("--delimiter %q is not one character; give one, or tab", d)
	}
	read.Time, read.Map, read.OneWay, read.Bytes = opt.time, opt.columns, opt.oneWay, ingest.ByteKind(opt.bytes)
	read.Stdin = opt.stdin
	return read, nil
}

func runImport(ctx context.Context, in []string, opt importOptions, stderr io.Writer) (err error) {
	if opt.from == "" || opt.out == "" {
		return errors.New("import needs --from, the format of the logs, and -o, the file to write")
	}
	format, err := ingest.Lookup(opt.from)
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	read, err := opt.reading()
	if err != nil {
		return err
	}
	if err := dayfiles.Check(opt.out); err != nil {
		return fmt.Errorf("-o: %w", err)
	}
	sorter := ingest.Sorter{Chosen: read.Days}
	defer func() { err = errors.Join(err, sorter.Close()) }()
	bar := importProgress(stderr, "reading", true)
	read.Progress = bar.show
	summary, err := readLogs(ctx, format, in, read, &sorter)
	bar.clear()
	if err != nil {
		return err
	}
	if _, err := summary.WriteTo(stderr); err != nil {
		return err
	}
	pairing, err := sorter.Pair(ctx)
	if err != nil {
		return err
	}
	if _, err := pairing.WriteTo(stderr); err != nil {
		return err
	}
	days := sorter.Days()
	if len(days) == 0 {
		return noFlows(summary, opt.days)
	}
	warnThinDays(stderr, days)
	bar = importProgress(stderr, "writing", false)
	files, err := dayfiles.Write(ctx, sorter.Sorted(), days, opt.out, bar.show)
	bar.clear()
	if err != nil {
		return err
	}
	for _, f := range files {
		fmt.Fprintf(stderr, "wrote %s %s of %s to %s\n",
			humanize.Comma(f.Day.Flows), english.PluralWord(int(f.Day.Flows), "flow", ""), f.Day.Date, f.Path)
	}
	return nil
}

// warnThinDays warns of days that have less than 1 % of the flows: usually
// connections that began before midnight, logged with the next day.
func warnThinDays(w io.Writer, days []ingest.DayCount) {
	var flows int64
	for _, day := range days {
		flows += day.Flows
	}
	for _, day := range days {
		if day.Flows*100 < flows {
			fmt.Fprintf(w, "warning: %s has only %s of %s flows, probably connections that ended on another day; choose the days to write with --day\n",
				day.Date, humanize.Comma(day.Flows), humanize.Comma(flows))
		}
	}
}

// importBar is a progress bar on a terminal, and nothing elsewhere.
type importBar struct {
	bar *progressbar.ProgressBar
}

// importProgress begins a bar of bytes or of flows.
func importProgress(stderr io.Writer, what string, bytes bool) importBar {
	f, ok := stderr.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return importBar{}
	}
	return importBar{progressbar.NewOptions64(-1,
		progressbar.OptionSetWriter(stderr),
		progressbar.OptionSetDescription(what),
		progressbar.OptionShowBytes(bytes),
		progressbar.OptionThrottle(100*time.Millisecond),
	)}
}

// show draws the bar. What cannot be drawn is no reason to stop an import.
func (b importBar) show(read, total int64) {
	if b.bar != nil {
		b.bar.ChangeMax64(total)
		_ = b.bar.Set64(read)
	}
}

func (b importBar) clear() {
	if b.bar != nil {
		_ = b.bar.Clear()
	}
}

// readLogs reads all flows into the sorter.
func readLogs(ctx context.Context, format ingest.Format, in []string, opt ingest.Options, to *ingest.Sorter) (_ ingest.Summary, err error) {
	r, err := ingest.Open(format, in, opt)
	if err != nil {
		return ingest.Summary{}, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for n := 0; ; n++ {
		if err := interrupted(ctx, n); err != nil {
			return ingest.Summary{}, err
		}
		f, err := r.Read()
		if errors.Is(err, io.EOF) {
			return r.Summary(), nil
		}
		if err != nil {
			return ingest.Summary{}, err
		}
		if err := to.Add(f); err != nil {
			return ingest.Summary{}, err
		}
	}
}

// interrupted asks the context once in many rows, which costs nothing.
func interrupted(ctx context.Context, row int) error {
	if row%(1<<14) != 0 {
		return nil
	}
	return ctx.Err()
}

func noFlows(s ingest.Summary, chosen []string) error {
	if len(s.Days) == 0 {
		return fmt.Errorf("no TCP or UDP flow in the input: nothing is written")
	}
	return fmt.Errorf("no flow of %s: the input holds flows from %s to %s; nothing is written",
		strings.Join(chosen, ", "), s.Days[0].Date, s.Days[len(s.Days)-1].Date)
}
