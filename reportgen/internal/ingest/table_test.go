package ingest

import (
	"strings"
	"testing"
	"time"
)

// TestTableWritten reads one connection as programs and users write tables.
func TestTableWritten(t *testing.T) {
	const head = "timestamp,src_ip,dst_ip,proto,port,up_bytes,down_bytes\n"
	for _, tt := range []struct{ name, log, end string }{
		{"blanks in quotes", head + `" 1713530096.5 "," 10.0.0.5","198.51.100.7 ","TCP ",443,"100 "," 200"` + "\n", "100/200"},
		{"quotes in blanks", head + `1713530096.5, "10.0.0.5" ,"198.51.100.7" , "tcp" , "443" ,100 , "200"` + "\n", "100/200"},
		{"tabs", strings.ReplaceAll(head+"1713530096.5,10.0.0.5 ,198.51.100.7, tcp,443 , 100,200\n", ",", "\t"), "100/200"},
		{"a remark before the header", "# exported by a program\n# of some version\n" + head + "1713530096.5,10.0.0.5,198.51.100.7,tcp,443,100,200\n", "100/200"},
		{"Excel's separator", "sep=;\n" + strings.ReplaceAll(head+"1713530096.5,10.0.0.5,198.51.100.7,tcp,443,100,200\n", ",", ";"), "100/200"},
		{"narrow blanks between thousands", head + "1713530096.5,10.0.0.5,198.51.100.7,tcp,443,12\u202f345,1\u00a0234\u00a0567\n", "12345/1234567"},
		{"thousands of Switzerland and Ada", head + "1713530096.5,10.0.0.5,198.51.100.7,tcp,443,12'345,1_234_567\n", "12345/1234567"},
		{"points between thousands", head + `1713530096.5,10.0.0.5,198.51.100.7,tcp,443,1.234.567,"1.234.567,00"` + "\n", "1234567/1234567"},
		{"units", head + "1713530096.5,10.0.0.5,198.51.100.7,tcp,443,1.5 MiB,2.5GB\n", "1572864/2500000000"},
		{"floats", head + "1.7135300965E+09,10.0.0.5,198.51.100.7,6.0,4.43e2,1e2,1.5E+07\n", "100/15000000"},
		{"hexadecimal", head + "1713530096.5,10.0.0.5,198.51.100.7,0x06,0x01BB,0x64,0xc8\n", "100/200"},
		{"names of services", head + "1713530096.5,10.0.0.5,198.51.100.7,TCP,https,100,200\n", "100/200"},
		{"milliseconds after a comma", head + `"2024-04-19 12:34:56,500",10.0.0.5,198.51.100.7,tcp,443,100,200` + "\n", "100/200"},
		{"a zone in words", head + "2024-04-19 14:34:56.5 CEST,10.0.0.5,198.51.100.7,tcp,443,100,200\n", "100/200"},
		{"a zone in two digits", head + "2024-04-19T14:34:56.5+02,10.0.0.5,198.51.100.7,tcp,443,100,200\n", "100/200"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			flows, _, err := readAs(t, "csv", []string{write(t, t.TempDir(), "a.csv", []byte(tt.log))}, Options{Map: map[string]string{"timestamp": "timestamp"}})
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := paired(t, &Sorter{}, flows); got != "2024-04-19 12:34:56.50 10.0.0.5 > 198.51.100.7:443 "+tt.end+"\n" {
				t.Error(got)
			}
		})
	}
}

// TestTableRefused refuses values that are ambiguous.
func TestTableRefused(t *testing.T) {
	for value, says := range map[string]string{
		"12:34:56.5":              "; it has no date: have the program write dates, as ra -u does, or name their column with --map date=COLUMN",
		"04/05/2024 12:34:56":     "time not readable: timestamp \"04/05/2024 12:34:56\"; give the layout of times with --time",
		"2024-04-19 14:34:56 IST": "time not readable",
		"45401.52426":             "a date before 1990", // days of Excel
		"133580036960000000":      "a date before 1990", // FILETIME
		"2460420.02426":           "a date before 1990", // Julian days
	} {
		log := "timestamp,src_ip,dst_ip,proto,port,up_bytes,down_bytes\n" + value + ",10.0.0.5,198.51.100.7,tcp,443,100,200\n"
		_, _, err := readAs(t, "csv", []string{write(t, t.TempDir(), "a.csv", []byte(log))}, Options{Map: map[string]string{"timestamp": "timestamp"}, Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", value, err)
		}
	}
}
