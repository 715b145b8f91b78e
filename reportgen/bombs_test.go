package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
)

// TestSmallFilesStaySmall gives each command that reads configuration, lists or notebooks a small file that asks for much:
// it ends soon, with a result or with an error that names the file.
func TestSmallFilesStaySmall(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("FLOWBOOK_CACHE", t.TempDir())
	t.Setenv("JUPYTER_PATH", mustAbs(t, "jupyter"))
	many := strings.Repeat
	const head = `{"cells": [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": `
	notebook := func(markdown string) string {
		return head + fmt.Sprintf("%q", markdown) + `}], "metadata": {"kernelspec": {"name": "none", "display_name": "n", "language": "n"}}, "nbformat": 4, "nbformat_minor": 5}`
	}
	aliases, macros, crossrefs := "a: &a [x, x, x, x, x, x, x, x]\n", "@string{s0 = \"ab\"}\n", ""
	for i := range 9 {
		aliases += fmt.Sprintf("%c: &%c [%s*%c]\n", 'b'+i, 'b'+i, many(fmt.Sprintf("*%c, ", 'a'+i), 7), 'a'+i)
	}
	for i := range 40 {
		macros += fmt.Sprintf("@string{s%d = s%d # s%d # s%d}\n", i+1, i, i, i)
	}
	for i := range 20_000 {
		crossrefs += fmt.Sprintf("@misc{k%d, crossref = {k%d}, title = {x}}\n", i, i+1)
	}
	files := map[string]string{
		"jupyter/kernels/none/kernel.json": `{"argv": ["false"], "display_name": "none", "language": "n"}`,
		"a.csv":                            "ts,src_ip,dst_ip,proto,port,up_bytes,down_bytes\n2024-04-18 10:00:00,10.0.0.1,192.0.2.1,tcp,443,1,2\n",
		"allow.yaml":                       "- network: " + many("{a: ", 30_000),
		"aliases.yaml":                     aliases,
		"rules.yaml":                       "title: " + many("? ", 40_000),
		"parameters.yaml":                  "x: " + many("- ", 40_000),
		"mapping.yaml":                     "columns:\n  timestamp: " + many("{", 50_000),
		"query.json":                       `{"where": "` + many("(", 100_000) + `"}`,
		"list.json":                        `{"objects":` + many("[", 300_000),
		"plain/a.ipynb":                    notebook("# A"),
	}
	works := map[string]string{"macros.bib": macros + "@misc{k0, title = s40}", "crossrefs.bib": crossrefs, "braces.bib": "@misc{k0, title = " + many("{", 200_000), "brackets.json": many("[", 200_000)}
	for name, text := range works {
		files[name+"/"+name], files[name+"/report.yaml"], files[name+"/a.ipynb"] = text, "bibliography: "+name+"\n", notebook("# A\n\n[@k0]")
	}
	texts := []string{
		many("> ", 20_000), many("![a](", 60_000), many("*a **b ", 30_000), many("<div>", 40_000), "$" + many(`\frac{`, 5000) + "$", many("`", 50_000) + "a", many("- ", 20_000) + "x",
		"```python\n" + many(`"""\`, 20_000) + "\n```", many("&#", 60_000), many("<a ", 60_000), many("[^1]", 10_000) + "\n\n[^1]: x",
	}
	for i, text := range texts {
		files[fmt.Sprintf("text%d/a.ipynb", i)] = notebook("# A\n\n" + text)
	}
	testenv.WriteFiles(t, ".", files)
	mustRun(t, "import", "--from", "csv", "--map", "timestamp=ts", "a.csv", "-o", "day.parquet")
	refused := map[string][]string{
		"allow.yaml": {"detect", "--test", "day.parquet", "--allow", "allow.yaml"}, "aliases.yaml": {"run", "-f", "aliases.yaml", "plain"}, "rules.yaml": {"rules", "--rules", "rules.yaml"},
		"parameters.yaml": {"run", "-f", "parameters.yaml", "plain"}, "mapping.yaml": {"profile", "--sql", "clickhouse", "--source", "d.t", "--mapping", "mapping.yaml"},
		"query.json": {"query", "day.parquet", "--query", "query.json"}, "list.json": {"detect", "--test", "day.parquet", "--intel", "list.json"},
		"brackets.json": {"run", "brackets.json"},
	}
	soon := func(name string, args []string) (status int, stderr string) {
		began := time.Now()
		status, _, stderr = reportgen(t, args...)
		if took := time.Since(began); took > time.Minute { // other programs may keep the machine busy
			t.Errorf("%s: took %v", name, took)
		}
		if strings.Contains(stderr, "goroutine ") || status > exit.BadInput {
			t.Errorf("%s: status %d\n%.2000s", name, status, stderr)
		}
		return status, stderr
	}
	for name, args := range refused {
		if status, stderr := soon(name, args); status != exit.BadInput || !strings.Contains(stderr, name) && name != "query.json" {
			t.Errorf("%s: status %d\n%.2000s", name, status, stderr)
		}
	}
	for _, name := range []string{"macros.bib", "crossrefs.bib", "braces.bib"} {
		soon(name, []string{"run", "--to", "html,md", "-o", "report-" + name, name})
	}
	for i := range texts {
		name := fmt.Sprintf("text%d", i)
		if status, stderr := soon(name, []string{"run", "--to", "html,md,typst", "-o", "report-" + name, name}); status != exit.Done {
			t.Errorf("%s: status %d\n%.2000s", name, status, stderr)
		}
	}
}
