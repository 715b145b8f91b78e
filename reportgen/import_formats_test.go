package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// importedRows returns the flows of a file, one a line.
func importedRows(t *testing.T, path string) string {
	t.Helper()
	var b strings.Builder
	for r, err := range flowfile.Rows(t.Context(), path, flowfile.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&b, r.Time, r.Src, r.Dst, r.Proto, r.Port, r.Up, r.Down)
	}
	return b.String()
}

func TestImportFormats(t *testing.T) {
	const vpc = "2 123456789010 eni-1 10.0.0.1 192.0.2.1 50000 443 6 20 4249 1713530096 1713530155 ACCEPT OK\n" +
		"2 123456789010 eni-1 192.0.2.1 10.0.0.1 443 50000 6 20 9000 1713530096 1713530155 ACCEPT OK\n" +
		"2 123456789010 eni-1 - - - - - - - 1713530096 1713530155 - NODATA\n"
	const table = "When;From;To;P;L4;Out;All\n19.04.2024 23:30:00,5;10.0.0.1;192.0.2.1;443;TCP;1;3\n"
	for _, test := range []struct {
		name, log string
		args      []string
		stderr    string
		rows      string
	}{
		{"two directions in two rows", vpc, []string{"--from", "vpc"},
			"read 3 rows of 1 file\nleft out 1 row: record without data; first conn.log:3: NODATA\n" +
				"joined 2 rows into 1 connection: 1 connection with both directions, 0 connections with one\n" +
				"decided who opened 1 connection by the likelier service port\n" +
				"wrote 1 flow of 2024-04-19 to o.parquet\n",
			"12:34:56.00 10.0.0.1 192.0.2.1 tcp 443 4249 9000\n"},
		{"a table, with every flag", strings.Replace(table, "00,5", "00.5", 1), []string{"--from", "csv", "--delimiter", ";", "--time", "02.01.2006 15:04:05",
			"--timezone", "Europe/Lisbon", "--log-timezone", "America/New_York",
			"--map", "timestamp=When,src_ip=From,dst_ip=To,port=P", "--map", "proto=L4,up_bytes=Out,total_bytes=All"},
			"read 1 row of 1 file\nwrote 1 flow of 2024-04-20 to o.parquet\n",
			"04:30:00.50 10.0.0.1 192.0.2.1 tcp 443 1 2\n"},
		{"columns named by hand", "10.0.0.1 192.0.2.1 50000 443 6 9 1713530096\n",
			[]string{"--from", "vpc", "--fields", "${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${bytes} ${start}"},
			"read 1 row of 1 file\njoined 1 row into 1 connection: 0 connections with both directions, 1 connection with one\n" +
				"decided who opened 1 connection by the likelier service port\nwrote 1 flow of 2024-04-19 to o.parquet\n",
			"12:34:56.00 10.0.0.1 192.0.2.1 tcp 443 9 0\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, stderr, _ := importing(t, test.log, append(test.args, "conn.log", "-o", "o.parquet")...)
			if status != exit.Done {
				t.Fatalf("status %d: %s", status, stderr)
			}
			if diff := cmp.Diff(test.stderr, stderr); diff != "" {
				t.Error("want(-) got(+):\n", diff)
			}
			if diff := cmp.Diff(test.rows, importedRows(t, "o.parquet")); diff != "" {
				t.Error("want(-) got(+):\n", diff)
			}
		})
	}
}

