package dayfiles

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
	"github.com/flowbook/flowbook/reportgen/internal/ingest"
)

// importing returns an import of a format, and what it says.
func importing(t *testing.T, format string) (Import, *bytes.Buffer) {
	t.Helper()
	f, err := ingest.Lookup(format)
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	i := Import{Format: f, Console: console.New(&said, console.Text)}
	if format == "csv" {
		i.Reading.Map = map[string]string{"timestamp": "ts"}
	}
	return i, &said
}

// addTo imports logs into a folder of days.
func (i Import) addTo(t *testing.T, dir string, logs ...string) error {
	t.Helper()
	folder, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	return i.AddTo(t.Context(), folder, logs)
}

// records returns the flows of the files of a pattern, in order.
func records(t *testing.T, pattern string) (all []flow.Record) {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		for r, err := range flowfile.Rows(t.Context(), path, flowfile.Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, r)
		}
	}
	slices.SortFunc(all, flow.Compare)
	return all
}

func replace(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// growing are logs of forty rows, each with what it writes after its last row.
var growing = []struct {
	name, format, head, row, end string
}{
	{"conn.log", "zeek", "#separator \\x09\n#path\tconn\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\torig_bytes\tresp_bytes\tconn_state\n",
		"%[1]d.5\tC%[2]d\t10.0.0.1\t%[3]d\t192.0.2.1\t443\ttcp\t%[2]d01\t5000\tSF\n", "#close\t2024-04-19-13-00-00\n"},
	{"eve.json", "eve", "", `{"timestamp":"2024-04-19T12:34:%02[2]d.5+0000","event_type":"flow","src_ip":"10.0.0.1","src_port":%[3]d,"dest_ip":"192.0.2.1","dest_port":443,"proto":"TCP","flow":{"bytes_toserver":%[2]d01,"bytes_toclient":5000,"start":"2024-04-19T12:34:%02[2]d.5+0000"}}` + "\n", ""},
	{"flows.csv", "csv", "ts,src_ip,dst_ip,proto,port,up_bytes,down_bytes,state\n", "%[1]d,10.0.0.1,192.0.2.1,tcp,443,%[2]d01,5000,SF\n", ""},
	{"flows.ndjson", "ecs", "", `{"@timestamp":"2024-04-19T12:34:%02[2]d.5Z","source":{"ip":"10.0.0.1","port":%[3]d,"bytes":%[2]d01},"destination":{"ip":"192.0.2.1","port":443,"bytes":5000},"network":{"transport":"tcp"}}` + "\n", ""},
	{"vpc.log", "vpc", "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n",
		"2 1 eni-1 10.0.0.1 192.0.2.1 %[3]d 443 6 9 %[2]d01 %[1]d %[1]d ACCEPT OK\n", ""},
}

func grown(head, row string, from, to int) string {
	var b strings.Builder
	b.WriteString(head)
	for n := from; n < to; n++ {
		fmt.Fprintf(&b, row, 1713530096+n, n, 50000+n)
	}
	return b.String()
}

// TestGrowing imports logs again and again while they are written, with any part of
// their last row, and once more when they are rotated. The folder then has the flows of
// the whole log, once.
func TestGrowing(t *testing.T) {
	for _, tt := range growing {
		t.Run(tt.format, func(t *testing.T) {
			t.Chdir(t.TempDir())
			i, said := importing(t, tt.format)
			whole := grown(tt.head, tt.row, 10, 50)
			replace(t, tt.name, whole+tt.end)
			if err := i.Write(t.Context(), []string{tt.name}, "whole.parquet"); err != nil {
				t.Fatal(err)
			}
			want := records(t, "whole.parquet")
			// Cuts within the first values of a row: the last one could be a smaller number.
			for n := 12; n < 50; n += 6 {
				next := grown("", tt.row, n, n+1)
				replace(t, tt.name, grown(tt.head, tt.row, 10, n)+next[:n%(len(next)-8)])
				if err := i.addTo(t, "days", tt.name); err != nil {
					t.Fatalf("%v\n%s", err, said)
				}
			}
			var packed bytes.Buffer
			z := gzip.NewWriter(&packed)
			if _, err := z.Write([]byte(whole + tt.end)); err != nil {
				t.Fatal(err)
			}
			if err := z.Close(); err != nil {
				t.Fatal(err)
			}
			replace(t, "2024-04-19-"+tt.name+".gz", packed.String())
			replace(t, tt.name, grown(tt.head, tt.row, 50, 52)) // the log after the rotation
			said.Reset()
			if err := i.addTo(t, "days", "2024-04-19-"+tt.name+".gz"); err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
			if !strings.Contains(said.String(), "skipped 38 rows imported before of logs that have grown; first 2024-04-19-") {
				t.Errorf("said\n%s", said)
			}
			got := records(t, "days/date=*/*.parquet")
			if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b flow.Record) bool { return a == b })); diff != "" {
				t.Error(diff)
			}
			said.Reset()
			if err := i.addTo(t, "days", tt.name); err != nil || strings.Contains(said.String(), "skipped") {
				t.Errorf("%v\n%s", err, said)
			}
			if got := records(t, "days/date=*/*.parquet"); len(got) != len(want)+2 {
				t.Errorf("%d flows after the rotation", len(got))
			}
		})
	}
}

