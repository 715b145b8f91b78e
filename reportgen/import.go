package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/dayfiles"
	"github.com/flowbook/flowbook/reportgen/internal/ingest"
	"github.com/flowbook/flowbook/reportgen/internal/usage"
	"github.com/flowbook/flowbook/reportgen/internal/wholefile"
)

const importHelp = `Import reads the logs of other tools and writes flow files, which all other commands read.
It searches folders at any depth for files with the usual names of logs. It detects format
and compression (gzip, zstd, bzip2 or xz) from the content. The input - is standard input;
name its format with --from.

%s
The source is the side that opened a connection, the destination the one it contacted. If
each row of a log describes one direction (nfdump, silk, vpc, gcp, oci, eve-netflow, one-way
events in ecs, or any log with --one-way), import joins the two directions of a connection,
and the parts into which the exporter split a long one. TCP flags show which side opened a
connection. Without them, the side with the port of a service is the destination; if neither
has one, the side that sent first is the source.

Import reads flows of all IP protocols. It reports on stderr how many use neither TCP nor
UDP, which detections ignore, and how many rows cannot be read or do not describe a flow. It
writes nothing if more than 1 %% of the rows cannot be read, or if an unreadable row appears
to have more bytes than any other row. With --lenient, it writes the other rows, and the
report shows the loss.

Byte counts are those of the log. From Zeek's logs, import takes the bytes of the payload, or
with --bytes ip those of the IP packets; other tools count only the latter. Missing byte
counts become 0. If Zeek reports more payload than the packets held, import uses the bytes of
the packets. It reports both cases on stderr.

A log of one day is written to the file of -o. A log of several days is written to one file
per day (day-2024-04-19.parquet and so on for -o day.parquet); if one cannot be written, none
is. Tools log a connection when it ends, so the log of a day often begins with connections of
the previous day. With --day, import writes only the days that it names.

With --into, import adds to a folder of days (DIR/date=2024-04-19/*.parquet). It skips logs
that it imported there before. If a log has grown since then, even if it was rotated, import
reads only the new rows, so you can import current logs as often as you like. Flows that
overlapping logs have in common are added once. Connections that may continue in the next log are
kept in open.parquet until a later import has all of their rows, so import logs in order of time.

To read any other table, name its columns with --map NAME=COLUMN,…, where NAME is one of
%s.
Columns that already have these names need no --map, except the timestamp. If the table has no
down_bytes, map total_bytes. With --one-way, map neither.`

