package sentinel

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"

	"github.com/flowbook/flowbook/pkg/chart/png"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/days"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
	"github.com/flowbook/flowbook/reportgen/internal/wholefile"
)

// reportFile is the file that -o writes.
const reportFile = "sentinel.md"

// Help is the help text of the command line that [Main] reads.
const Help = `usage: reportgen sentinel [-h] --data DATA -gi GI -gin GIN [-dx DATAEXFILTRATION] [-bn [BOTNET]]
                          [-cv] [-td] [-q] [-o] [--resolve] [--baseline FILE] [--internal CIDR,...]

Traffic analysis tool. It computes only what -cv, -td, -dx and -bn select.

  -h, --help            show this help message and exit
  --data DATA           Path to datafile to analyze, in Parquet
  -gi GI                Geolocation IP database: a legacy GeoIP.dat or an MMDB of countries
  -gin GIN              Geolocation IP database with owners: a legacy GeoIPASNum.dat or an MMDB
                        of autonomous systems
  -dx DATAEXFILTRATION, --dataExfiltration DATAEXFILTRATION
                        Threshold percentage for outliers in upload/download byte amount.
                        Example '-dx 90' will return the top 10%
  -bn [BOTNET], --botnet [BOTNET]
                        Detecting possible botnet communication in specified networks, or all
                        networks. Example '-bn 192.168.104.0/24' will search P2P communication
                        within that network, '-bn' within all subnets found
  -cv, --countryVolume  Measures the connection volume per country; writes connectionsxcountry.png
  -td, --trafficDistribution
                        Generates a graph illustrating the hourly distribution of the volume of
                        connections during a day; writes connectionsxhour.png
  -q, --quiet           Suppress stdout
  -o, --outfileMd       Export to markdown file; writes sentinel.md

Beyond what Sentinel has:

  --resolve             look up the reverse names of the hosts in sentinel.md (queries name servers)
  --baseline FILE       a normal day, in Parquet, to compare the results of -dx and -bn with
  --internal CIDR,...   the organisation's networks (default RFC 1918 and ULA)
  --log-format FORMAT   messages on stderr as text or json

Files are written to the current folder. All options may begin with one dash or two.
`

// Main runs a command line of the Sentinel tool: it analyses a day, prints the
// results and writes files to the current folder. Options are long names after a
// single dash, which package flag supports and cobra does not. The error is
// [flag.ErrHelp] if the arguments ask for help.
func Main(ctx context.Context, args []string, stdout io.Writer, c *console.Console) error {
	o, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return err
	}
	if err != nil {
		return fmt.Errorf("sentinel: %w; reportgen sentinel -h lists the options", err)
	}
	return o.run(ctx, stdout, c)
}

type options struct {
	Options
	data, country, owner string
	baseline             string
	quiet, report        bool
}