func TestImportFormatsRefuses(t *testing.T) {
	for _, test := range []struct{ name, args, want string }{
		{"map", "--from zeek --map src_ip=x conn.log -o o.parquet", "--map is only for csv and parquet; the columns of zeek logs have standard names"},
		{"no map", "--from csv conn.log -o o.parquet", "missing --map: csv has no standard columns; name them, such as timestamp=Start,src_ip=SourceAddress"},
		{"delimiter", "--from csv --delimiter ab conn.log -o o.parquet", `--delimiter "ab": is not one character; give one, or tab`},
		{"output in no folder", "--from zeek conn.log -o none/o.parquet", "-o: none/o.parquet: folder none does not exist; create it first"},
		{"output is a folder", "--from zeek conn.log -o .", "-o: .: is a folder; name a file in it"},
		{"output below a file", "--from zeek conn.log -o conn.log/o.parquet", "conn.log is not a folder"},
		{"bytes", "--from zeek --bytes octets conn.log -o o.parquet", `--bytes "octets": want payload or ip`},
		{"log time zone", "--from nfdump --log-timezone Mars conn.log -o o.parquet", "--log-timezone: unknown time zone Mars"},
		{"time", "--from nfdump --time noon conn.log -o o.parquet", `--time "noon": want a unit (s, ms, us or ns)`},
		{"delimiter of what has none", "--from eve --delimiter ; conn.log -o o.parquet", "--fields and --delimiter are only for text with columns"},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, stderr, written := importing(t, zeekLog, strings.Fields(test.args)...)
			if status != exit.BadInput || len(written) > 0 || !strings.Contains(stderr, test.want) {
				t.Errorf("status %d, files %v, stderr\n%s", status, written, stderr)
			}
		})
	}
}

// The shell completes formats and kinds of bytes.
func TestImportCompletion(t *testing.T) {
	for flag, want := range map[string]string{"--from": "zeek\n", "--bytes": "payload\nip\n"} {
		var out, errs bytes.Buffer
		if status := run(t.Context(), []string{"__complete", "import", flag, ""}, &out, &errs); status != exit.Done || !strings.Contains(out.String(), want) {
			t.Errorf("%s: status %d, %s%s", flag, status, out.String(), errs.String())
		}
	}
}

// TestImportAllDaysOrNone leaves no file of any day where that of one cannot
// be put in its place.
func TestImportAllDaysOrNone(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("conn.log", []byte(zeekLog), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll("day-2024-04-19.parquet/in-the-way", 0o700); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	status := run(t.Context(), []string{"import", "--from", "zeek", "conn.log", "-o", "day.parquet"}, &out, &errs)
	if status != exit.BadInput || !strings.Contains(errs.String(), "day-2024-04-19.parquet") || strings.Contains(errs.String(), "wrote") {
		t.Errorf("status %d: %s", status, errs.String())
	}
	left, err := filepath.Glob("*")
	if err != nil {
		t.Fatal(err)
	}
	hidden, err := filepath.Glob(".*")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"conn.log", "day-2024-04-19.parquet"}, append(left, hidden...)); diff != "" {
		t.Error("want(-) got(+):\n", diff)
	}
}

// TestImportSampling keeps the sampling that an exporter states in the flow file.
func TestImportSampling(t *testing.T) {
	be := func(numbers ...any) (b []byte) {
		for _, n := range numbers {
			var err error
			if b, err = binary.Append(b, binary.BigEndian, n); err != nil {
				t.Fatal(err)
			}
		}
		return b
	}
	// A template of source, destination, protocol, bytes, start in seconds and sampling
	// interval (RFC 7012), and a record.
	template := be(uint16(2), uint16(32), uint16(256), uint16(6), uint16(8), uint16(4), uint16(12), uint16(4), uint16(4), uint16(1), uint16(1), uint16(4), uint16(150), uint16(4), uint16(34), uint16(4))
	record := be(uint16(256), uint16(25), uint32(0x0a000005), uint32(0xc6336407), uint8(47), uint32(9), uint32(1713530096), uint32(512))
	message := append(be(uint16(10), uint16(16+32+25), uint32(1713530096), uint32(1), uint32(7)), append(template, record...)...)
	status, stderr, _ := importing(t, string(message), "conn.log", "-o", "o.parquet")
	if status != exit.Done || !strings.Contains(stderr, "counts of sampled packets (1 of 512)") {
		t.Fatalf("status %d: %s", status, stderr)
	}
	file, err := os.ReadFile("o.parquet")
	if err != nil || !bytes.Contains(file, []byte("flowbook.sampling\x18\x03512")) {
		t.Errorf("the footer has no sampling: %v", err)
	}
}
