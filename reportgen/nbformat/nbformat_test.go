package nbformat

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/pkg/testenv"
)

const every = "testdata/every.ipynb"

// The notebook in testdata is written as Jupyter writes it and holds every kind
// of cell, output and unknown field, so reading and writing it changes no byte.
func TestRoundTripIsLossless(t *testing.T) {
	want, err := os.ReadFile(every)
	if err != nil {
		t.Fatal(err)
	}
	nb, err := ReadFile(every)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Marshal(nb)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("written differs from read (-want +got):\n%s", diff)
	}
}

func TestReadKnowsTheFields(t *testing.T) {
	nb, err := ReadFile(every)
	if err != nil {
		t.Fatal(err)
	}
	if nb.Language() != "go" || nb.KernelName() != "gonb" {
		t.Errorf("language %q, kernel %q", nb.Language(), nb.KernelName())
	}
	c := nb.Cells[1]
	if !c.HasTag("parameters") || !c.HasTag("hide-input") || c.HasTag("hide") {
		t.Errorf("tags %q", c.Tags())
	}
	if c.Source != "var x = 3\n" || c.Outputs[0].Text != "one\ntwo" {
		t.Errorf("source %q, text %q", c.Source, c.Outputs[0].Text)
	}
	if got := c.Outputs[1].Data["image/svg+xml"]; got != "<svg>\n</svg>\n" {
		t.Errorf("svg %q", got)
	}
	if *c.ExecutionCount != 7 || *c.Outputs[2].ExecutionCount != 7 {
		t.Error("execution counts differ from 7")
	}
}

