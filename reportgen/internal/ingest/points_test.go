package ingest

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestPoints decides by a whole column what the point of a count separates, though the values that decide come last.
func TestPoints(t *testing.T) {
	for _, tt := range []struct {
		name, bytes, packets string // of the rows
		want                 string // the bytes read
		said                 string
	}{
		{"thousands by a number that is not whole", "2.000 15.000 1.234", "2 3 4", "2000 15000 1234", ""},
		{"thousands by a larger number", "2.000 15.000 1.234.567", "2 3 4", "2000 15000 1234567", ""},
		{"thousands by a small number", "2.000 0 560", "2 3 4", "2000 0 560", ""},
		{"decimals by zero", "2.000 15.000 0.000", "2 3 4", "2 15 0", ""},
		{"decimals by a larger number", "2.000 15000.000 3.000", "2 3 4", "2 15000 3", ""},
		{"decimals by another number", "2.000 12.0 3.000", "2 3 4", "2 12 3", ""},
		{"decimals by a large number", "2.000 15000 3.000", "2 3 4", "2 15000 3", ""},
		{"each column for itself", "2.000 15.000 0.000", "2.000 1.234 7", "2 15 0", ""},
		{"nothing decides", "2.000 15.000 3.000", "2 3 4", "2 15 3", "took counts such as 2.000 for 2, not 2,000, in 3 rows; first log.csv:2"},
		{"both", "2.000 560 0.000", "2 3 4", "560 0", `left out 1 row: byte count not readable; first log.csv:2: up_bytes "2.000"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			log := "ts;src_ip;dst_ip;proto;port;up_bytes;down_bytes;up_packets\n"
			packets := strings.Fields(tt.packets)
			for n, bytes := range strings.Fields(tt.bytes) {
				log += "1713530096;10.0.0.1;192.0.2.1;tcp;443;" + bytes + ";1;" + packets[n] + "\n"
			}
			if err := os.WriteFile("log.csv", []byte(log), 0o600); err != nil {
				t.Fatal(err)
			}
			format, err := Lookup("csv")
			if err != nil {
				t.Fatal(err)
			}
			r, err := Open(format, []string{"log.csv"}, Options{Map: map[string]string{"timestamp": "ts"}})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for {
				f, err := r.Read()
				if err != nil {
					break
				}
				got = append(got, strconv.FormatInt(f.Up, 10))
			}
			var said strings.Builder
			if _, err := r.Summary().WriteTo(&said); err != nil {
				t.Fatal(err)
			}
			if read := strings.Join(got, " "); read != tt.want || !strings.Contains(said.String(), tt.said) {
				t.Errorf("read %s, want %s\n%s", read, tt.want, said.String())
			}
		})
	}
}