// TestGrowingDocuments imports logs whose last row is not at their end.
func TestGrowingDocuments(t *testing.T) {
	t.Chdir(t.TempDir())
	i, said := importing(t, "ecs")
	row := strings.TrimSuffix(growing[3].row, "\n")
	for n := 1; n <= 4; n++ {
		var rows []string
		for k := range n {
			rows = append(rows, grown("", row, 10+k, 11+k))
		}
		replace(t, "array.json", "[\n"+strings.Join(rows, ",\n")+"\n]\n")
		replace(t, "records.json", `{"records":[`+strings.Join(rows, ",")+"]}")
		for _, log := range []string{"array.json", "records.json"} {
			if err := i.addTo(t, log+".days", log); err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
			if got := records(t, log+".days/date=*/*.parquet"); len(got) != n {
				t.Errorf("%s of %d rows: %d flows", log, n, len(got))
			}
		}
	}
}

// TestGrowingInARow says that the last row was read before its last value was whole.
func TestGrowingInARow(t *testing.T) {
	t.Chdir(t.TempDir())
	i, said := importing(t, "csv")
	head := "ts,src_ip,dst_ip,proto,port,down_bytes,up_bytes\n1713530096,10.0.0.1,192.0.2.1,tcp,443,1,2\n1713530097,10.0.0.1,192.0.2.1,tcp,443,1,"
	replace(t, "flows.csv", head+"12")
	if err := i.addTo(t, "days", "flows.csv"); err != nil {
		t.Fatal(err)
	}
	replace(t, "flows.csv", head+"1234\n1713530098,10.0.0.1,192.0.2.1,tcp,443,1,2\n")
	if err := i.addTo(t, "days", "flows.csv"); err != nil || !strings.Contains(said.String(), "flows.csv: its row 2 was being written when it was imported before") {
		t.Errorf("%v\n%s", err, said)
	}
	if got := records(t, "days/date=*/*.parquet"); len(got) != 3 {
		t.Errorf("%v", got)
	}
}

// TestGrowingCapture refuses a capture that has grown: its end cut connections.
func TestGrowingCapture(t *testing.T) {
	t.Chdir(t.TempDir())
	i, _ := importing(t, "pcap")
	head := "\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x65\x00\x00\x00" // raw IP
	packet := "\x70\x64\x22\x66\x00\x00\x00\x00\x1c\x00\x00\x00\x1c\x00\x00\x00" +
		"\x45\x00\x00\x1c\x00\x00\x00\x00\x40\x11\x00\x00\x0a\x00\x00\x01\xc0\x00\x02\x01" + "\xc3\x50\x00\x35\x00\x08\x00\x00"
	replace(t, "now.pcap", head+packet)
	if err := i.addTo(t, "days", "now.pcap"); err != nil {
		t.Fatal(err)
	}
	replace(t, "now.pcap", head+packet+packet)
	if err := i.addTo(t, "days", "now.pcap"); err == nil || !strings.Contains(err.Error(), "now.pcap: has grown since it was imported") {
		t.Error(err)
	}
}