func TestSourceMayBeAString(t *testing.T) {
	nb, err := Unmarshal([]byte("\ufeff" + `{"nbformat":4,"nbformat_minor":2,"metadata":{},"cells":[
		{"cell_type":"code","metadata":{},"source":"a\nb","outputs":[{"output_type":"stream","name":"stdout","text":"x\n"}],"execution_count":null}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if nb.Cells[0].Source != "a\nb" || nb.Cells[0].Outputs[0].Text != "x\n" {
		t.Errorf("got %+v", nb.Cells[0])
	}
}

func TestUpgradeGivesTheSameIDsAlways(t *testing.T) {
	cell := func(id string) *Cell { return &Cell{Type: Markdown, ID: id} }
	nb := &Notebook{Minor: 2, Cells: []*Cell{cell(""), cell("keep"), cell("keep"), cell("not valid!"), cell("cell-1")}}
	nb.Upgrade()
	var got []string
	for _, c := range nb.Cells {
		got = append(got, c.ID)
	}
	want := []string{"cell-1-2", "keep", "cell-3", "cell-4", "cell-1"}
	if diff := cmp.Diff(want, got); diff != "" || nb.Minor != 5 {
		t.Errorf("minor %d, ids (-want +got):\n%s", nb.Minor, diff)
	}
}

// A minor version only adds to those before it, so a later one is read, and written back as it is.
func TestLaterMinorVersion(t *testing.T) {
	const src = `{"cells":[{"cell_type":"code","execution_count":null,"id":"a","metadata":{},"new":1,"outputs":[],"source":[]}],"metadata":{},"nbformat":4,"nbformat_minor":6}`
	nb, err := Unmarshal([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	nb.Upgrade()
	got, err := Marshal(nb)
	if err != nil {
		t.Fatal(err)
	}
	var a, b any
	if err := errors.Join(json.Unmarshal([]byte(src), &a), json.Unmarshal(got, &b)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a, b); diff != "" {
		t.Error(diff)
	}
}

func TestCloneIsIndependent(t *testing.T) {
	nb, err := ReadFile(every)
	if err != nil {
		t.Fatal(err)
	}
	before, _ := Marshal(nb)
	c := nb.Clone()
	c.Cells[1].Source = "changed"
	c.Cells[1].Metadata["changed"] = true
	c.Cells[1].Outputs[0].Text = "changed"
	c.Cells = append(c.Cells, &Cell{Type: Raw})
	c.Metadata["changed"] = true
	if after, _ := Marshal(nb); !bytes.Equal(before, after) {
		t.Error("changing the clone changed the original")
	}
}

func TestBadInput(t *testing.T) {
	nb := func(cells string) string {
		return `{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":` + cells + `}`
	}
	tests := []struct{ name, in, want string }{
		{"empty", " \n", "the file is empty"},
		{"cut", "{\"nbformat\": 4,\n\"cells\": [", "line 2: the JSON is truncated"},
		{"syntax", "{\n\n\"a\": }", "line 3"},
		{"trailing", nb("[]") + "\n{}", "text after the end of the JSON object, at line 2"},
		{"list", "[]", "want a JSON object, got array"},
		{"no version", "{}", `no field "nbformat"`},
		{"version 1", `{"nbformat":1,"worksheets":[]}`, "nbformat 1 is not supported, only 2, 3 and 4; open the notebook in JupyterLab"},
		{"version 3 without sheets", `{"nbformat":3,"cells":[]}`, `no field "worksheets"`},
		{"version 3 with a bad cell", `{"nbformat":3,"worksheets":[{"cells":[{"cell_type":"heading","source":1}]}]}`, "cell 1: source:"},
		{"version 4.-1", `{"nbformat":4,"nbformat_minor":-1,"cells":[]}`, "nbformat 4.-1 is not a version"},
		{"fraction", `{"nbformat":4.5}`, "nbformat: want an integer, got the number 4.5"},
		{"no cells", `{"nbformat":4}`, `no field "cells"`},
		{"cells object", nb("{}"), "cells: want a list, got an object"},
		{"cell", nb("[3]"), "cell 1: want an object, got the number 3"},
		{"cell type", nb(`[{"cell_type":"heading"}]`), `cell 1: cell_type: want code, markdown or raw, got "heading"`},
		{"source", nb(`[{"cell_type":"code","source":["a",1]}]`), "cell 1: source: want a list of strings, got the number 1 in it"},
		{"output", nb(`[{"cell_type":"code","outputs":[{"output_type":"display_data","data":{"text/plain":{}}}]}]`), "cell 1: output 1: data of text/plain: want a string or a list of strings, got an object"},
		{"deep", nb(strings.Repeat("[", 200)), "nested deeper than 128"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Unmarshal([]byte(tt.in))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestReadFileNamesTheFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "broken.ipynb")
	if err := os.WriteFile(name, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(name); err == nil || !strings.Contains(err.Error(), "broken.ipynb") {
		t.Errorf("error %v does not name the file", err)
	}
}

// Jupyter's own library writes our notebook back with the same bytes.
func TestJupyterWritesTheSame(t *testing.T) {
	python := testenv.Python(t, "nbformat")
	nb, err := ReadFile(every)
	if err != nil {
		t.Fatal(err)
	}
	nb.Cells[1].Outputs = nb.Cells[1].Outputs[:4]      // the validator refuses an unknown output
	nb.Extra = nil                                     // and warns about an unknown field
	nb.Cells[1].Metadata["ratio"] = json.Number("1.5") // Python does not keep the 1.50
	want, err := Marshal(nb)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-c", "import sys, nbformat; nb = nbformat.reads(sys.stdin.read(), 4); nbformat.validate(nb); print(nbformat.writes(nb))")
	cmd.Stdin = bytes.NewReader(want)
	got, err := cmd.Output()
	if err != nil {
		t.Fatalf("nbformat refuses it: %v", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("Jupyter writes it differently (-ours +theirs):\n%s", diff)
	}
}

func FuzzUnmarshal(f *testing.F) {
	src, err := os.ReadFile(every)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(src)
	f.Add([]byte(`{"nbformat":4,"cells":[{"cell_type":"code","outputs":[{"output_type":"error","traceback":[1]}]}]}`))
	f.Add([]byte(`{"nbformat":4,"cells":null,"metadata":[]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		nb, err := Unmarshal(in)
		if err != nil {
			return
		}
		nb.Language()
		nb.Upgrade()
		once, err := Marshal(nb)
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(once) {
			t.Fatal("not JSON")
		}
		again, err := Unmarshal(once)
		if err != nil {
			t.Fatalf("cannot read its own output: %v", err)
		}
		twice, err := Marshal(again)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("writing twice differs: %v\n%s\n%s", err, once, twice)
		}
	})
}
