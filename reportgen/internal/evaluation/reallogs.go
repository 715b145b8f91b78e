package evaluation

import (
	"cmp"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/reportgen/internal/ingest"
)

// realOutcome is how one labelled entity of a real log came out.
type realOutcome struct {
	data, what   string
	rule, entity string
	finding      *detect.Finding // nil where it was missed
	rank, of     int             // of the finding among all of its rule
	others       int             // further entities with a finding at medium or above, of any rule
	rita         string          // RITA's score of the pair and its rank, where the label is a pair
}

// measureLogs measures the detections on the labelled logs in a folder.
func measureLogs(ctx context.Context, dir string) ([]realOutcome, error) {
	var all []realOutcome
	for _, measure := range []func(context.Context, string) ([]realOutcome, error){realServer, realCommands, realTunnels, realBot} {
		outcomes, err := measure(ctx, dir)
		if err != nil {
			return nil, err
		}
		all = append(all, outcomes...)
	}
	return all, nil
}

// realDay reads the logs of one day. The day begins at the given offset from
// midnight UTC, so that a log of 24 hours is one day whenever it began.
func realDay(ctx context.Context, format, day string, offset time.Duration, paths ...string) (*profile.Profile, error) {
	f, err := ingest.Lookup(format)
	if err != nil {
		return nil, err
	}
	opt := ingest.Options{Location: time.FixedZone("", -int(offset/time.Second)), LogLocation: time.UTC}
	if day != "" {
		date, err := ingest.ParseDate(day)
		if err != nil {
			return nil, err
		}
		opt.Days = []ingest.Date{date}
	}
	r, err := ingest.Open(f, paths, opt)
	if err != nil {
		return nil, err
	}
	b := profile.NewBuilder()
	for n := 0; ; n++ {
		if n%(1<<14) == 0 && ctx.Err() != nil {
			return nil, errors.Join(ctx.Err(), r.Close())
		}
		f, err := r.Read()
		if errors.Is(err, io.EOF) {
			return b.Profile(), nil
		}
		if err != nil {
			return nil, errors.Join(err, r.Close())
		}
		b.Add(f.Record)
	}
}

// judge makes the outcome of one labelled entity.
func judge(in detect.Input, data, what, rule, entity string) realOutcome {
	o := realOutcome{data: data, what: what, rule: rule, entity: entity}
	others := map[string]bool{}
	var findings []detect.Finding
	for _, f := range detect.All(in).Findings {
		findings = append(findings, partsOf(f)...)
	}
	for _, f := range findings {
		if f.Severity.Alert() && f.Entity.String() != entity {
			others[f.Entity.String()] = true
		}
		if f.Rule != rule {
			continue
		}
		o.of++
		if f.Entity.String() == entity && o.finding == nil {
			o.finding, o.rank = &f, o.of
		}
	}
	o.others = len(others)
	return o
}

// withRITA adds RITA's score of a pair.
func (o realOutcome) withRITA(p *profile.Profile, src, dst string) realOutcome {
	scores := detect.RITAScores(p)
	for i, s := range scores {
		if s.Src.String() == src && s.Dst.String() == dst {
			o.rita = fmt.Sprintf("%.3f, %d of %d", s.RITA.Score, i+1, len(scores))
		}
	}
	return o
}

// realServer is three days of one public server. Its labelled client calls on
// all days.
func realServer(ctx context.Context, dir string) ([]realOutcome, error) {
	var days []*profile.Profile
	for _, day := range []string{"2024-04-19", "2024-04-20", "2024-04-21"} {
		p, err := realDay(ctx, "zeek", day, 0, filepath.Join(dir, "zeek", "missing-host", day))
		if err != nil {
			return nil, err
		}
		days = append(days, p)
	}
	const client, server = "73.54.23.243", "64.225.56.201"
	in := detect.Input{Baseline: days[0], Test: days[1], Servers: days[2]}
	o := judge(in, "zeek/missing-host", "beacon of an external client to a public server", detect.RuleExternalAutomation, client)
	return []realOutcome{o.withRITA(days[2], client, server)}, nil
}

// realCommands is the command channels of two malware families, each recorded
// for 24 hours in the same small network; each is the other's baseline.
func realCommands(ctx context.Context, dir string) ([]realOutcome, error) {
	comfoo, err := realDay(ctx, "zeek", "", 18*time.Hour+38*time.Minute, filepath.Join(dir, "zeek", "comfoo", "conn.log.gz"))
	if err != nil {
		return nil, err
	}
	taidoor, err := realDay(ctx, "zeek", "", 17*time.Hour+12*time.Minute, filepath.Join(dir, "zeek", "taidoor", "conn.log.gz"))
	if err != nil {
		return nil, err
	}
	const command = "command channel over HTTP"
	return []realOutcome{
		judge(detect.Input{Baseline: taidoor, Test: comfoo}, "zeek/comfoo", command, detect.RuleBeacon, "192.168.99.52").
			withRITA(comfoo, "192.168.99.52", "68.183.138.51"),
		judge(detect.Input{Baseline: comfoo, Test: taidoor}, "zeek/taidoor", command, detect.RuleBeacon, "192.168.99.51").
			withRITA(taidoor, "192.168.99.51", "104.248.234.238"),
	}, nil
}

// Normal DNS transactions are those of a single host that asks fast. To have a
// network to compare with, they are dealt to hosts in slices of time, one half
// of the slices to the baseline day and the other to the test day.
const (
	dnsSlices = 40
	dnsNormal = "normal"
)

