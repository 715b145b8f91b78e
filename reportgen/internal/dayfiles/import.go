package dayfiles

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
	"github.com/flowbook/flowbook/reportgen/internal/ingest"
)

// Import is an import of logs. Its methods report on the console what became of the
// rows, and write nothing if too many of them cannot be read.
type Import struct {
	Format  ingest.Format
	Reading ingest.Options   // without Progress
	Lenient bool             // write the flows even if too many rows cannot be read
	Console *console.Console // for progress, counts and warnings
	Advice  Advice
}

// Advice says what a user can do about a message: its end, in words that depend on the
// program, such as the names of its flags.
type Advice struct {
	Loss     string // too many rows were lost
	ThinDay  string // a day has few flows
	Internal string // no source is in the private networks
}

// Write writes the flows of logs to one file a day: to path if there is one day, else
// to path with the date before its extension.
func (i Import) Write(ctx context.Context, logs []string, path string) (err error) {
	files, err := ingest.Files(i.Format, logs)
	if err != nil {
		return err
	}
	if i.Reading.Without, err = ingest.Copies(files); err != nil {
		return err
	}
	if n := len(i.Reading.Without); n > 0 {
		i.Console.Infof("skipped %s with the content of another one; first %s", english.Plural(n, "log", ""), i.Reading.Without[0])
	}
	sorter := ingest.Sorter{Chosen: i.Reading.Days}
	defer func() { err = errors.Join(err, sorter.Close()) }()
	summary, err := i.read(ctx, logs, &sorter)
	if err != nil {
		return err
	}
	if err := i.pair(ctx, &sorter); err != nil {
		return err
	}
	if len(sorter.Days()) == 0 {
		return noFlows(summary, i.Reading.Days)
	}
	if err := i.accept(summary.Loss()); err != nil {
		return err
	}
	i.warnExternal(&sorter)
	i.warnThinDays(sorter.Days())
	return i.write(&sorter, summary, func(o options) ([]dayFile, error) {
		return writeFiles(ctx, sorter.Sorted(), sorter.Days(), path, o)
	})
}

// AddTo adds the flows of the logs that a folder does not have yet.
func (i Import) AddTo(ctx context.Context, folder *Folder, logs []string) (err error) {
	fresh, known, err := i.fresh(folder, logs)
	if err != nil || len(fresh) == 0 {
		return err
	}
	i.Reading.Without, i.Reading.Known = known, map[string]ingest.KnownRows{}
	for _, l := range fresh {
		i.Reading.Known[l.Path] = ingest.KnownRows{Rows: l.Known, Cut: l.Cut}
		if l.Cut {
			i.Console.Warnf("%s: its row %s was being written when it was imported before, and is kept as it was read then", l.Path, humanize.Comma(l.Known))
		}
	}
	sorter := ingest.Sorter{Chosen: i.Reading.Days}
	defer func() { err = errors.Join(err, sorter.Close()) }()
	summary, err := i.read(ctx, logs, &sorter)
	if err != nil {
		return err
	}
	for k := range fresh {
		read := summary.Read[fresh[k].Path]
		fresh[k].Rows = read.Rows
		if read.CutOff { // the row is read when it is whole
			fresh[k].Start = fresh[k].Lines
		}
	}
	staged, err := folder.stage(fresh)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, staged.abort()) }()
	if err := staged.resume(ctx, &sorter); err != nil {
		return err
	}
	if err := i.pair(ctx, &sorter); err != nil {
		return err
	}
	if len(summary.Days) == 0 && summary.Loss().Rows > 0 {
		return noFlows(summary, i.Reading.Days)
	}
	if err := i.accept(summary.Loss()); err != nil {
		return err
	}
	if len(sorter.Days()) == 0 && sorter.Open() == nil {
		i.Console.Infof("no new flows in the input; nothing to add")
	}
	i.warnExternal(&sorter)
	return i.write(&sorter, summary, func(o options) ([]dayFile, error) {
		return staged.add(ctx, &sorter, o)
	})
}

// fresh returns the logs that the folder does not have yet, and those that it has.
func (i Import) fresh(folder *Folder, logs []string) (fresh []log, known []string, err error) {
	files, err := ingest.Files(i.Format, logs)
	if err != nil {
		return nil, nil, err
	}
	if fresh, known, err = folder.fresh(files); err != nil {
		return nil, nil, err
	}
	if len(known) > 0 {
		i.Console.Infof("skipped %s imported before; first %s", english.Plural(len(known), "log", ""), known[0])
	}
	return fresh, known, nil
}

