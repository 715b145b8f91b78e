package answers

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// TestCommand runs the command on a day of three flows, and checks output, messages and errors.
func TestCommand(t *testing.T) {
	dir := t.TempDir()
	day := filepath.Join(dir, "2024-03-20.parquet")
	a, b := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("192.0.2.1")
	flows := []flow.Record{
		{Time: 9 * flow.Hour, Src: a, Dst: b, Proto: flow.TCP, Port: 443, Up: 100, Down: 10},
		{Time: 10 * flow.Hour, Src: a, Dst: b.Next(), Proto: flow.TCP, Port: 443, Up: 50, Down: 20},
		{Time: 11 * flow.Hour, Src: a.Next(), Dst: b, Proto: flow.UDP, Port: 53, Up: 7, Down: 30},
	}
	if _, err := flowfile.WriteRecords(t.Context(), day, slices.Values(flows)); err != nil {
		t.Fatal(err)
	}
	asJSON := `{"by":["proto"],"aggregates":[{"func":"count"}]}`
	file := filepath.Join(dir, "out.csv")
	for _, c := range []struct {
		args    string
		stdin   string
		want    string // on standard output
		message string // the end of the error, if it fails
	}{
		{args: "--by src_ip --sum up_bytes --count --format csv --order src_ip", want: "src_ip,up_bytes,flows\n10.0.0.1,150,2\n10.0.0.2,7,1\n"},
		{args: "--where port=443 --columns dst_ip,up_bytes --format csv", want: "dst_ip,up_bytes\n192.0.2.1,100\n192.0.2.2,50\n"},
		{args: "--by port --max down_bytes --top 1 --format json", want: `{"port":53,"max_down_bytes":30}` + "\n"},
		{args: "--every 2h --count --format csv", want: "timestamp,flows\n2880000,1\n3600000,2\n"},
		{args: "--by date --count --format csv", want: "date,flows\n2024-03-20,3\n"},
		{args: "--query - --format csv", stdin: asJSON, want: "proto,flows\ntcp,2\nudp,1\n"},
		{args: "--by proto --count --format csv -o " + file},
		{args: "--by prt --count", message: `group by: unknown column "prt"; did you mean port?`},
		{args: "--where up_bytes", message: "up_bytes"},
		{args: "--format xml", message: "want table, csv, json, parquet or encoded"},
		{args: "--memory much", message: "--memory"},
		{args: "--internal 10.0.0", message: "--internal"},
		{args: "--query - --by port", stdin: asJSON, message: "--by"},
		{args: "--engine clickhouse://host/logs", message: "--engine reads no files; name a day in the database with --day"},
		{args: "--day 2024-03-20", message: "--day names a day in a database"},
		{args: "--mapping rita", message: "need --engine"},
		{args: "--query -", stdin: "{", message: "--query"},
	} {
		var out, messages bytes.Buffer
		cmd := NewCommand()
		cmd.SilenceErrors, cmd.SilenceUsage = true, true
		cmd.SetArgs(append([]string{day}, strings.Fields(c.args)...))
		cmd.SetIn(strings.NewReader(c.stdin))
		cmd.SetOut(&out)
		err := cmd.ExecuteContext(console.NewContext(t.Context(), console.New(&messages, console.Text)))
		switch {
		case (c.message != "") != (err != nil):
			t.Errorf("%s: error %v", c.args, err)
		case err != nil && !strings.Contains(err.Error(), c.message):
			t.Errorf("%s: error %q lacks %q", c.args, err, c.message)
		case err == nil && out.String() != c.want:
			t.Errorf("%s: got\n%s\nwant\n%s", c.args, out.String(), c.want)
		}
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "proto,flows\ntcp,2\nudp,1\n" {
		t.Errorf("%q, %v", text, err)
	}
}
