package report_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/flowbook/flowbook/reportgen/execute"
	"github.com/flowbook/flowbook/reportgen/internal/report"
)

// Writing a report ends with the timeout of the run, or with its context, also if what it does knows of neither. The
// report of before stays.
func TestWriteInTime(t *testing.T) {
	for _, tt := range []struct {
		name    string
		timeout time.Duration
		want    error
	}{
		{"timeout of the run", 300 * time.Millisecond, nil},
		{"interrupt", 0, context.Canceled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			notebook := filepath.Join(dir, "a.ipynb")
			text := `{"cells":[{"cell_type":"markdown","metadata":{},"source":"no heading"}],"metadata":{"kernelspec":{"name":"fake"}},"nbformat":4,"nbformat_minor":4}`
			if err := os.WriteFile(notebook, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			kernel := filepath.Join(dir, "kernels", "fake") // never started, since no cell has code
			if err := os.MkdirAll(kernel, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(kernel, "kernel.json"), []byte(`{"argv":["true"],"display_name":"f","language":"fake"}`), 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv("JUPYTER_PATH", dir)
			source, err := report.FindSource([]string{notebook})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			run, err := report.Execute(ctx, source, report.Options{Execute: execute.Options{Timeout: tt.timeout}})
			if err != nil {
				t.Fatal(err)
			}
			folder, err := report.NewFolder(filepath.Join(dir, "report"))
			if err != nil {
				t.Fatal(err)
			}
			release := make(chan struct{})
			defer close(release)
			hang := func(string) { // the warning that the notebook has no heading
				if tt.timeout == 0 {
					cancel()
				}
				<-release
			}
			_, err = run.Write(ctx, folder, report.WriteOptions{Formats: []string{"html"}, Warn: hang})
			if _, late := errors.AsType[*execute.TimeoutError](err); late != (tt.timeout > 0) || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("error %v", err)
			}
			if _, err := os.Stat(folder.Path()); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the report is there: %v", err)
			}
		})
	}
}