// parse reads a command line of the Sentinel tool.
func parse(args []string) (*options, error) {
	var o options
	f := flag.NewFlagSet("sentinel", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&o.data, "data", "", "")
	f.StringVar(&o.country, "gi", "", "")
	f.StringVar(&o.owner, "gin", "", "")
	f.StringVar(&o.baseline, "baseline", "", "")
	f.String("log-format", "", "") // run has read it
	resolve := f.Bool("resolve", false, "")
	f.Func("internal", "", func(s string) (err error) {
		o.Internal, err = flow.ParseNetworks(s)
		return err
	})
	for _, name := range []string{"dx", "dataExfiltration"} {
		f.Func(name, "", o.setPercentile)
	}
	for _, name := range []string{"bn", "botnet"} {
		f.Func(name, "", o.setBotnet)
	}
	for _, b := range []struct {
		value *bool
		names [2]string
	}{
		{&o.Country, [2]string{"cv", "countryVolume"}}, {&o.Distribution, [2]string{"td", "trafficDistribution"}},
		{&o.quiet, [2]string{"q", "quiet"}}, {&o.report, [2]string{"o", "outfileMd"}},
	} {
		for _, name := range b.names {
			f.BoolVar(b.value, name, false, "")
		}
	}
	if err := f.Parse(joinBotnet(args)); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if *resolve {
		o.Resolver = net.DefaultResolver
		if !o.report {
			return nil, errors.New("--resolve applies to the report; add -o")
		}
	}
	var missing []string
	for _, required := range []struct{ name, value string }{{"--data", o.data}, {"-gi", o.country}, {"-gin", o.owner}} {
		if required.value == "" {
			missing = append(missing, required.name)
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("the following arguments are required: %s", strings.Join(missing, ", "))
	}
	return &o, nil
}

// allSubnets is the value of -bn without networks.
const allSubnets = "true"

// joinBotnet joins -bn and its value to one argument. It adds allSubnets if the value is
// missing, since values are not optional in package flag.
func joinBotnet(args []string) []string {
	var joined []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-") {
		case "bn", "botnet":
			switch {
			case !strings.HasPrefix(arg, "-"):
			case i+1 < len(args) && !strings.HasPrefix(args[i+1], "-"):
				i++
				arg += "=" + args[i]
			default:
				arg += "=" + allSubnets
			}
		}
		joined = append(joined, arg)
	}
	return joined
}

func (o *options) setPercentile(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 100 {
		return errors.New("not a whole number from 0 to 100")
	}
	o.Exfiltration, o.Percentile = true, n
	return nil
}

// setBotnet takes networks, or allSubnets.
func (o *options) setBotnet(s string) error {
	o.Botnet = true
	if s == allSubnets {
		return nil
	}
	networks, err := flow.ParseNetworks(s)
	if err != nil {
		return err
	}
	o.Networks = append(o.Networks, networks...)
	return nil
}

// run analyses the day, prints what it finds and writes its files.
func (o *options) run(ctx context.Context, stdout io.Writer, c *console.Console) (err error) {
	day := Day{Rows: flowfile.Rows(ctx, o.data, flowfile.Filter{})}
	if day.Profile, _, err = flowfile.CachedProfile(ctx, o.data, flowfile.Options{CacheFailed: days.WarnCache(c)}); err != nil {
		return fmt.Errorf("--data: %w", err)
	}
	days.WarnRejected(c, day.Profile)
	if o.baseline != "" {
		if o.Baseline, err = days.Open(ctx, o.baseline, c); err != nil {
			return fmt.Errorf("--baseline: %w", err)
		}
	}
	lookup, err := OpenGeo(o.country, o.owner, day.Profile)
	if err != nil {
		return fmt.Errorf("-gi, -gin: %w", err)
	}
	defer func() { err = errors.Join(err, lookup.Close()) }()
	if !o.Country && !o.Distribution && !o.Exfiltration && !o.Botnet {
		c.Warnf("no measure was asked for; add -cv, -td, -dx N or -bn")
	}
	a, err := Analyze(ctx, day, lookup, o.Options)
	if err != nil {
		return fmt.Errorf("%s: %w", o.data, err)
	}
	if !o.quiet {
		if err := a.WriteText(stdout); err != nil {
			return err
		}
	}
	return o.write(ctx, a, c)
}

// write writes the charts and the report to the current folder.
func (o *options) write(ctx context.Context, a *Analysis, c *console.Console) error {
	for _, chart := range a.figures() {
		image, err := png.Encode(chart.Figure)
		if err != nil {
			return fmt.Errorf("%s: %w", chart.Name, err)
		}
		err = wholefile.Write(chart.Name, 0o666, func(w io.Writer) error {
			_, err := w.Write(image)
			return err
		})
		if err != nil {
			return err
		}
		c.Infof("wrote %s", chart.Name)
	}
	if !o.report {
		return nil
	}
	if err := wholefile.Write(reportFile, 0o666, func(w io.Writer) error { return a.writeMarkdown(ctx, w) }); err != nil {
		return err
	}
	c.Infof("wrote %s", reportFile)
	return nil
}
