package ingest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
)

// realFormats are the real logs of other tools than Zeek.
var realFormats = []struct {
	name, format, path string
	flowless           bool // there is no flow in it
	opt                Options
}{
	{name: "binetflow-portscan", format: "binetflow", path: "binetflow/test11-portscan.binetflow"},
	{name: "binetflow-malicious", format: "binetflow", path: "binetflow/test2-malicious.binetflow"},
	{name: "binetflow-ipv6", format: "binetflow", path: "binetflow/test3-mixed.binetflow"},
	{name: "binetflow-15-fields", format: "binetflow", path: "binetflow/test4-malicious.binetflow"},
	{name: "binetflow-tabs", format: "binetflow", path: "binetflow/test5-mixed.binetflow"},
	{name: "nfdump-tabs", format: "nfdump", path: "nfdump/nfcapd.sample1"},
	{name: "nfdump-labelled", format: "nfdump", path: "nfdump/nfcapd.sample1.labeled"},
	{name: "nfdump-long", format: "nfdump", path: "nfdump/nfcapd.sample2"},
	{name: "nfcapd", format: "nfdump", path: "nfdump/test1-malicious.nfdump"},
	{name: "eve", format: "eve", path: "suricata/test6-malicious.suricata.json.gz"},
	{name: "eve-netflow", format: "eve-netflow", path: "suricata", flowless: true},
	{name: "ecs-of-eve", format: "ecs", path: "suricata/test6-malicious.suricata.json.gz", flowless: true},
	{name: "csv-dns-tunnel", format: "csv", path: "dns-tunnel/flows_tx.csv.gz", opt: Options{Map: map[string]string{"timestamp": "ts"}}},
	{name: "parquet-foreign", format: "zeek", path: "parquet-testing/data/int96_from_spark.parquet", flowless: true},
	{name: "parquet-no-columns", format: "vpc", path: "parquet-testing/data/alltypes_plain.parquet", flowless: true},
}

// TestRealFormats compares what the real logs give with golden files, as
// TestRealLogs does.
func TestRealFormats(t *testing.T) {
	testdata := realData(t)
	for _, test := range realFormats {
		t.Run(test.name, func(t *testing.T) {
			flows, summary, err := readAs(t, test.format, []string{test.path}, test.opt)
			text := describe(t, flows, summary, err)
			if err == nil {
				text += describePairs(t, flows)
			}
			testenv.Golden(t, filepath.Join(testdata, test.name+".golden"), text)
		})
	}
}

// describePairs says what the joining of directions gives.
func describePairs(t *testing.T, rows []Flow) string {
	t.Helper()
	var s Sorter
	flows, pairing := paired(t, &s, rows)
	if pairing.Rows == 0 {
		return ""
	}
	var b strings.Builder
	if _, err := pairing.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256([]byte(flows))
	return b.String() + "joined: " + hex.EncodeToString(hash[:]) + "\n"
}

// counting is an independent computation of a day's totals: day, flows, bytes
// up and down. How nfdump's rows are joined is not its subject: there it adds
// up rows and bytes.
const counting = `
import csv, gzip, json, re, sys
from collections import defaultdict
from datetime import datetime, timezone
days = defaultdict(lambda: [0, 0, 0])
def add(day, up, down):
    d = days[day]; d[0] += 1; d[1] += int(up); d[2] += int(down)
kind, path = sys.argv[1:]
if kind == "binetflow":
    with open(path, newline="") as f:
        head = f.readline(); f.seek(0)
        for r in csv.DictReader(f, delimiter="\t" if "\t" in head else ","):
            if r["Proto"].strip() in ("arp", "man", "llc"): continue
            up, down, turn = int(r["SrcBytes"]), int(r["TotBytes"]) - int(r["SrcBytes"]), r["Dir"].strip() == "<-"
            if "?" in r["Dir"] and r["Proto"].strip() in ("tcp", "udp"):
                rank = lambda p: (int(p) >= 1024) + (int(p) >= 32768)
                turn = rank(r["Sport"]) < rank(r["Dport"])
            add(r["StartTime"][:10].replace("/", "-"), *((down, up) if turn else (up, down)))
elif kind == "nfdump":
    for line in open(path):
        m = re.match(r"(\d{4}-\d\d-\d\d)\s+\S+\s+\S+\s+(TCP|UDP|ICMP|IGMP)\s+\S+\s+->\s+\S+\s+\S+\s+\d+\s+\d+\s+(\d+)", line)
        if m: add(m[1], m[3], 0)
elif kind == "eve":
    for line in gzip.open(path, "rt"):
        e = json.loads(line)
        if e["event_type"] == "flow" and e["proto"] in ("TCP", "UDP"):
            start = datetime.strptime(e["flow"]["start"], "%Y-%m-%dT%H:%M:%S.%f%z").astimezone(timezone.utc)
            add(start.date().isoformat(), e["flow"]["bytes_toserver"], e["flow"]["bytes_toclient"])
elif kind == "csv":
    for r in csv.DictReader(gzip.open(path, "rt")):
        add(datetime.fromtimestamp(int(r["ts"].split(".")[0]), timezone.utc).date().isoformat(), r["up_bytes"], r["down_bytes"])
for day in sorted(days): print(day, *days[day])
`

func TestRealFormatsAgainstPython(t *testing.T) {
	python := testenv.Python(t)
	realData(t)
	for _, test := range realFormats {
		if test.flowless || test.name == "nfcapd" {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			out, err := exec.CommandContext(t.Context(), python, "-c", counting, test.format, test.path).Output()
			if err != nil {
				t.Fatal(err)
			}
			flows, summary, err := readAs(t, test.format, []string{test.path}, test.opt)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			days := daily(flows)
			for _, day := range summary.Days {
				d := days[day.Date]
				fmt.Fprintln(&got, day.Date, d.flows, d.up, d.down)
			}
			if got.Len() == 0 || got.String() != string(out) {
				t.Errorf("got\n%sPython finds\n%s", got.String(), out)
			}
		})
	}
}

// TestRealFormatsCutAnywhere cuts logs at every few bytes: never more than
// the last row is lost.
func TestRealFormatsCutAnywhere(t *testing.T) {
	realData(t)
	for _, test := range realFormats {
		if info, err := os.Stat(test.path); err != nil || info.Size() > 40_000 || test.flowless {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			log, err := os.ReadFile(test.path)
			if err != nil {
				t.Fatal(err)
			}
			whole := decodeAs(test.format, string(log), test.opt)
			for n := 1; n < len(log); n += 311 {
				got := decodeAs(test.format, string(log[:n]), test.opt)
				if got.err != nil && len(got.flows) > 0 {
					t.Fatalf("cut after %d bytes: %v", n, got.err)
				}
				for i, f := range got.flows[:max(len(got.flows)-1, 0)] {
					if f != whole.flows[i] {
						t.Fatalf("cut after %d bytes: flow %d is %v, was %v", n, i, f, whole.flows[i])
					}
				}
			}
		})
	}
}
