package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
)

// No output replaces a file that the command did not write: an input, a file of another kind, or files of the user in a
// folder. None is written into the folder of a report, where the next run would remove it.
func TestOutputsReplaceNothingElse(t *testing.T) {
	const log = "ts,src_ip,dst_ip,proto,port,up_bytes,down_bytes\n2024-04-18 10:00:00,10.0.0.1,192.0.2.1,tcp,443,1,2\n2024-04-19 10:00:00,10.0.0.1,192.0.2.1,tcp,443,1,2\n"
	importing := []string{"import", "--from", "csv", "--map", "timestamp=ts", "a.csv"}
	synth := []string{"synth", "--hosts", "60", "--flows", "10000"}
	t.Chdir(t.TempDir())
	t.Setenv("FLOWBOOK_CACHE", t.TempDir())
	testenv.WriteFiles(t, ".", map[string]string{
		"a.csv": log, "tor": "16777216,16777471,AU\n", "notes": "mine", "flows-2024-04-19.parquet": "mine", "report/.reportgen": "", "report/report.md": "a report",
		"days/date=2024-03-04/flows.parquet": "of the user", "own/data.parquet": "of the user", "own/truth.json": "{}",
		"venv/share/jupyter/kernels/gonb/kernel.json": `{"argv": ["gonb"]}`, "go.mod": "module m\n\ntool (\n\tgithub.com/janpfeifer/gonb\n\tgolang.org/x/tools/cmd/goimports\n)\n",
	})
	mustRun(t, append(importing, "--day", "2024-04-18", "-o", "flows.parquet")...)
	before := testenv.Tree(t, ".")
	for _, tt := range []struct {
		args []string
		want string
	}{
		{append(importing, "-o", "a.csv"), "-o: a.csv: is an input"},
		{append(importing, "-o", "notes"), "-o: notes: exists and is not a Parquet file"},
		{append(importing, "-o", "flows.parquet"), "flows-2024-04-19.parquet: exists and is not a Parquet file"},
		{append(importing, "-o", "report/day.parquet"), "report: is in the folder of a report"},
		{append(importing, "--into", "report/days"), "--into: report/days: is in the folder of a report"},
		{[]string{"query", "flows.parquet", "--count", "-o", "flows.parquet"}, "-o: flows.parquet: is an input"},
		{[]string{"query", "flows.parquet", "--count", "--format", "parquet", "-o", "flows.parquet"}, "-o: flows.parquet: is an input"},
		{[]string{"query", "flows.parquet", "--count", "--format", "parquet", "-o", "a.csv"}, "-o: a.csv: exists and is not a Parquet file"},
		{[]string{"profile", "flows.parquet", "-o", "flows.parquet"}, "-o: flows.parquet: exists and is not a profile"},
		{[]string{"geo", "convert", "tor", "-o", "notes"}, "-o: notes: exists and is not an MMDB"},
		{[]string{"evaluate", "worlds", "-o", "flows.parquet"}, "-o: flows.parquet: exists and is not a text"},
		{append(synth, "-o", "report"), "report: is in the folder of a report"},
		{append(synth, "-o", "own"), "own: has a file data.parquet that synth did not write"},
		{append(synth, "-o", "days", "--days", "2"), "days: has a file date=2024-03-04 that synth did not write"},
		{[]string{"detect", "--test", "flows.parquet", "--alert", "file:alerts", "--alert-spool", "report/spool"}, "--alert-spool: report/spool: is in the folder of a report"},
		{[]string{"init", "report"}, "report: is in the folder of a report"},
		{[]string{"kernel", "install", "--prefix", "none"}, "--prefix none: no such folder"},
		{[]string{"kernel", "install", "--prefix", "notes"}, "--prefix notes: is not a folder"},
		{[]string{"kernel", "install", "--prefix", "venv"}, "kernel.json: exists and was not written by reportgen"},
	} {
		status, _, stderr := reportgen(t, tt.args...)
		if status != exit.BadInput || !strings.Contains(stderr, tt.want) {
			t.Errorf("%s: status %d, want %q:\n%s", tt.args, status, tt.want, stderr)
		}
		if diff := cmp.Diff(before, testenv.Tree(t, ".")); diff != "" {
			t.Fatalf("%s: files changed (-before +after):\n%s", tt.args, diff)
		}
	}
	mustRun(t, append(synth, "-o", "sample")...)
	mustRun(t, append(synth, "--seed", "2", "-o", "sample")...) // of an earlier run
}
