package compare

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

const pageBefore = `# Report

## Contents

- [1 Days](#1-days)

## 1 Days

Figure 1.1 shows 17 flows of one host.

<a id="tbl-x"></a>

**Table 1.1** Hosts

| Host | Flows |
| --- | ---: |
| a | 17 |
| b | 3 |

![Bars](figures/fig-x.svg)

**Figure 1.1** Flows
`

// What readers see is compared in Markdown and in HTML alike.
func TestComparePages(t *testing.T) {
	after := strings.NewReplacer("17 flows", "18 flows", "| a | 17 |", "| a | 18 |", "| b | 3 |", "| b | 3 |\n| c | 1 |").Replace(pageBefore) + "\nMore.\n"
	page := func(md, label string) []pageItem {
		t.Helper()
		dir := t.TempDir()
		writeFiles(t, dir, map[string]string{"report.md": md, "figures/fig-x.svg": "<svg><style>x</style><text>" + label + "</text></svg>"})
		items, err := readPage(dir)
		if err != nil {
			t.Fatal(err)
		}
		return items
	}
	got := comparePages(page(pageBefore, "17"), page(after, "18"))
	want := []pageChange{
		{"1 Days", `text: "Figure 1.1 shows 17 flows of one" → "Figure 1.1 shows 18 flows of one"`},
		{"1 Days", `Table 1.1 Hosts: row "a", column "Flows": 17 → 18`},
		{"1 Days", "Table 1.1 Hosts: new row c | 1"},
		{"1 Days", `Figure 1.1 Flows: labels ["17"] → ["18"]`},
		{"1 Days", `new: text "More."`},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(pageChange{})); diff != "" {
		t.Error(diff)
	}

	html := `<h2>1 Days<a class="anchor" href="#days">#</a></h2><p>Seen <b>17</b> flows.</p><figure><figcaption>Table 1.1 Hosts</figcaption><table><tr><th>Host<th>Flows<tr><td>a<td>17</table></figure><pre>code</pre>`
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"old/index.html": html, "new/index.html": strings.ReplaceAll(html, "17", "18")})
	changes, _, err := pageChanges(filepath.Join(dir, "old"), filepath.Join(dir, "new"))
	want = []pageChange{
		{"1 Days", `text: "Seen 17 flows." → "Seen 18 flows."`},
		{"1 Days", `Table 1.1 Hosts: row "a", column "Flows": 17 → 18`},
	}
	if diff := cmp.Diff(want, changes, cmp.AllowUnexported(pageChange{})); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

// Putting the stretches that differ into the first list gives the second.
func FuzzDifferences(f *testing.F) {
	f.Add("abcabba", "cbabac")
	f.Add("", "x")
	f.Add("same", "same")
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := strings.Split(a, ""), strings.Split(b, "")
		if len(x)*len(y) > 10_000 {
			t.Skip()
		}
		lost, won := 0, 0
		for _, run := range differences(x, y, func(s string) string { return s }) {
			if len(run[0])+len(run[1]) == 0 {
				t.Error("an empty stretch")
			}
			lost, won = lost+len(run[0]), won+len(run[1])
		}
		if len(x)-lost != len(y)-won {
			t.Errorf("%d of %d and %d of %d items are the same", len(x)-lost, len(x), len(y)-won, len(y))
		}
		if (a == b) != (lost+won == 0) && len(x) == len([]rune(a)) {
			t.Errorf("%q and %q: %d lost, %d won", a, b, lost, won)
		}
	})
}