// newImportCommand returns reportgen import, which turns logs of other tools into flow files.
func newImportCommand() *cobra.Command {
	var opt importOptions
	cmd := &cobra.Command{
		Use:   "import [--from FORMAT] IN... (-o FILE | --into DIR)",
		Short: "Convert logs of other tools to flow files",
		Long:  fmt.Sprintf(importHelp, ingest.FormatList(), strings.ReplaceAll(strings.Join(ingest.MapKeys(), ", "), ", port,", ",\nport,")),
		Example: `  reportgen import --from zeek logs/2024-04-19 --day 2024-04-19 -o baseline.parquet
  reportgen import --into days --timezone Europe/Lisbon /var/log/zeek
  nfdump -R /var/cache/nfdump -N -o long | reportgen import --from nfdump - -o day.parquet
  reportgen import --from vpc --fields '${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${bytes} ${start} ${end}' flows.log -o day.parquet
  reportgen import --from csv flows.csv -o day.parquet --time ms \
      --map timestamp=Start,src_ip=SourceAddress,dst_ip=DestinationAddress,port=DestinationPort,proto=Protocol,up_bytes=Sent,down_bytes=Received`,
		Args: usage.AtLeastOne("IN"),
		RunE: opt.run,
	}
	flags := cmd.Flags()
	usage.Choice(cmd, &opt.from, "from", "`FORMAT` format of the logs (default: auto-detected)", ingest.Formats()...)
	flags.StringVarP(&opt.out, "output", "o", "", "`FILE` flow file to write")
	flags.StringVar(&opt.into, "into", "", "`DIR` folder of days to add to, as DIR/date=2024-04-19/*.parquet")
	flags.StringSliceVar(&opt.days, "day", nil, "`DATE` day to write, such as 2024-04-19 (repeatable; default: all)")
	flags.StringVar(&opt.timezone, "timezone", "UTC", "`ZONE` time zone in which days begin, such as Europe/Lisbon or Local")
	flags.StringVar(&opt.logTimezone, "log-timezone", "", "`ZONE` time zone of times in the log that do not name one (default: that of --timezone)")
	flags.StringVar(&opt.time, "time", "", "`LAYOUT` layout of times: s, ms, us or ns since 1970, or what the log would write for 2006-01-02 15:04:05, such as 02/01/06 15:04 (default: auto-detected)")
	flags.StringToStringVar(&opt.columns, "map", nil, "`NAME=COLUMN,...` columns of a CSV or Parquet file, such as src_ip=SourceAddress")
	flags.StringToStringVar(&opt.set, "set", nil, "`NAME=VALUE,...` values of columns that the log does not have, such as proto=tcp")
	flags.StringVar(&opt.fields, "fields", "", "`NAMES` columns of a text log without a header line, separated by spaces or commas")
	flags.StringVar(&opt.delimiter, "delimiter", "", "`CHARACTER` separator of the columns of a text log, or tab (default: auto-detected)")
	usage.Choice(cmd, &opt.bytes, "bytes", "`KIND` with --from zeek or pcap: what bytes are counted of, the payload (default) or IP packets", ingest.PayloadBytes, ingest.IPBytes)
	flags.BoolVar(&opt.lenient, "lenient", false, "write the flows even if too many rows cannot be read")
	flags.BoolVar(&opt.oneWay, "one-way", false, "each row describes one direction of a connection")
	// It fails only for a flag that does not exist.
	_ = cmd.RegisterFlagCompletionFunc("time", cobra.FixedCompletions([]string{"s", "ms", "us", "ns"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

type importOptions struct {
	from, out, into, timezone, logTimezone string
	time, fields, delimiter                string
	bytes                                  ingest.ByteKind
	days                                   []string
	columns, set                           map[string]string
	oneWay, lenient                        bool
}

// reading returns the flags as options of package ingest.
func (opt *importOptions) reading() (read ingest.Options, err error) {
	if read.Location, err = ingest.ParseZone(opt.timezone); err != nil {
		return read, fmt.Errorf("--timezone: %w", err)
	}
	if read.LogLocation, err = ingest.ParseZone(opt.logTimezone); err != nil {
		return read, fmt.Errorf("--log-timezone: %w", err)
	}
	for _, s := range opt.days {
		day, err := ingest.ParseDate(s)
		if err != nil {
			return read, fmt.Errorf("--day %w", err)
		}
		read.Days = append(read.Days, day)
	}
	read.Fields = ingest.SplitNames(opt.fields)
	if read.Delimiter, err = ingest.ParseDelimiter(opt.delimiter); err != nil {
		return read, fmt.Errorf("--delimiter %w", err)
	}
	read.Set, read.Now = opt.set, time.Now()
	read.Time, read.Map, read.OneWay, read.Bytes = opt.time, opt.columns, opt.oneWay, opt.bytes
	return read, nil
}

// format returns the format of the logs, detected unless --from names it.
func (opt *importOptions) format(c *console.Console, in []string, read ingest.Options) (format ingest.Format, err error) {
	if opt.from != "" {
		if format, err = ingest.Lookup(opt.from); err != nil {
			return format, fmt.Errorf("--from: %w", err)
		}
		return format, nil
	}
	if format, err = ingest.Detect(in, read); err == nil {
		c.Infof("format: %s", format.Name)
	}
	return format, err
}

func (opt *importOptions) run(cmd *cobra.Command, in []string) (err error) {
	ctx, c := cmd.Context(), consoleOf(cmd)
	if (opt.out == "") == (opt.into == "") {
		return errors.New("give either -o, the file to write, or --into, a folder of days")
	}
	if opt.into != "" && len(opt.days) > 0 {
		return errors.New("--day is for -o; --into takes all days of a log")
	}
	if opt.into != "" && slices.Contains(in, "-") {
		return errors.New("--into: standard input cannot be recognised when it comes again; give a file")
	}
	read, err := opt.reading()
	if err != nil {
		return err
	}
	format, err := opt.format(c, in, read)
	if err != nil {
		return err
	}
	read.Stdin = cmd.InOrStdin()
	logs := dayfiles.Import{Format: format, Reading: read, Lenient: opt.lenient, Console: c, Advice: dayfiles.Advice{
		Loss:     "describe the log with --time, --map or --from, or write the other flows with --lenient",
		ThinDay:  "choose the days to write with --day",
		Internal: "give them to detect with --internal",
	}}
	if opt.into == "" {
		if err := wholefile.CheckOutput(opt.out, wholefile.Parquet, in...); err != nil {
			return fmt.Errorf("-o: %w", err)
		}
		return logs.Write(ctx, in, opt.out)
	}
	if err := wholefile.CheckFolder(opt.into); err != nil {
		return fmt.Errorf("--into: %w", err)
	}
	folder, err := dayfiles.OpenFolder(opt.into)
	if err != nil {
		return fmt.Errorf("--into: %w", err)
	}
	defer folder.Close()
	return logs.AddTo(ctx, folder, in)
}
