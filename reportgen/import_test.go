package main

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

const zeekLog = `#separator \x20
#fields ts id.orig_h id.resp_h id.resp_p proto orig_bytes resp_bytes history
1713484799.99 10.0.0.1 192.0.2.1 443 tcp 1 2 -
1713484802.50 10.0.0.2 192.0.2.1 443 tcp 3 4 -
1713484801.25 10.0.0.1 192.0.2.2 53 udp 5 - -
1713484801.25 10.0.0.1 192.0.2.2 8 icmp 5 6 -
`

// importing runs reportgen import in an empty folder that holds conn.log, and
// returns the exit status, stderr, and the names of the files written.
func importing(t *testing.T, log string, args ...string) (status int, stderr string, written []string) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("conn.log", []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	status = run(t.Context(), append([]string{"import"}, args...), &out, &errs)
	if out.Len() > 0 {
		t.Errorf("stdout: %s", out.String())
	}
	files, err := filepath.Glob("*")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f != "conn.log" {
			written = append(written, f)
		}
	}
	return status, errs.String(), written
}

func TestImport(t *testing.T) {
	const head = "read 4 rows of 1 file\n"
	const rest = "counted unknown bytes as 0 in 1 row; first conn.log:5\n" +
		"read flows of other protocols (icmp 1), which detections do not use\n"
	for _, test := range []struct {
		name, args, stderr, written string
	}{
		{"several days", "--from zeek conn.log -o day.parquet", head + rest +
			"wrote 1 flow of 2024-04-18 to day-2024-04-18.parquet\nwrote 3 flows of 2024-04-19 to day-2024-04-19.parquet\n",
			"day-2024-04-18.parquet day-2024-04-19.parquet"},
		{"a day", "--from zeek conn.log -o day.parquet --day 2024-04-19", head +
			"left out 1 row: outside the chosen days; first conn.log:3: a flow of 2024-04-18\n" + rest +
			"wrote 3 flows of 2024-04-19 to day.parquet\n", "day.parquet"},
		{"days", "--from zeek conn.log -o day.parquet --day 2024-04-19,2024-04-18 --day 2024-04-01", head + rest +
			"wrote 1 flow of 2024-04-18 to day-2024-04-18.parquet\nwrote 3 flows of 2024-04-19 to day-2024-04-19.parquet\n",
			"day-2024-04-18.parquet day-2024-04-19.parquet"},
		{"local days", "--from zeek . -o day.parquet --timezone Europe/Lisbon", head + rest +
			"wrote 4 flows of 2024-04-19 to day.parquet\n", "day.parquet"},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, stderr, written := importing(t, zeekLog, strings.Fields(test.args)...)
			if status != exit.Done || stderr != test.stderr || strings.Join(written, " ") != test.written {
				t.Errorf("status %d, files %v, stderr\n%s", status, written, stderr)
			}
		})
	}
}

func TestImportRefuses(t *testing.T) {
	const arp = "#fields\tts\tid.orig_h\tid.resp_h\tid.resp_p\tproto\torig_bytes\tresp_bytes\n1\t::1\t::2\t0\tarp\t1\t2\n"
	for _, test := range []struct {
		name, log, args, want string
	}{
		{"no log", "Lorem ipsum\n", "--from zeek conn.log -o o.parquet", `conn.log: line 1: "Lorem ipsum": not the header`},
		{"no flow", arp, "--from zeek conn.log -o o.parquet", "no flows in the input: every row was left out; nothing was written"},
		{"no flow of the day", zeekLog, "--from zeek conn.log -o o.parquet --day 2024-04-20",
			"no flows of 2024-04-20: the input has flows from 2024-04-18 to 2024-04-19; nothing was written"},
		{"no such file", "", "--from zeek none.log -o o.parquet", "none.log"},
		{"format", "", "--from sflow conn.log -o o.parquet", `--from "sflow": want azure, binetflow, cef, cicflowmeter,`},
		{"no format", "Lorem ipsum\n", "conn.log -o o.parquet", "conn.log: the format cannot be detected; name it with --from"},
		{"no output", "", "conn.log --from zeek", "give either -o, the file to write, or --into"},
		{"no input", "", "--from zeek -o o.parquet", "missing argument IN; run reportgen import --help for the usage"},
		{"day", "", "--from zeek conn.log -o o.parquet --day 19.4.2024", `--day "19.4.2024": want a date such as 2024-04-21`},
		{"time zone", "", "--from zeek conn.log -o o.parquet --timezone Mars", "--timezone: unknown time zone Mars; give a name"},
		{"no folder to write to", zeekLog, "--from zeek conn.log -o none/o.parquet --day 2024-04-19", "none/o.parquet"},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, stderr, written := importing(t, test.log, strings.Fields(test.args)...)
			if status != exit.BadInput || len(written) > 0 || !strings.Contains(stderr, test.want) {
				t.Errorf("status %d, files %v, stderr\n%s", status, written, stderr)
			}
		})
	}
}

// TestImportThinDay: a day that consists of a few late connections is reported.
func TestImportThinDay(t *testing.T) {
	log := zeekLog + strings.Repeat("1713484803.00 10.0.0.2 192.0.2.1 443 tcp 3 4 -\n", 98)
	_, stderr, _ := importing(t, log, "--from", "zeek", "conn.log", "-o", "day.parquet")
	const want = "warning: 2024-04-18 has only 1 of 102 flows, probably connections that ended on another day; choose the days"
	if !strings.Contains(stderr, want) {
		t.Errorf("stderr does not say %q:\n%s", want, stderr)
	}
}

// TestImportScans reads an imported day back, whichever way its rows came in.
func TestImportScans(t *testing.T) {
	lines := strings.SplitAfter(zeekLog, "\n")
	lines[2], lines[5] = lines[5], lines[2]
	var files [][]byte
	for _, log := range []string{zeekLog, strings.Join(lines, "")} {
		if status, stderr, _ := importing(t, log, "--from", "zeek", ".", "-o", "day.parquet", "--day", "2024-04-19"); status != exit.Done {
			t.Fatal(stderr)
		}
		b, err := os.ReadFile("day.parquet")
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, b)
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("the order of the rows shows in the file")
	}
	want := []flow.Record{
		{Time: flow.Second + 25, Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("192.0.2.2"), Proto: flow.ICMP, Up: 5, Down: 6},
		{Time: flow.Second + 25, Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("192.0.2.2"), Proto: flow.UDP, Port: 53, Up: 5},
		{Time: 2*flow.Second + 50, Src: netip.MustParseAddr("10.0.0.2"), Dst: netip.MustParseAddr("192.0.2.1"), Proto: flow.TCP, Port: 443, Up: 3, Down: 4},
	}
	var got []flow.Record
	for r, err := range flowfile.Rows(t.Context(), "day.parquet", flowfile.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	if !slices.Equal(got, want) {
		t.Errorf("the file holds %v", got)
	}
}

// TestImportInterrupted leaves nothing behind.
func TestImportInterrupted(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("conn.log", []byte(zeekLog), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs bytes.Buffer
	if status := run(ctx, []string{"import", "--from", "zeek", "conn.log", "-o", "o.parquet"}, &out, &errs); status != exit.Interrupted {
		t.Errorf("status %d: %s", status, errs.String())
	}
	if _, err := os.Stat("o.parquet"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file was written: %v", err)
	}
}
