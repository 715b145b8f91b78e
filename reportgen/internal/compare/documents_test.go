package compare

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/pkg/changes"
	"github.com/flowbook/flowbook/reportgen/internal/cite"
	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/svg"
	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// sample is a document of all kinds of constructs.
func sample(t *testing.T) *document.Document {
	t.Helper()
	const dir = "../../render/testdata/scholar"
	bibliography, err := os.ReadFile(filepath.Join(dir, "refs.bib"))
	if err != nil {
		t.Fatal(err)
	}
	works, err := cite.Parse("refs.bib", bibliography)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	var inputs []render.Input
	for _, file := range append(files, "../../render/testdata/3-python.ipynb") {
		nb, err := nbformat.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		inputs = append(inputs, render.Input{Name: filepath.Base(file), Notebook: nb, Files: os.DirFS(filepath.Dir(file))})
	}
	d, _, err := render.Build(inputs, render.Options{
		Title: "T", Subtitle: "S", Authors: []render.Author{{Name: "A"}, {Name: "B"}}, Date: "D", Abstract: "An *abstract* after [@rita].", Works: works,
		Provenance: []document.Field{{Name: "limit", Value: "5"}},
	})
	if d == nil {
		t.Fatal(err)
	}
	return d
}

func encoded(t *testing.T, d *document.Document) string {
	t.Helper()
	var b bytes.Buffer
	if err := document.Encode(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// leaves calls f with each value in JSON that is not a list or an object, and a function that changes it.
func leaves(v any, path string, f func(path string, set func(any))) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			child := v[name]
			switch child.(type) {
			case map[string]any, []any:
				leaves(child, path+"."+name, f)
			default:
				f(path+"."+name, func(to any) { v[name] = to })
			}
		}
	case []any:
		for i, child := range v {
			switch child.(type) {
			case map[string]any, []any:
				leaves(child, fmt.Sprintf("%s[%d]", path, i), f)
			default:
				f(fmt.Sprintf("%s[%d]", path, i), func(to any) { v[i] = to })
			}
		}
	}
}

// Whatever value of a document changes, Documents says so; and of an equal document it says nothing.
func TestEveryChangeIsFound(t *testing.T) {
	d := sample(t)
	source := encoded(t, d)
	if changes, err := documents(d, d); err != nil || len(changes) > 0 {
		t.Errorf("%v, %v", changes, err)
	}
	var tree any
	if err := json.Unmarshal([]byte(source), &tree); err != nil {
		t.Fatal(err)
	}
	delete(tree.(map[string]any), "checksum") // of the text before the change
	tried, places := 0, map[string]int{}
	leaves(tree, "", func(path string, set func(any)) {
		if strings.Contains(path, ".origin.") || strings.Contains(path, ".where.") || path == ".version" {
			return
		}
		place := regexp.MustCompile(`\[\d+\]`).ReplaceAllString(path, "[]")
		if places[place]++; places[place] > 2 {
			return // two of a kind are enough
		}
		var before any
		change := func(to any) *document.Document {
			set(to)
			src, err := json.Marshal(tree)
			if err != nil {
				t.Fatal(err)
			}
			changed, err := document.Decode(bytes.NewReader(src))
			if err != nil {
				return nil // that change makes no document
			}
			return changed
		}
		before = valueAt(t, tree, path)
		var to any
		switch v := before.(type) {
		case string:
			to = v + " changed"
			if strings.HasSuffix(path, ".vector") {
				to = strings.Replace(v, "</svg>", "<rect/></svg>", 1)
			}
		case float64:
			to = v + 1
		case bool:
			to = !v
		}
		changed := change(to)
		set(before)
		if changed == nil || encoded(t, changed) == source {
			return
		}
		tried++
		changes, err := documents(d, changed)
		if err != nil || len(changes) == 0 {
			t.Errorf("%s: %v → %v: %v, %v", path, before, to, changes, err)
		}
	})
	if tried < 100 {
		t.Errorf("only %d changes in %d places were tried", tried, len(places))
	}
}

