package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// lossyLog is a CSV of so many good rows and then the others given.
func lossyLog(good int, others ...string) string {
	var b strings.Builder
	b.WriteString("ts,src_ip,dst_ip,proto,port,up_bytes,down_bytes\n")
	for i := range good {
		fmt.Fprintf(&b, "%d,10.0.0.1,192.0.2.1,tcp,443,1000,2000\n", 1713530096+i)
	}
	for _, row := range others {
		b.WriteString(row + "\n")
	}
	return b.String()
}

func TestImportLoss(t *testing.T) {
	const harmless = "1713530096,10.0.0.1,192.0.2.1,arp,0,1,2"
	const bad = "1713530096,10.0.0.1,192.0.2.1,tcp,x,1,2"
	for _, tt := range []struct {
		name, log, args string
		status          int
		says            string
	}{
		{"nothing lost", lossyLog(2), "", 0, ""},
		{"harmless rows", lossyLog(2, harmless, harmless, harmless), "", 0, "left out 3 rows: not an IP protocol"},
		{"one in a hundred", lossyLog(99, bad), "", 0, "left out 1 row: port not readable"},
		{"one in fifty", lossyLog(49, bad), "", 2, "1 row of 50 rows cannot be read, 2.0 % of the flows: port not readable (1, first conn.log:51: port \"x\"); nothing was written"},
		{"one in fifty, lenient", lossyLog(49, bad), "--lenient", 0, "1 row of 50 rows cannot be read"},
		{"the largest", lossyLog(500, "1713530096,10.0.0.1,192.0.2.1,tcp,443,1.500.00,2"), "", 2, "among them the largest, of about 150 kB"},
		{"the largest, lenient", lossyLog(500, "1713530096,10.0.0.1,192.0.2.1,tcp,443,1.500.00,2"), "--lenient", 0, "among them the largest"},
		{"every row in 1970", strings.ReplaceAll(lossyLog(5), "17135300", "17135"), "", 2, "a date before 1990 or after tomorrow"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := append([]string{"--from", "csv", "--map", "timestamp=ts", "conn.log", "-o", "day.parquet"}, strings.Fields(tt.args)...)
			status, stderr, written := importing(t, tt.log, args...)
			if status != tt.status || !strings.Contains(stderr, tt.says) || (len(written) == 1) != (tt.status == 0) {
				t.Errorf("status %d, wrote %v, said\n%s", status, written, stderr)
			}
		})
	}
}

// TestImportLossInProfile finds what an import lost in the profile of the file that
// it wrote.
func TestImportLossInProfile(t *testing.T) {
	log := lossyLog(3, "x,10.0.0.1,192.0.2.1,tcp,443,1,2", "x,10.0.0.1,192.0.2.1,tcp,443,1,2", "1713530096,10.0.0.1,192.0.2.1,arp,0,1,2")
	if status, stderr, _ := importing(t, log, "--from", "csv", "--map", "timestamp=ts", "--lenient", "conn.log", "-o", "day.parquet"); status != 0 {
		t.Fatal(stderr)
	}
	p, err := flowfile.Profile(t.Context(), "day.parquet", flowfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Rejected) != 1 || p.Rejected[0].Reason != "lost on import: time not readable" || p.Rejected[0].Count != 2 ||
		p.Rejected[0].First.Value != `conn.log:5: ts "x"` || p.Rejected[0].First.File != "day.parquet" {
		t.Errorf("%+v", p.Rejected)
	}
}

func TestImportNoInternalSource(t *testing.T) {
	log := strings.ReplaceAll(lossyLog(3), "10.0.0.1", "147.32.84.7")
	_, stderr, _ := importing(t, log, "--from", "csv", "--map", "timestamp=ts", "conn.log", "-o", "day.parquet")
	if !strings.Contains(stderr, "no source address is in the private networks") || !strings.Contains(stderr, "their networks may be 147.32.0.0/16") {
		t.Error(stderr)
	}
	if _, stderr, _ := importing(t, lossyLog(3), "--from", "csv", "--map", "timestamp=ts", "conn.log", "-o", "day.parquet"); strings.Contains(stderr, "internal") {
		t.Error(stderr)
	}
}

// TestImportPartitions takes what Hive's folders say for a column.
func TestImportPartitions(t *testing.T) {
	t.Chdir(t.TempDir())
	folder := filepath.Join("logs", "proto=udp", "dst_ip=192.0.2.9")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	log := "ts,src_ip,port,up_bytes,down_bytes\n1713530096,10.0.0.1,53,1,2\n"
	if err := os.WriteFile(filepath.Join(folder, "part.csv"), []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	if status := run(t.Context(), []string{"import", "--from", "csv", "--map", "timestamp=ts", "logs", "-o", "day.parquet"}, &stderr, &stderr); status != 0 {
		t.Fatal(stderr.String())
	}
	for r, err := range flowfile.Rows(t.Context(), "day.parquet", flowfile.Filter{}) {
		if err != nil || r.Proto.String() != "udp" || r.Dst.String() != "192.0.2.9" {
			t.Errorf("%+v, %v", r, err)
		}
	}
}

// TestImportInto adds logs to a folder of days, each once. A log without flows is
// not an error.
func TestImportInto(t *testing.T) {
	t.Chdir(t.TempDir())
	imported := func(args ...string) string {
		t.Helper()
		var stderr strings.Builder
		if status := run(t.Context(), append([]string{"import", "--into", "days", "--from", "csv", "--map", "timestamp=ts"}, args...), &stderr, &stderr); status != 0 {
			t.Fatalf("status %d: %s", status, stderr.String())
		}
		return stderr.String()
	}
	for name, log := range map[string]string{"a.csv": lossyLog(3), "b.csv": lossyLog(2), "empty.csv": lossyLog(0)} {
		if err := os.WriteFile(name, []byte(log), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	flows := func() (n int) {
		files, err := filepath.Glob("days/date=2024-04-19/*.parquet")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			for _, err := range flowfile.Rows(t.Context(), file, flowfile.Filter{}) {
				if err != nil {
					t.Fatal(err)
				}
				n++
			}
		}
		return n
	}
	imported("a.csv")
	if got := imported("a.csv"); !strings.Contains(got, "skipped 1 log imported before; first a.csv") || flows() != 3 {
		t.Errorf("%d flows, %s", flows(), got)
	}
	if got := imported("a.csv", "b.csv"); !strings.Contains(got, "left out 2 rows that another log has as well") || flows() != 3 {
		t.Errorf("%d flows, %s", flows(), got)
	}
	if got := imported("empty.csv"); !strings.Contains(got, "nothing to add") || flows() != 3 {
		t.Errorf("%d flows, %s", flows(), got)
	}
	var stderr strings.Builder
	for _, args := range []string{"--into days -o x.parquet a.csv", "--into days --day 2024-04-19 a.csv", "a.csv", "--into days -"} {
		if status := run(t.Context(), append([]string{"import", "--from", "csv", "--map", "timestamp=ts"}, strings.Fields(args)...), &stderr, &stderr); status != 2 {
			t.Errorf("%s: status %d", args, status)
		}
	}
}
