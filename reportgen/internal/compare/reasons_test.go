package compare

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/reportgen/execute"
	"github.com/flowbook/flowbook/reportgen/internal/report"
)

// sources returns what a sample report was made from.
func sources() report.Sources {
	return report.Sources{
		Reportgen: "v1", Config: "c", Parameters: []report.Parameter{{Name: "limit", Value: "1"}, {Name: "test", Value: "day.parquet"}},
		Notebooks: []report.NotebookSource{
			{
				Name: "a.ipynb", Kernel: "k 1", Cells: []report.CellSource{{ID: "x", SHA256: "1"}, {ID: "y", SHA256: "2"}},
				Sources: []execute.Source{{Kind: execute.KindFile, Name: "day.csv", SHA256: "1"}, {Kind: execute.KindEnvironment, Name: "HOME", SHA256: "1"}},
			},
			{Name: "b.ipynb", Kernel: "k 1", Sources: []execute.Source{{Kind: execute.KindFile, Name: "day.csv", SHA256: "1"}}},
		},
	}
}

func TestReasons(t *testing.T) {
	if got := reasons(sources(), sources()); len(got) > 0 {
		t.Errorf("nothing changed: %v", got)
	}
	is := sources()
	is.Reportgen, is.Config = "v2", "d"
	is.Parameters = []report.Parameter{{Name: "limit", Value: "2"}, {Name: "new", Value: "3"}}
	is.Notebooks[0].Cells = []report.CellSource{{ID: "x", SHA256: "9"}, {ID: "z", SHA256: "2"}}
	is.Notebooks[0].Sources = []execute.Source{{Kind: execute.KindFile, Name: "day.csv", SHA256: "9"}, {Kind: execute.KindPackage, Name: "p", SHA256: "1"}}
	is.Notebooks[1].Sources[0].SHA256, is.Notebooks[1].Kernel = "9", "k 2"
	is.Notebooks = append(is.Notebooks, report.NotebookSource{Name: "c.ipynb"})
	was := sources()
	was.Notebooks = append(was.Notebooks, report.NotebookSource{Name: "d.ipynb"})
	want := []string{
		"reportgen is v2, was v1",
		"report.yaml changed",
		"parameter limit is 2, was 1",
		"parameter new is 3, was its default",
		"parameter test is its default, was day.parquet",
		"a.ipynb: cell 1 (x) changed",
		"a.ipynb: cell 2 (z) is new",
		"a.ipynb: cell y was removed",
		"notebook c.ipynb is new",
		"notebook d.ipynb was removed",
		"file day.csv changed (a.ipynb, b.ipynb)",
		"package p is a new input (a.ipynb)",
		"environment variable HOME is no longer an input (a.ipynb)",
		"the kernel is k 2, was k 1 (b.ipynb)",
	}
	if diff := cmp.Diff(want, reasons(was, is)); diff != "" {
		t.Error(diff)
	}
}

// A source without a hash is neither changed nor unchanged: it is named as a
// possible cause.
func TestUnpublishedSources(t *testing.T) {
	with := func(sources ...execute.Source) report.Sources {
		return report.Sources{Notebooks: []report.NotebookSource{{Name: "a.ipynb", Sources: sources}, {Name: "b.ipynb", Sources: sources}}}
	}
	pin := execute.Source{Kind: execute.KindEnvironment, Name: "PIN"}
	hashed := pin
	hashed.SHA256 = "f5"
	data := execute.Source{Kind: execute.KindFile, Name: "day.csv", SHA256: "a1"}
	for _, was := range []report.Sources{with(pin, data), with(hashed, data)} { // early reports have the hash
		if why := reasons(was, with(pin, data)); len(why) > 0 {
			t.Errorf("%q", why)
		}
	}
	if got := unpublished(with(pin, data)); !slices.Equal(got, []string{"environment variable PIN"}) {
		t.Errorf("%q", got)
	}
	absent := pin
	absent.SHA256 = "absent"
	changed := data
	changed.SHA256 = "b2"
	if why := reasons(with(absent, data), with(absent, changed)); !slices.Equal(why, []string{"file day.csv changed (a.ipynb, b.ipynb)"}) {
		t.Errorf("%q", why)
	}
}