// read reads all flows into the sorter and reports what became of the rows.
func (i Import) read(ctx context.Context, logs []string, to *ingest.Sorter) (ingest.Summary, error) {
	bar := i.Console.NewBar("reading", console.Bytes)
	opt := i.Reading
	opt.Progress = bar.Set
	summary, err := readAll(ctx, i.Format, logs, opt, to)
	bar.Close()
	if err != nil {
		return summary, err
	}
	_, err = summary.WriteTo(i.Console.Output())
	return summary, err
}

// pair joins the parts of connections and reports how.
func (i Import) pair(ctx context.Context, sorter *ingest.Sorter) error {
	pairing, err := sorter.Pair(ctx)
	if err != nil {
		return err
	}
	_, err = pairing.WriteTo(i.Console.Output())
	return err
}

// readAll reads all flows into the sorter.
func readAll(ctx context.Context, format ingest.Format, in []string, opt ingest.Options, to *ingest.Sorter) (_ ingest.Summary, err error) {
	r, err := ingest.Open(format, in, opt)
	if err != nil {
		return ingest.Summary{}, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for n := 0; ; n++ {
		if n%(1<<14) == 0 && ctx.Err() != nil {
			return ingest.Summary{}, ctx.Err()
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

// accept returns an error if too many rows were lost, or only warns if the import is
// lenient.
func (i Import) accept(loss ingest.Loss) error {
	err := loss.Err()
	if err != nil && !i.Lenient {
		return fmt.Errorf("%w; nothing was written; %s", err, i.Advice.Loss)
	}
	if err != nil {
		i.Console.Warnf("%v; written without them", err)
	}
	return nil
}

// write writes the sorted flows with a function, and reports the files.
func (i Import) write(sorter *ingest.Sorter, summary ingest.Summary, with func(options) ([]dayFile, error)) error {
	bar := i.Console.NewBar("writing", console.Count)
	opt := options{Detailed: sorter.Detailed(), Progress: bar.Set, Metadata: map[string]string{}}
	if text := summary.Loss().Metadata(); text != "" {
		opt.Metadata[flowfile.LossKey] = text
	}
	if n := summary.SamplingInterval(); n > 1 {
		opt.Metadata[flowfile.SamplingKey] = strconv.FormatUint(uint64(n), 10)
	}
	files, err := with(opt)
	bar.Close()
	if err != nil {
		return err
	}
	for _, f := range files {
		i.Console.Infof("wrote %s %s of %s to %s", humanize.Comma(f.Day.Flows), english.PluralWord(int(f.Day.Flows), "flow", ""), f.Day.Date, f.Path)
	}
	return nil
}

// noFlows is the error of logs without a flow of the chosen days. The summary, which is
// printed before, says why rows were left out.
func noFlows(s ingest.Summary, chosen []ingest.Date) error {
	if len(s.Days) == 0 {
		if s.Rows > 0 {
			return errors.New("no flows in the input: every row was left out; nothing was written")
		}
		return errors.New("no flows in the input; nothing was written")
	}
	var days []string
	for _, day := range chosen {
		days = append(days, day.String())
	}
	return fmt.Errorf("no flows of %s: the input has flows from %s to %s; nothing was written",
		strings.Join(days, ", "), s.Days[0].Date, s.Days[len(s.Days)-1].Date)
}

// warnExternal warns if no source of a flow is in the networks that detect takes
// for internal by default, since then it finds nothing.
func (i Import) warnExternal(sorter *ingest.Sorter) {
	internal, networks := sorter.SourceNetworks(3)
	if internal > 0 || len(networks) == 0 {
		return
	}
	i.Console.Warnf("no source address is in the private networks (%s); if these hosts are your own, their networks may be %s; %s",
		privateNetworks(), strings.Join(networks, ","), i.Advice.Internal)
}

func privateNetworks() string {
	var all []string
	for _, n := range flow.Private {
		all = append(all, n.String())
	}
	return strings.Join(all, ", ")
}

// warnThinDays warns of days that have less than 1 % of the flows: usually
// connections that began before midnight, logged with the next day.
func (i Import) warnThinDays(days []ingest.DayCount) {
	var flows int64
	for _, day := range days {
		flows += day.Flows
	}
	for _, day := range days {
		if day.Flows*100 < flows {
			i.Console.Warnf("%s has only %s of %s flows, probably connections that ended on another day; %s",
				day.Date, humanize.Comma(day.Flows), humanize.Comma(flows), i.Advice.ThinDay)
		}
	}
}