// realTunnels is six DNS tunnels beside normal DNS.
func realTunnels(ctx context.Context, dir string) ([]realOutcome, error) {
	rows, err := readTransactions(filepath.Join(dir, "dns-tunnel", "flows_tx.csv.gz"))
	if err != nil {
		return nil, err
	}
	baseline, test := profile.NewBuilder(), profile.NewBuilder()
	normal := 0
	for _, r := range rows {
		if r.label == dnsNormal {
			normal++
		}
	}
	tunnels := map[string]netip.Addr{}
	seen := 0
	for _, r := range rows {
		if r.label == dnsNormal {
			slice := seen * dnsSlices / normal
			seen++
			r.Src = netip.AddrFrom4([4]byte{10, 0, 0, byte(1 + slice/2)})
			if slice%2 == 0 {
				baseline.Add(r.Record)
			} else {
				test.Add(r.Record)
			}
			continue
		}
		if _, ok := tunnels[r.label]; !ok {
			tunnels[r.label] = netip.AddrFrom4([4]byte{10, 0, 1, byte(1 + len(tunnels))})
		}
		r.Src = tunnels[r.label]
		test.Add(r.Record)
	}
	in := detect.Input{Baseline: baseline.Profile(), Test: test.Profile()}
	var outcomes []realOutcome
	for label, addr := range tunnels {
		o := judge(in, "dns-tunnel", label, detect.RuleDNSC2, addr.String())
		// The other five tunnels are no false alarms.
		for _, other := range tunnels {
			if other != addr && judge(in, "", "", detect.RuleDNSC2, other.String()).alert() {
				o.others--
			}
		}
		outcomes = append(outcomes, o)
	}
	slices.SortFunc(outcomes, func(a, b realOutcome) int { return cmp.Compare(a.what, b.what) })
	return outcomes, ctx.Err()
}

// transaction is one labelled DNS transaction.
type transaction struct {
	flow.Record
	label string
}

// readTransactions reads the labelled DNS transactions, in order of time.
func readTransactions(path string) (rows []transaction, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r := csv.NewReader(z)
	r.FieldsPerRecord = transactionColumns
	for {
		c, err := r.Read()
		if errors.Is(err, io.EOF) {
			slices.SortStableFunc(rows, func(a, b transaction) int {
				return cmp.Or(cmp.Compare(a.label, b.label), cmp.Compare(a.Time, b.Time))
			})
			return rows, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if line, _ := r.FieldPos(0); line > 1 {
			t, err := parseTransaction(c)
			if err != nil {
				return nil, fmt.Errorf("%s, line %d: %w", path, line, err)
			}
			rows = append(rows, t)
		}
	}
}

// transactionColumns is the number of columns of a labelled DNS transaction: ts,
// duration, src_ip, src_port, dst_ip, port, proto, up_bytes, down_bytes, packets
// in both directions, label.
const transactionColumns = 12

// parseTransaction reads a row of transactionColumns columns.
func parseTransaction(c []string) (transaction, error) {
	ts, err := strconv.ParseFloat(c[0], 64)
	if err == nil && !(ts >= 0 && ts < 1e12) {
		err = fmt.Errorf("not seconds since 1970: %s", c[0])
	}
	dst, err1 := netip.ParseAddr(c[4])
	up, err2 := strconv.ParseInt(c[7], 10, 64)
	down, err3 := strconv.ParseInt(c[8], 10, 64)
	if err := errors.Join(err, err1, err2, err3); err != nil {
		return transaction{}, err
	}
	const day = float64(24 * time.Hour / time.Second)
	return transaction{label: c[11], Record: flow.Record{Time: flow.Time((ts - day*float64(int64(ts/day))) * float64(flow.Second)),
		Dst: dst, Proto: flow.UDP, Port: 53, Up: up, Down: down}}, nil
}

// realBot is the recording of one infected machine, alone and without a normal
// day.
func realBot(ctx context.Context, dir string) ([]realOutcome, error) {
	p, err := realDay(ctx, "binetflow", "1970-01-01", 0, filepath.Join(dir, "binetflow", "test5-mixed.binetflow"))
	if err != nil {
		return nil, err
	}
	return []realOutcome{judge(detect.Input{Test: p}, "binetflow/test5", "infected machine, no baseline day", "any", "10.0.2.15")}, nil
}

func (o realOutcome) alert() bool { return o.finding != nil && o.finding.Severity.Alert() }

const realIntroduction = `
## Labelled real logs

Published logs, which are not part of this repository. The two command channels were recorded
in one small network, and each log is the other's baseline day. The normal DNS transactions of
dns-tunnel come from one busy host; they are divided by time among forty hosts, and half of them
are the baseline day. Others are further entities with a finding at medium or above; on the public
server most of them are real programs, such as password guessers. RITA's score and rank are those of
the labelled pair among all pairs of the day, by regularity alone. RITA itself uses the 24 hours
before the last row and counts the bytes of IP packets: there the pair of missing-host has 331
connections, a score of 0.963, and ranks 6th of 695.

`

// writeReal writes the table of the real logs as Markdown.
func writeReal(w io.Writer, outcomes []realOutcome) {
	fmt.Fprint(w, realIntroduction)
	t := markdownTable{head: []string{"log", "what", "rule", "entity", "outcome", "score", "rank", "others", "RITA"}}
	for _, o := range outcomes {
		row := []string{o.data, o.what, o.rule, o.entity, "missed", "-", "-", fmt.Sprint(o.others), cmp.Or(o.rita, "-")}
		if o.finding != nil {
			row[4], row[5] = string(o.finding.Severity), fmt.Sprintf("%.3f", o.finding.Score)
			row[6] = fmt.Sprintf("%d of %d", o.rank, o.of)
		}
		t.add(row...)
	}
	t.write(w)
}
