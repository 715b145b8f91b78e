package ingest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
)

// TestNfdumpAgainstItself has nfdump print a file of nfcapd in every form that is
// read. The flows are the same whether nfdump or Flowbook joins the directions,
// and the numbers of rows and bytes are those that nfdump reports.
func TestNfdumpAgainstItself(t *testing.T) {
	nfdump := testenv.Program(t, "nfdump", "Debian's package nfdump")
	realData(t, "nfdump")
	const rows, bytes = 4593, 241_025 // of its Summary
	run := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), nfdump, append([]string{"-r", "test1-malicious.nfdump"}, args...)...)
		cmd.Env = append(os.Environ(), "TZ=UTC")
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), strings.Join(args, "")+".txt")
		if err := os.WriteFile(path, out, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	read := func(args ...string) (flows []Flow, up, down int64) {
		flows, summary, err := readAs(t, "nfdump", []string{run(args...)}, Options{})
		if err != nil || len(summary.LeftOut) > 0 {
			t.Fatalf("%v: %v, left out %+v", args, err, summary.LeftOut)
		}
		for _, f := range flows {
			up, down = up+f.Up, down+f.Down
		}
		return flows, up, down
	}
	for _, form := range []string{"csv", "line", "long", "extended", "biline", "bilong", "pipe", "json", "fmt:%ts %te %pr %sa %sp %da %dp %flg %pkt %byt", "fmt:%pr,%sap,%dap,%td,%ts,%ra,%ibyt,%bps", "fmt:%pr %sa:%sp -> %da:%dp %ter %td %byt"} {
		for _, plain := range [][]string{{"-o", form}, {"-N", "-o", form}, {"-q", "-o", form}} {
			if plain[0] == "-q" && (form == "csv" || strings.HasPrefix(form, "bi") || strings.HasPrefix(form, "fmt:")) {
				continue // the columns are not known without the header
			}
			if flows, up, down := read(plain...); len(flows) != rows || up != bytes || down != 0 {
				t.Errorf("%v: %d rows of %d and %d bytes, want %d of %d", plain, len(flows), up, down, rows, bytes)
			}
		}
	}
	var before int64
	for _, form := range []string{"csv", "biline", "bilong"} {
		flows, up, down := read("-b", "-N", "-o", form)
		if len(flows) >= rows || up <= down || up+down != bytes || before != 0 && up != before {
			t.Errorf("joined, %s: %d rows of %d and %d bytes", form, len(flows), up, down)
		}
		before = up
	}
}
