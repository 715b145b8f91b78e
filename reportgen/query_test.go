package main

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
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
		"reportgen: --where: unknown column \"prot\"; did you mean proto or port?\n  | prot = udp\n  | ^^^^\n":                                                                                         {"--where", "prot = udp"},
		"reportgen: --where: the expression ends too early; expected a column or a value\n  | port = 443 and\n  |               ^\n":                                                                   {"--where", "port = 443 and"},
		"reportgen: group by: unknown column \"srcip\"; did you mean src_ip?\n":                                                                                                                        {"--by", "srcip"},
		"reportgen: sum(dst_ip): dst_ip is an address, not a number; use distinct, first or last, or group by it\n":                                                                                    {"--sum", "dst_ip"},
		"reportgen: group by: column country: there is no database of countries; give one with --country FILE, or in a notebook as the input country\n":                                                {"--by", "country"},
		"reportgen: --where: column state: the file does not have this optional column; import the log again in a format that has it\n  | state = open\n  | ^^^^^\n":                                   {"--where", "state = open"},
		"reportgen: --where: 192.168.100.1 is not in the days as src_ip; the nearest address is 192.168.100.3\n  | port = 443 and src_ip = 192.168.100.1\n  |                         ^^^^^^^^^^^^^\n": {"--where", "port = 443 and src_ip = 192.168.100.1"},
		"reportgen: --top: there are no groups; add --by, or use --limit and --order for flows\n":                                                                                                      {"--top", "3"},
		"reportgen: --format \"xml\": want table, csv, json, parquet or encoded\n":                                                                                                                     {"--format", "xml"},
		"reportgen: --memory much: is not a size, such as 4GB\n":                                                                                                                                       {"--memory", "much"},
		"reportgen: order \"port down\": \"down\" is neither asc nor desc\n":                                                                                                                           {"--order", "port down"},
		"reportgen: the query needs more than 100 kB of memory; choose fewer flows with a condition or group by fewer columns; reportgen query --memory allows more\n":                                 {"--by", "src_ip,dst_ip,up_bytes", "--memory", "100kB"},
	} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), append([]string{"query", day}, args...), &stdout, &stderr); code != exit.BadInput || stderr.String() != want || stdout.Len() > 0 {
			t.Errorf("%v: exit %d, %q\nwant %q", args, code, stderr.String(), want)
		}
	}
	var stdout, stderr bytes.Buffer
	for where, want := range map[string]string{
		"port = 1 and port = 2":                               "the condition is true for no flow of the days",
		"country = Portugl":                                   `"Portugl" is not in the days as country; did you mean Portugal?`,
		"owner in (gogle, 'Google LLC') and port = 1":         `"gogle" is not in the days as owner; did you mean Google LLC?`,
		"src_owner = Nobody or dst_owner = Nobody":            `"Nobody" is not in the days as src_owner; "Nobody" is not in the days as dst_owner`,
		"not owner = gogle and service = htps":                `"htps" is not in the days as service; did you mean https?`,
		"src_ip = 192.168.100.35 and dst_ip = 192.168.100.35": "the condition is true for no flow of the days",
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
