package entity

import (
	"strings"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// indexOf returns the index of a document whose only table names these.
func indexOf(names ...string) *Index {
	t := &document.Table{ID: "tbl-a", Columns: []document.Column{{Title: "a", Kind: document.KindEntity}}}
	for _, name := range names {
		t.Rows = append(t.Rows, []document.Value{{Text: name, Raw: name}})
	}
	return Find(&document.Document{Blocks: []document.Block{t}})
}

func TestSplit(t *testing.T) {
	x := indexOf("10.0.0.1", "10.0.0.10", "2001:db8::1", "::1", "Amazon.com, Inc.", "Amazon", "Côte d’Ivoire", "中国", "web-1", "a", "  ", "line\nbreak")
	for text, want := range map[string]string{
		"10.0.0.1":                               "[10.0.0.1]",
		"10.0.0.1 and 10.0.0.10.":                "[10.0.0.1] and [10.0.0.10].",
		"10.0.0.1:443, (10.0.0.10)":              "[10.0.0.1]:443, ([10.0.0.10])",
		"10.0.0.100 10.0.0.1.5 1.10.0.0.1":       "10.0.0.100 10.0.0.1.5 1.10.0.0.1",
		"10.0.0.1/24 x10.0.0.1 http://10.0.0.1":  "10.0.0.1/24 x10.0.0.1 http://[10.0.0.1]",
		"2001:db8::1 2001:db8::1:5 2001:db8::1.": "[2001:db8::1] 2001:db8::1:5 [2001:db8::1].",
		"Amazon.com, Inc. or Amazon, Amazons":    "[Amazon.com, Inc.] or [Amazon], Amazons",
		"in Côte d’Ivoire; 中国, 中国人":              "in [Côte d’Ivoire]; [中国], 中国人",
		"web-1 web-12 my-web-1":                  "[web-1] web-12 my-[web-1]",
		"":                                       "",
		"\xff10.0.0.1\xff":                       "\xff[10.0.0.1]\xff",
	} {
		var b strings.Builder
		for _, part := range x.Split(text) {
			if part.Entity != nil {
				part.Text = "[" + part.Text + "]"
			}
			b.WriteString(part.Text)
		}
		if b.String() != want {
			t.Errorf("%s: %s, want %s", text, b.String(), want)
		}
	}
}

// FuzzSplit: the parts of a text are the text.
func FuzzSplit(f *testing.F) {
	f.Add("10.0.0.1", "at 10.0.0.1:443")
	f.Add("é::", "é::é::")
	f.Fuzz(func(t *testing.T, name, text string) {
		var b strings.Builder
		for _, part := range indexOf(name, "10.0.0.1").Split(text) {
			b.WriteString(part.Text)
		}
		if b.String() != text {
			t.Errorf("name %q: %q became %q", name, text, b.String())
		}
	})
}

// The anchors of entities are not those of other parts of the document.
func TestAnchors(t *testing.T) {
	d := &document.Document{Blocks: []document.Block{
		&document.Heading{ID: "entity-1", Text: document.NewParser().ParseLine("Entity 1")},
		&document.Table{ID: "tbl-a", Columns: []document.Column{{Title: "addresses"}}, Rows: [][]document.Value{{{Text: "10.0.0.1", Raw: "10.0.0.1"}}}},
	}}
	if got := Find(d).Entities[0].ID; got != "entity--1" {
		t.Errorf("the anchor is %s", got)
	}
}