// valueAt finds a value by the path that leaves gives it.
func valueAt(t *testing.T, tree any, path string) (found any) {
	t.Helper()
	for path != "" {
		if path[0] == '[' {
			end := strings.IndexByte(path, ']')
			var i int
			if _, err := fmt.Sscan(path[1:end], &i); err != nil {
				t.Fatal(err)
			}
			tree, path = tree.([]any)[i], path[end+1:]
			continue
		}
		end := strings.IndexAny(path[1:], ".[") + 1
		if end == 0 {
			end = len(path)
		}
		tree, path = tree.(map[string]any)[path[1:end]], path[end:]
	}
	return tree
}

func text(source string) *document.Text { return document.NewParser().Parse(source) }

func line(source string) *document.Text { return document.NewParser().ParseLine(source) }

func picture(t *testing.T, source string) *document.Picture {
	t.Helper()
	img, err := svg.Parse([]byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">` + source + `</svg>`))
	if err != nil {
		t.Fatal(err)
	}
	return &document.Picture{Alt: "Bars", Vector: img, Name: "fig-x"}
}

// hosts is a table of hosts and their flows.
func hosts(rows ...string) *document.Table {
	t := &document.Table{ID: "tbl-x", Number: "1.1", Caption: line("Hosts"), Columns: []document.Column{{Title: "Host"}, {Title: "Flows", Numeric: true}}}
	for _, row := range rows {
		var values []document.Value
		for f := range strings.SplitSeq(row, " ") {
			values = append(values, document.Value{Text: f, Raw: f})
		}
		t.Rows = append(t.Rows, values)
	}
	return t
}

// What changed is named by its section, table, row and column, figure and label, with the old and the new value.
func TestDocuments(t *testing.T) {
	before := func() *document.Document {
		return &document.Document{Title: "Flows", Blocks: []document.Block{
			&document.Heading{Depth: 1, Number: "1", ID: "days", Text: line("Days")},
			document.Prose{Text: text("Table 1.1 shows 17 flows of one host.\n\n- first\n- second\n\n| Day | Flows |\n|--|--|\n| Monday | 17 |")},
			hosts("a 17", "b 3"),
			&document.Figure{ID: "fig-x", Number: "1.1", Caption: line("Flows"), Picture: picture(t, "<text>17</text>"), Data: hosts("a 17")},
			&document.Heading{Depth: 1, Number: "2", ID: "rest", Text: line("Rest")},
			document.Prose{Text: text("Kept.")},
		}}
	}
	for _, tt := range []struct {
		name   string
		change func(*document.Document)
		want   []difference
	}{
		{"a text", func(d *document.Document) {
			d.Blocks[1] = document.Prose{Text: text("Table 1.1 shows 18 flows of one host.\n\n- first\n- second\n\n| Day | Flows |\n|--|--|\n| Monday | 17 |")}
		}, []difference{{changed, "1 Days", `text: "Table 1.1 shows 17 flows of one" → "Table 1.1 shows 18 flows of one"`}}},
		{"a list and a table in prose", func(d *document.Document) {
			d.Blocks[1] = document.Prose{Text: text("Table 1.1 shows 17 flows of one host.\n\n- first\n- third\n\n| Day | Flows |\n|--|--|\n| Monday | 18 |")}
		}, []difference{
			{changed, "1 Days", `list item: "second" → "third"`},
			{changed, "1 Days", `table without a caption: row "Monday", column "Flows": 17 → 18`},
		}},
		{"emphasis", func(d *document.Document) { d.Blocks[5] = document.Prose{Text: text("*Kept.*")} },
			[]difference{{changed, "2 Rest", `text "Kept.": children[0].children: none → [{"kind":"text","text":"Kept."}]`}, {changed, "2 Rest", `text "Kept.": children[0].kind: "text" → "emphasis"`}, {changed, "2 Rest", `text "Kept.": children[0].level: none → 1`}, {changed, "2 Rest", `text "Kept.": children[0].text: "Kept." → none`}}},
		{"values", func(d *document.Document) { d.Blocks[2] = hosts("a 18", "b 3", "c 1") },
			[]difference{{changed, "1 Days", `Table 1.1 Hosts: row "a", column "Flows": 17 → 18`}, {changed, "1 Days", "Table 1.1 Hosts: new row c | 1"}}},
		{"a value behind its text", func(d *document.Document) { d.Blocks[2].(*document.Table).Rows[0][1].Raw = "17.2" },
			[]difference{{changed, "1 Days", `Table 1.1 Hosts: row "a", column "Flows": 17 is 17.2, was 17`}}},
		{"a row", func(d *document.Document) { d.Blocks[2] = hosts("a 17") }, []difference{{changed, "1 Days", "Table 1.1 Hosts: removed row b | 3"}}},
		{"columns", func(d *document.Document) { d.Blocks[2].(*document.Table).Columns[1].Title = "Rows" },
			[]difference{{changed, "1 Days", "Table 1.1 Hosts: columns Host | Flows → Host | Rows"}}},
		{"a caption", func(d *document.Document) { d.Blocks[2].(*document.Table).Caption = line("Servers") },
			[]difference{{changed, "1 Days", `Table 1.1 Servers: was "Table 1.1 Hosts"`}}},
		{"labels and data", func(d *document.Document) {
			f := d.Blocks[3].(*document.Figure)
			f.Picture, f.Data = picture(t, "<text>18</text>"), hosts("a 18")
		}, []difference{{changed, "1 Days", `Figure 1.1 Flows: labels ["17"] → ["18"]`}, {changed, "1 Days", `Figure 1.1 Flows: data: row "a", column "Flows": 17 → 18`}}},
		{"a drawing", func(d *document.Document) {
			d.Blocks[3].(*document.Figure).Picture = picture(t, "<text x='1'>17</text>")
		},
			[]difference{{changed, "1 Days", "Figure 1.1 Flows: drawn differently, with the same labels"}}},
		{"an alt text", func(d *document.Document) { d.Blocks[3].(*document.Figure).Picture.Alt = "Other bars" },
			[]difference{{changed, "1 Days", `Figure 1.1 Flows: alt text "Bars" → "Other bars"`}}},
		{"a section", func(d *document.Document) { d.Blocks = d.Blocks[:4] },
			[]difference{{changes.Gone, "2 Rest", `heading "2 Rest"`}, {changes.Gone, "2 Rest", `text "Kept."`}}},
		{"the order", func(d *document.Document) { d.Blocks[2], d.Blocks[3] = d.Blocks[3], d.Blocks[2] },
			[]difference{{moved, "1 Days", "Table 1.1 Hosts"}}},
		{"the title", func(d *document.Document) { d.Title = "Rows" }, []difference{{changed, "", `title: "Flows" → "Rows"`}}},
		{"an output", func(d *document.Document) {
			d.Blocks = append(d.Blocks, &document.HTML{Fragment: document.Fragment{Pieces: []document.Piece{{Markup: "<b>x</b>"}}}})
		},
			[]difference{{changes.New, "2 Rest", `output "x"`}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			after := before()
			tt.change(after)
			got, err := documents(before(), after)
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("%v (-want +got)\n%s", err, diff)
			}
		})
	}
}

// A long list of differences is cut, and says so.
func TestManyChanges(t *testing.T) {
	var a, b []string
	for i := range 20 {
		a, b = append(a, fmt.Sprintf("h%d %d", i, i)), append(b, fmt.Sprintf("h%d %d", i, i+1))
	}
	got, err := documents(&document.Document{Blocks: []document.Block{hosts(a...)}}, &document.Document{Blocks: []document.Block{hosts(b...)}})
	if err != nil || len(got) != maxListed+1 || got[maxListed].What != "Table 1.1 Hosts: 15 more differences" {
		t.Errorf("%v, %v", got, err)
	}
}
