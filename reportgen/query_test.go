package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
	"github.com/flowbook/flowbook/reportgen/internal/kernel"
	"github.com/flowbook/flowbook/reportgen/internal/kerneltest"
)

// TestQuery: the formats hold the same rows, files and folders of days are one source,
// and sums are those of profiles.
func TestQuery(t *testing.T) {
	day := testenv.Path(t, "testdata", "test.parquet")
	p, err := flowfile.Profile(t.Context(), day, flowfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	sums := mustRun(t, "query", day, "--by", "src_ip", "--count", "--sum", "up_bytes", "--sum", "down_bytes", "--format", "csv")
	rows, err := csv.NewReader(strings.NewReader(sums)).ReadAll()
	if err != nil || len(rows) != len(p.Hosts)+1 {
		t.Fatalf("%d rows of %d hosts: %v", len(rows), len(p.Hosts), err)
	}
	for i, row := range rows[1:] {
		total := p.Hosts[i].Total()
		if want := strings.Join([]string{p.Hosts[i].Addr.String(), strconv.FormatInt(total.Flows, 10), strconv.FormatInt(total.Up, 10), strconv.FormatInt(total.Down, 10)}, " "); strings.Join(row, " ") != want {
			t.Errorf("%v, the profile has %s", row, want)
		}
	}
	json := mustRun(t, "query", day, "--by", "src_ip", "--count", "--sum", "up_bytes", "--top", "2", "--format", "json")
	if lines := strings.Split(strings.TrimSpace(json), "\n"); len(lines) != 2 || !strings.HasPrefix(lines[0], `{"src_ip":"`) || !strings.Contains(lines[0], `,"flows":`) {
		t.Errorf("JSON lines: %s", json)
	}
	out := filepath.Join(t.TempDir(), "again.parquet")
	mustRun(t, "query", day, "--where", "src_ip = 192.168.100.35", "--limit", "0", "--format", "parquet", "-o", out)
	if a, b := mustRun(t, "query", out, "--by", "dst_ip,port"), mustRun(t, "query", day, "--where", "src_ip = 192.168.100.35", "--by", "dst_ip,port"); a != b {
		t.Error("the flows that were written to Parquet are others than those read")
	}
	days := mustRun(t, "query", testenv.Path(t, "testdata", "fortnight"), "--by", "date", "--format", "csv")
	if lines := strings.Split(strings.TrimSpace(days), "\n"); len(lines) != 15 || !strings.HasPrefix(lines[1], "2024-03-08,") {
		t.Errorf("a folder of 14 days: %s", days)
	}
}

// TestQueryErrors: bad input is an error with status 2 that says where and what there
// is; an empty result is not an error.
func TestQueryErrors(t *testing.T) {
	day := testenv.Path(t, "testdata", "test.parquet")
	for want, args := range map[string][]string{
		"reportgen: --where: unknown column \"prot\"; did you mean proto or port?\n  | prot = udp\n  | ^^^^\n":                                                                                    {"--where", "prot = udp"},
		"reportgen: --where: the expression ends too early; expected a column or a value\n  | port = 443 and\n  |               ^\n":                                                              {"--where", "port = 443 and"},
		"reportgen: group by: unknown column \"srcip\"; did you mean src_ip?\n":                                                                                                                   {"--by", "srcip"},
		"reportgen: sum(dst_ip): dst_ip is an address, not a number; use distinct, first or last, or group by it\n":                                                                               {"--sum", "dst_ip"},
		"reportgen: group by: column country: missing database of countries; name one with --country FILE, or in a notebook with the input country\n":                                             {"--by", "country"},
		"reportgen: --where: column state: the file does not have this optional column; import a log that has it\n  | state = open\n  | ^^^^^\n":                                                  {"--where", "state = open"},
		"reportgen: --where: the days have no src_ip 192.168.100.1; the nearest address is 192.168.100.3\n  | port = 443 and src_ip = 192.168.100.1\n  |                         ^^^^^^^^^^^^^\n": {"--where", "port = 443 and src_ip = 192.168.100.1"},
		"reportgen: --top: there are no groups; add --by, or use --limit and --order for flows\n":                                                                                                 {"--top", "3"},
		"reportgen: --format \"xml\": want table, csv, json, parquet or encoded\n":                                                                                                                {"--format", "xml"},
		"reportgen: --memory much: is not a size, such as 4GB\n":                                                                                                                                  {"--memory", "much"},
		"reportgen: order \"port down\": \"down\" is neither asc nor desc\n":                                                                                                                      {"--order", "port down"},
		"reportgen: the query needs more than 100 kB of memory; select fewer flows with a condition, group by fewer columns, or raise the limit with reportgen query --memory\n":                  {"--by", "src_ip,dst_ip,up_bytes", "--memory", "100kB"},
	} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), append([]string{"query", day}, args...), &stdout, &stderr); code != exit.BadInput || stderr.String() != want || stdout.Len() > 0 {
			t.Errorf("%v: exit %d, %q\nwant %q", args, code, stderr.String(), want)
		}
	}
	var stdout, stderr bytes.Buffer
	for where, want := range map[string]string{
		"port = 1 and port = 2":                               "no flow of the days meets the condition",
		"country = Portugl":                                   `the days have no country "Portugl"; did you mean Portugal?`,
		"owner in (gogle, 'Google LLC') and port = 1":         `the days have no owner "gogle"; did you mean Google LLC?`,
		"src_owner = Nobody or dst_owner = Nobody":            `the days have no src_owner "Nobody"; the days have no dst_owner "Nobody"`,
		"not owner = gogle and service = htps":                `the days have no service "htps"; did you mean https?`,
		"src_ip = 192.168.100.35 and dst_ip = 192.168.100.35": "no flow of the days meets the condition",
	} {
		stdout.Reset()
		stderr.Reset()
		code := run(t.Context(), []string{"query", day, "--country", testenv.Path(t, "testdata", "country.mmdb"), "--asn", testenv.Path(t, "testdata", "asn.mmdb"),
			"--where", where, "--by", "port", "--format", "csv"}, &stdout, &stderr)
		if code != exit.Done || stdout.String() != "port,flows\n" || stderr.String() != "no flows: "+want+"\n" {
			t.Errorf("%s: exit %d, %q, %q, want %q", where, code, stdout.String(), stderr.String(), want)
		}
	}
	text := filepath.Join(t.TempDir(), "day.parquet")
	if err := os.WriteFile(text, []byte("no flows"), 0o600); err != nil {
		t.Fatal(err)
	}
	stderr.Reset()
	if code := run(t.Context(), []string{"query", text}, &stdout, &stderr); code != exit.BadInput || !strings.Contains(stderr.String(), "not a Parquet file") {
		t.Errorf("a text: exit %d, %q", code, stderr.String())
	}
}

