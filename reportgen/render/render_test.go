package render_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// readInputs reads the notebooks of a folder, in the order of their names.
func readInputs(t testing.TB, dir string) []render.Input {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.ipynb"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no notebook in %s: %v", dir, err)
	}
	var inputs []render.Input
	for _, name := range names {
		nb, err := nbformat.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		inputs = append(inputs, render.Input{Name: filepath.Base(name), Notebook: nb})
	}
	return inputs
}

func sampleOptions() render.Options {
	return render.Options{
		Title:    "A day of flows",
		Subtitle: "Security in communication networks",
		Authors:  []render.Author{{Name: "Ada Lovelace"}, {Name: "Grace Hopper"}},
		Date:     "20 April 2024",
		Abstract: "What a day of network flows says about the hosts behind them; @sec-normal is the measure.",
		Provenance: []document.Field{
			{Name: "data.parquet", Value: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
			{Name: "seed", Value: "7"},
		},
	}
}

func build(t testing.TB, inputs []render.Input, o render.Options) *document.Document {
	t.Helper()
	d, warnings, err := render.Build(inputs, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range warnings {
		t.Log(w)
	}
	return d
}

func page(t testing.TB, d *document.Document) string {
	t.Helper()
	var b bytes.Buffer
	if err := render.WriteHTML(&b, d); err != nil {
		t.Fatal(err)
	}
	var again bytes.Buffer
	if err := render.WriteHTML(&again, decoded(t, d)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.ToValidUTF8(b.String(), "\uFFFD"), again.String()); diff != "" {
		t.Errorf("the page of the decoded document differs:\n%s", diff)
	}
	return b.String()
}

// markdown is the text of report.md and the names of the files beside it.
func markdown(t testing.TB, d *document.Document) (string, []string) {
	t.Helper()
	dir := t.TempDir()
	if err := render.WriteMarkdown(dir, d); err != nil {
		t.Fatal(err)
	}
	checkDecodedMarkdown(t, d, dir)
	data, err := os.ReadFile(filepath.Join(dir, "report.md"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	figures, _ := filepath.Glob(filepath.Join(dir, "figures", "*"))
	for _, f := range figures {
		names = append(names, filepath.Base(f))
	}
	return string(data), names
}

// body is the page from its title on: style and script are not compared.
func body(html string) string {
	_, after, _ := strings.Cut(html, "<header class=\"title\">")
	return after
}

// checkWarning checks that a text is in the warnings, or that there is none if it is empty.
func checkWarning(t *testing.T, warnings []render.Warning, want string) {
	t.Helper()
	said := ""
	for _, w := range warnings {
		said += w.Text
	}
	if (want == "") != (said == "") || !strings.Contains(said, want) {
		t.Errorf("warnings are %q, want %q", said, want)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	testenv.Golden(t, filepath.Join("testdata", name), got)
}

func TestReport(t *testing.T) {
	d := build(t, readInputs(t, "testdata"), sampleOptions())
	html := page(t, d)
	md, figures := markdown(t, d)
	golden(t, "report.html", body(html))
	golden(t, "report.md", md)
	if diff := cmp.Diff([]string{"fig-countries.svg", "fig-flows.svg", "fig-py.svg"}, figures); diff != "" {
		t.Errorf("figures (-want +got):\n%s", diff)
	}
}

// TestReportIsDeterministic builds the report several times: nothing may depend on the
// order of a map or the clock.
func TestReportIsDeterministic(t *testing.T) {
	first := ""
	for range 5 {
		d := build(t, readInputs(t, "testdata"), sampleOptions())
		md, _ := markdown(t, d)
		if got := page(t, d) + md; first == "" {
			first = got
		} else if got != first {
			t.Fatal("two renderings of the same notebooks differ")
		}
	}
}

func TestNoNotebookIsAnError(t *testing.T) {
	if d, _, err := render.Build(nil, render.Options{}); err == nil || d != nil {
		t.Errorf("Build of nothing gave %v, %v", d, err)
	}
}

// problems are the texts of all *render.Problem in err.
func problems(t *testing.T, err error) []string {
	t.Helper()
	var texts []string
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("%T does not join problems", err)
	}
	for _, e := range joined.Unwrap() {
		if p, ok := errors.AsType[*render.Problem](e); ok {
			texts = append(texts, p.Error())
		} else {
			t.Errorf("%v is not a *render.Problem", e)
		}
	}
	return texts
}
