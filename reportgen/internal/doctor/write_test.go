package doctor

import (
	"strings"
	"testing"
)

func TestWrite(t *testing.T) {
	checks := []Check{
		{Name: "go", Required: true, Found: true, Detail: "go1.26.0", For: "notebooks with Go cells"},
		{Name: "kernel", Required: true, Detail: "no go.mod", For: "notebooks with Go cells", Fix: "reportgen init DIR"},
		{Name: "chromium", Detail: "not found", For: "PDF & charts", Fix: "apt-get install chromium"},
	}
	var table, lines strings.Builder
	if err := WriteTable(&table, checks); err != nil {
		t.Fatal(err)
	}
	const want = `ok       go        go1.26.0
MISSING  kernel    no go.mod
                     for notebooks with Go cells: reportgen init DIR
missing  chromium  not found
                     for PDF & charts: apt-get install chromium
`
	if table.String() != want {
		t.Errorf("got\n%s\nwant\n%s", table.String(), want)
	}
	if err := WriteJSON(&lines, checks[1:]); err != nil {
		t.Fatal(err)
	}
	const objects = `{"name":"kernel","required":true,"found":false,"detail":"no go.mod","for":"notebooks with Go cells","fix":"reportgen init DIR"}
{"name":"chromium","required":false,"found":false,"detail":"not found","for":"PDF & charts","fix":"apt-get install chromium"}
`
	if lines.String() != objects {
		t.Errorf("got\n%s\nwant\n%s", lines.String(), objects)
	}
	if missing := Missing(checks); len(missing) != 1 || missing[0] != "kernel" {
		t.Errorf("missing: %q", missing)
	}
}