// manyDays is a folder of days whose flows take a query long to group: each is the sample day.
func manyDays(t *testing.T) string {
	t.Helper()
	dir, day := t.TempDir(), testenv.Path(t, "testdata", "test.parquet")
	for i := range 200 {
		date := time.Date(2024, 1, 1+i, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		if err := os.Symlink(day, filepath.Join(dir, date+".parquet")); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// longQuery groups manyDays: a question about manyDays with millions of groups.
const longQuery = "date,src_ip,dst_ip,timestamp"

// stopsWithin is how long an interrupted query may run on. It must stop within a second; other programs may keep the
// machine busy.
const stopsWithin = 3 * time.Second

// Ctrl-C ends a query while flows are read, and while groups are merged, ordered and written.
func TestQueryInterrupted(t *testing.T) {
	days := manyDays(t)
	out := filepath.Join(t.TempDir(), "out.csv")
	for _, after := range []time.Duration{200 * time.Millisecond, time.Second, 3 * time.Second} {
		cmd := exec.Command(built(t), "query", days, "--by", longQuery, "--count", "--memory", "8GB", "--format", "csv", "-o", out)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(after)
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatalf("after %s, the query has ended: %v", after, err)
		}
		sent := time.Now()
		err := cmd.Wait()
		var ended *exec.ExitError
		if took := time.Since(sent); !errors.As(err, &ended) || ended.ExitCode() != exit.Interrupted || took > stopsWithin {
			t.Errorf("interrupted after %s: %v, %s later", after, err, took)
		} else {
			t.Logf("interrupted after %s: ended %s later", after, took)
		}
		if _, err := os.Stat(out); err == nil {
			t.Error("half a result is written")
		}
	}
}

// An interrupt of the kernel ends the query that a cell asks, and the next cell runs.
func TestQueryOfCellInterrupted(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real GoNB kernel: skipped with -short")
	}
	t.Setenv("FLOWBOOK_REPORTGEN", built(t))
	t.Setenv("FLOWBOOK_CACHE", t.TempDir())
	days := manyDays(t)
	temp := kerneltest.PrivateTemp(t)
	k := kerneltest.Start(t, "gonb", kernel.Options{})
	if _, err := kerneltest.Execute(t, k, "import \"github.com/flowbook/flowbook/pkg/nb\"\nvar asked = 1"); err != nil {
		t.Fatal(err)
	}
	stop := errors.New("stopped by the test")
	ctx, cancel := context.WithCancelCause(t.Context())
	var sent time.Time
	go func() {
		kerneltest.WaitFor(t, func() bool { return len(kerneltest.ProcessesNamed(t, temp, "reportgen")) > 0 })
		sent = time.Now()
		cancel(stop)
	}()
	r, err := k.Execute(ctx, fmt.Sprintf("%%%%\nrun := nb.Open(nb.Inputs{})\nfmt.Println(run.Flows(%q).By(strings.Split(%q, \",\")...).Count().Nrow())", days, longQuery))
	if took := time.Since(sent); !errors.Is(err, stop) || took > stopsWithin {
		t.Errorf("%v %s after the interrupt: %s", err, took, kerneltest.Stream(r, "stderr"))
	} else {
		t.Logf("the cell ended %s after the interrupt", took)
	}
	kerneltest.WaitFor(t, func() bool { return len(kerneltest.ProcessesNamed(t, temp, "reportgen")) == 0 })
	if r, err := kerneltest.Execute(t, k, "%%\nfmt.Print(asked)"); err != nil || kerneltest.Stream(r, "stdout") != "1" {
		t.Errorf("the kernel is not usable after an interrupt: %v", err)
	}
}
