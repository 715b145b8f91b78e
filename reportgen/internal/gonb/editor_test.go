package gonb_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowbook/flowbook/reportgen/internal/gonb"
	"github.com/flowbook/flowbook/reportgen/internal/kernel"
	"github.com/flowbook/flowbook/reportgen/internal/kerneltest"
)

// cursor marks the position of the cursor in the cells of TestEditor.
const cursor = "‸"

// TestEditor asks the kernel that JupyterLab starts what an editor asks, and logs how
// long it takes (go test -run TestEditor -v).
func TestEditor(t *testing.T) {
	k := startInstalled(t)
	timed := func(name string, f func()) {
		start := time.Now()
		f()
		t.Logf("%6.2f s  %s", time.Since(start).Seconds(), name)
	}
	for _, c := range []struct{ cell, want string }{
		{"%%\nframe.Ho‸", "Hosts"}, // before any cell has run
		{"%%\nframe.Where(f, \"up_b‸\")", "up_bytes"},
		{"%%\nframe.Where(f, `port = 443 and\n up_b‸", "up_bytes"},
	} {
		timed("first completion of "+strings.ReplaceAll(c.cell, "\n", "⏎"), func() {
			if got := complete(t, k, c.cell); !slices.Contains(got, c.want) {
				t.Errorf("%s: got %q, want %s among them", c.cell, got, c.want)
			}
		})
	}
	const empty, warm = "%%\n_ = 0", "%%\nfmt.Print(frame.Hosts(&profile.Profile{}).Nrow())"
	declarations := "import (\n\"github.com/flowbook/flowbook/pkg/frame\"\n\"github.com/flowbook/flowbook/pkg/nb\"\n)\nvar days = []string{\"monday\"}"
	timed("declarations, without %%", func() { mustExecute(t, k, declarations) })
	timed("first empty cell", func() { mustExecute(t, k, empty) })
	timed("first cell of packages", func() { mustExecute(t, k, warm) })
	timed("empty cell", func() { mustExecute(t, k, empty) })
	timed("warm cell", func() { mustExecute(t, k, warm) })
	timed("failing cell", func() {
		r, err := kerneltest.Execute(t, k, "%%\nx := 1\nfmt.Print(frame.Hots(nil))")
		html := fmt.Sprint(r.Outputs[0].Data["text/html"])
		if err == nil || !regexp.MustCompile(`Cell\[\d+\]: Line 3`).MatchString(html) || !strings.Contains(html, "Hots") {
			t.Errorf("error %v, shown as %s; want it on line 3", err, html)
		}
	})
	for _, c := range []struct{ cell, want string }{
		{"%%\nframe.Ho‸", "Hosts"},
		{"%%\nframe.Ho‸", "Hosts"}, // again
		{"%%\nframe.‸", "Hosts"},   // the cell does not parse
		{"%%\nf := frame.Hosts(nil)\nfmt.Println(f.Nr‸)", "Nrow"},
		{"%%\n// 🙂🙂\nframe.Ho‸", "Hosts"}, // characters and UTF-16 code units differ
		{"%%\nfor i := range 3 {\n\tnb.Ta‸", "Table"},
		{"%%\nfmt.Println(da‸)", "days"},                       // of an earlier cell
		{"%%\nfmt.Println(\"größe → 1\", frame.Ho‸)", "Hosts"}, // columns are not bytes
		{"func hosts() {\n\tframe.Ho‸\n}", "Hosts"},
		{"%%\nstrings.ToUp‸", "ToUpper"}, // not imported before
	} {
		timed("completion of "+strings.ReplaceAll(c.cell, "\n", "⏎"), func() {
			if got := complete(t, k, c.cell); !slices.Contains(got, c.want) {
				t.Errorf("%s: got %q, want %s among them", c.cell, got, c.want)
			}
		})
	}
	for _, c := range []struct{ cell, want string }{
		{"%%\nx := frame.Hos‸ts(nil)", "Hosts returns the sources of the day"},
		{"%%\nnb.Table(‸", "func nb.Table("},
		{"%%\nfmt.Println(day‸s)", "var days []string"},
	} {
		timed("inspection of "+strings.ReplaceAll(c.cell, "\n", "⏎"), func() {
			if got := inspect(t, k, c.cell); !strings.Contains(got, c.want) {
				t.Errorf("%s: got %q, want %q in it", c.cell, got, c.want)
			}
		})
	}
}

// startInstalled starts the kernel of the spec that JupyterLab gets.
func startInstalled(t *testing.T) *kernel.Kernel {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a real GoNB kernel: skipped with -short")
	}
	kerneltest.PrivateTemp(t)
	file, err := gonb.Install(t.Context(), ".", t.TempDir(), []string{"src_ip", "up_bytes"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	spec := &kernel.Spec{Name: "gonb"}
	if err := json.Unmarshal(src, spec); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(spec.Argv[0]), "gopls")); err != nil {
		t.Skip("gopls could not be built, perhaps without a network: ", err)
	}
	return kerneltest.Start(t, "gonb", kernel.Options{Spec: spec})
}

func mustExecute(t *testing.T, k *kernel.Kernel, code string) {
	t.Helper()
	if _, err := kerneltest.Execute(t, k, code); err != nil {
		t.Fatal(code, err)
	}
}

// request sends a request with the position of the cursor in a cell.
func request(t *testing.T, k *kernel.Kernel, msgType, cell string, reply any) {
	t.Helper()
	before, after, _ := strings.Cut(cell, cursor)
	content, err := k.Request(t.Context(), msgType, map[string]any{"code": before + after, "cursor_pos": len([]rune(before)), "detail_level": 0})
	if err == nil {
		err = json.Unmarshal(content, reply)
	}
	if err != nil {
		t.Fatal(msgType, err)
	}
}

// complete returns what the kernel offers at the cursor. GoNB gives up after eight
// seconds, which are not enough on a busy machine that runs everything for the first time.
func complete(t *testing.T, k *kernel.Kernel, cell string) []string {
	t.Helper()
	for {
		var reply struct {
			Status  string
			Matches []string
		}
		if request(t, k, "complete_request", cell, &reply); reply.Status == "ok" {
			return reply.Matches
		}
		t.Log("completion took too long, asking again")
	}
}

// inspect returns the documentation that the kernel shows at the cursor.
func inspect(t *testing.T, k *kernel.Kernel, cell string) string {
	t.Helper()
	for {
		var reply struct{ Data map[string]string }
		if request(t, k, "inspect_request", cell, &reply); !strings.Contains(reply.Data["text/plain"], "deadline") {
			return reply.Data["text/markdown"] + reply.Data["text/plain"]
		}
		t.Log("inspection took too long, asking again")
	}
}
