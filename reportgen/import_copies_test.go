package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// A folder with a log and its packed copy gives each flow once, with its name, whether
// it is written to a file or added to a folder of days.
func TestImportCopies(t *testing.T) {
	t.Chdir(t.TempDir())
	log := "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\torig_bytes\tresp_bytes\n" +
		"1713530096\tC1\t10.0.0.1\t50000\t192.0.2.1\t443\ttcp\t1\t2\n1713530097\tC2\t10.0.0.1\t50001\t192.0.2.1\t443\ttcp\t3\t4\n"
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(log)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir("logs", 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"conn.log": log, "conn.1.log.gz": packed.String(), "ssl.log": "#path\tssl\n#fields\tts\tuid\tserver_name\n1713530096\tC1\ta.example\n",
	} {
		if err := os.WriteFile(filepath.Join("logs", name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct{ args, says string }{
		{"logs -o day.parquet", "skipped 1 log with the content of another one; first logs/conn.log"},
		{"logs --into days", "skipped 1 log imported before; first logs/conn.log"},
		{"logs/conn.log --into days", "skipped 1 log imported before; first logs/conn.log"},
	} {
		var stderr strings.Builder
		status := run(t.Context(), append([]string{"import", "--from", "zeek"}, strings.Fields(tt.args)...), &stderr, &stderr)
		if status != exit.Done || !strings.Contains(stderr.String(), tt.says) {
			t.Errorf("%s: status %d\n%s", tt.args, status, &stderr)
		}
	}
	files, err := filepath.Glob("days/date=*/*.parquet")
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	for _, file := range []string{"day.parquet", files[0]} {
		var flows []flow.Record
		for r, err := range flowfile.Rows(t.Context(), file, flowfile.Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			flows = append(flows, r)
		}
		named := slices.ContainsFunc(flows, func(r flow.Record) bool { return r.Name == "a.example" })
		if len(flows) != 2 || !named {
			t.Errorf("%s: %v", file, flows)
		}
	}
}
