package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// TestImportCases imports small logs of situations that users reported, which are
// not part of the repository: $FLOWBOOK_CASES, or ../shared/cases beside the
// module. Each case ends in the flows given, or in status 2.
func TestImportCases(t *testing.T) {
	dir := os.Getenv("FLOWBOOK_CASES")
	if dir == "" {
		dir = testenv.Path(t, "..", "shared", "cases")
	}
	logs := testenv.File(t, filepath.Join(dir, "logs"), "the collected cases, which are not part of the repository: set FLOWBOOK_CASES to their folder")
	const one = "10.0.0.5 > 198.51.100.7:443 tcp 100/200"
	const parquet = "--from parquet --map timestamp=ts,src_ip=src,dst_ip=dst,port=dport,up_bytes=up,down_bytes=down "
	for _, tt := range []struct {
		args string // of import; the last is a file of the case
		want string // "refused", a number of flows, or the flows in order
	}{
		{"--from zeek 05/tsv.conn.log", one}, {"--from zeek 05/underscore.json", one}, {"--from zeek 05/nested.json", one}, {"--from zeek 05/tagged.json", one},
		{"--from zeek 06/dns.log", "refused"}, {"--from zeek 06/mixed.json", "10.0.0.5 > 10.0.0.1:53 udp 40/90"},
		{"--from ecs 08/so.ndjson", "10.0.0.5 > 198.51.100.7:443 tcp 1000/5000"},
		{"--from ecs 09/outside.ndjson", "10.0.0.5 > 198.51.100.7:443 tcp 1000/5000"},
		{"--from ecs --one-way 09/inside.ndjson", "10.0.0.5 > 10.0.1.7:443 tcp 1000/5000"},
		{"--from nfdump 10/scan.txt", "30"},
		{"--from csv --map timestamp=timestamp 11/padded.csv", one + "|" + one + "|" + one},
		{"--from csv --map timestamp=timestamp 12/numbers.csv", "6"}, {"--from zeek 12/kafka.json", one},
		{"--from binetflow 14/ra.csv", "4"},
		{"--from csv --one-way --fields te,td,src_ip,dst_ip,src_port,port,proto,flg,fwd,stos,pkt,up_bytes,label --map end=te,duration=td 15/ugr.csv",
			"42.219.154.107 > 143.72.8.137:53 udp 66/0"},
		{"--from csv --map timestamp=timestamp 16/dates.csv", "refused"},
		{"--from vpc 19/cloudwatch.ndjson", "10.0.0.5 > 198.51.100.7:443 tcp 2000/0"},
		{"--from eve 20/eve.log", "10.0.0.5 > 198.51.100.7:443 tcp 1000/5000"},
		{"--from nfdump 03/long.txt", "1"}, {"--from vpc 03/test.log", "721"},
		{parquet + "25/i-dec.parquet", one}, {parquet + "25/i-bytesdec.parquet", "10.0.0.5 > 198.51.100.7:443 tcp 123456789012/12"},
		{parquet + "25/i-date32.parquet", "refused"}, {parquet + "25/hive", one},
	} {
		t.Run(tt.args, func(t *testing.T) {
			args := strings.Fields(tt.args)
			number, file, _ := strings.Cut(args[len(args)-1], "/")
			folders, err := filepath.Glob(filepath.Join(logs, number+"-*"))
			if err != nil || len(folders) != 1 {
				t.Fatalf("folders %v, %v", folders, err)
			}
			args[len(args)-1] = filepath.Join(folders[0], file)
			t.Chdir(t.TempDir())
			var stderr strings.Builder
			status := run(t.Context(), append([]string{"import", "-o", "day.parquet"}, args...), &stderr, &stderr)
			got := importedFlows(t)
			if status == 2 && len(got) == 0 {
				got = []string{"refused"}
			}
			text := strings.Join(got, "|")
			if text != tt.want && fmt.Sprint(len(got)) != tt.want {
				t.Errorf("wrong: status %d, %.300s, want %s\n%s", status, text, tt.want, stderr.String())
			}
		})
	}
}

// importedFlows returns the flows of the files in the working directory.
func importedFlows(t *testing.T) (flows []string) {
	t.Helper()
	files, err := filepath.Glob("*.parquet")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range slices.Sorted(slices.Values(files)) {
		for r, err := range flowfile.Rows(t.Context(), file, flowfile.Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			flows = append(flows, fmt.Sprintf("%v > %v:%d %v %d/%d", r.Src, r.Dst, r.Port, r.Proto, r.Up, r.Down))
		}
	}
	return flows
}
