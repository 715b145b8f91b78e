package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // --timezone must work on a machine without time zone files

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
	"github.com/flowbook/flowbook/pkg/ingest"
	"github.com/flowbook/flowbook/pkg/scan"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

const importHelp = `Import reads the logs of other tools and writes them as flow files that every other
command takes. Folders are searched for logs by name, at any depth; gzip is told by content.

Source is the originator of a connection and destination the responder. Rows that are
neither TCP nor UDP, or cannot be read, are left out and counted on stderr. Byte counts
are those of the payload; where a log does not know them they count as 0, and where it
claims more than the packets held, what they held. How often that was is told.

A log is written when connections end, so the first rows of a day's log began on the day
before. Logs of one day give the file named; logs of several give one file a day
(day.parquet becomes day-2024-04-19.parquet and so on). --day picks days and leaves the
flows of other days out.`

// newImportCommand is "reportgen import": logs of other tools to flow files.
func newImportCommand() *cobra.Command {
	var opt importOptions
	cmd := &cobra.Command{
		Use:   "import --from FORMAT IN... -o OUT.parquet",
		Short: "Turn logs of other tools into flow files",
		Long:  importHelp,
		Example: `  reportgen import --from zeek logs/2024-04-19 --day 2024-04-19 -o baseline.parquet
  reportgen import --from zeek conn.log.gz --timezone Europe/Lisbon -o day.parquet`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runImport(cmd.Context(), args, opt, cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&opt.from, "from", "", "`format` of the logs: "+strings.Join(ingest.Formats(), ", "))
	flags.StringVarP(&opt.out, "output", "o", "", "flow `file` to write")
	flags.StringSliceVar(&opt.days, "day", nil, "`days` to take, such as 2024-04-19 (default all)")
	flags.StringVar(&opt.timezone, "timezone", "UTC", "time `zone` in which days begin, such as Europe/Lisbon or Local")
	return cmd
}

type importOptions struct {
	from, out, timezone string
	days                []string
}

func runImport(ctx context.Context, in []string, opt importOptions, stderr io.Writer) (err error) {
	if opt.from == "" || opt.out == "" {
		return errors.New("import needs --from, the format of the logs, and -o, the file to write")
	}
	format, err := ingest.Lookup(opt.from)
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	var read ingest.Options
	if read.Location, err = time.LoadLocation(opt.timezone); err != nil {
		return fmt.Errorf("--timezone: %w; give a name such as Europe/Lisbon", err)
	}
	for _, s := range opt.days {
		day, err := ingest.ParseDate(s)
		if err != nil {
			return fmt.Errorf("--day: %w", err)
		}
		read.Days = append(read.Days, day)
	}
	var sorter ingest.Sorter
	defer func() { err = errors.Join(err, sorter.Close()) }()
	bar := importProgress(stderr)
	read.Progress = bar.show
	summary, err := readLogs(ctx, format, in, read, &sorter)
	bar.clear()
	if err != nil {
		return err
	}
	if _, err := summary.WriteTo(stderr); err != nil {
		return err
	}
	days := chosenDays(summary, read.Days)
	if len(days) == 0 {
		return noFlows(summary, opt.days)
	}
	warnThinDays(stderr, days, summary.Flows)
	return writeDays(ctx, sorter.Sorted(), days, opt.out, stderr)
}

// importBar is a progress bar on a terminal, and nothing elsewhere.
type importBar struct {
	bar *progressbar.ProgressBar
}

func importProgress(stderr io.Writer) importBar {
	f, ok := stderr.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return importBar{}
	}
	return importBar{progressbar.NewOptions64(-1,
		progressbar.OptionSetWriter(stderr),
		progressbar.OptionSetDescription("reading"),
		progressbar.OptionShowBytes(true),
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

// chosenDays are the days that are written, in order.
func chosenDays(s ingest.Summary, chosen []ingest.Date) []ingest.DayCount {
	if len(chosen) == 0 {
		return s.Days
	}
	return slices.DeleteFunc(slices.Clone(s.Days), func(d ingest.DayCount) bool { return !slices.Contains(chosen, d.Date) })
}

func noFlows(s ingest.Summary, chosen []string) error {
	if len(s.Days) == 0 {
		return fmt.Errorf("no TCP or UDP flow in the input: nothing is written")
	}
	return fmt.Errorf("no flow of %s: the input holds flows from %s to %s; nothing is written",
		strings.Join(chosen, ", "), s.Days[0].Date, s.Days[len(s.Days)-1].Date)
}

// warnThinDays tells of days with under one in a hundred flows: most often
// not a day at all but the connections of a night that ended after midnight.
func warnThinDays(w io.Writer, days []ingest.DayCount, flows int64) {
	for _, day := range days {
		if day.Flows*100 < flows {
			fmt.Fprintf(w, "warning: %s has only %s of %s flows, likely connections that ended on another day; --day chooses the days to write\n",
				day.Date, humanize.Comma(day.Flows), humanize.Comma(flows))
		}
	}
}

// writeDays writes each day to a file. A file is there whole or not at all;
// days before one that failed stay.
func writeDays(ctx context.Context, flows iter.Seq2[ingest.Flow, error], days []ingest.DayCount, out string, stderr io.Writer) error {
	next, stop := iter.Pull2(flows)
	defer stop()
	for _, day := range days {
		path := out
		if len(days) > 1 {
			ext := filepath.Ext(out)
			path = strings.TrimSuffix(out, ext) + "-" + day.Date.String() + ext
		}
		if err := writeDay(ctx, next, day.Flows, path); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		fmt.Fprintf(stderr, "wrote %s %s of %s to %s\n",
			humanize.Comma(day.Flows), english.PluralWord(int(day.Flows), "flow", ""), day.Date, path)
	}
	return nil
}

// writeDay writes the next n flows to a file.
func writeDay(ctx context.Context, next func() (ingest.Flow, error, bool), n int64, path string) (err error) {
	w, err := scan.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Abort()) }()
	for i := range n {
		if err := interrupted(ctx, int(i)); err != nil {
			return err
		}
		f, err, ok := next()
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("only %d of %d flows came back from sorting", i, n)
		}
		if err := w.Write(f.Record); err != nil {
			return err
		}
	}
	return w.Close()
}
