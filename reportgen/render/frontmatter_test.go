package render_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

const quartoFrontMatter = `---
title: "A day of *flows*"
subtitle: Part one
author:
  - name: Ada Lovelace
    orcid: 0000-0002-1825-0097
    email: ada@example.org
    corresponding: true
    affiliations:
      - ref: aveiro
      - name: IEETA
        department: Networks
        city: Aveiro
        country: Portugal
  - name:
      given: Grace
      family: Hopper
    affiliation: Navy
affiliations:
  - id: aveiro
    name: University of Aveiro
date: 2024-04-20
abstract: Short.
logo: logo.png
format: html
execute:
  echo: false
---
`

const mystFrontMatter = `---
title: A day of *flows*
subtitle: Part one
authors:
  - name: Ada Lovelace
    orcid: https://orcid.org/0000-0002-1825-0097
    email: ada@example.org
    corresponding: true
    affiliations: [aveiro, "Networks, IEETA, Aveiro, Portugal"]
  - name: Grace Hopper
    email: not shown
    affiliations: Navy
affiliations:
  - id: aveiro
    institution: University of Aveiro
date: 2024-04-20
abstract: Short.
logo: logo.png
---

# Section

after the front matter
`

// TestFrontMatter reads the title page of notebooks of Quarto and MyST, which have it in the first cell.
func TestFrontMatter(t *testing.T) {
	dot, err := base64.StdEncoding.DecodeString(pixel)
	if err != nil {
		t.Fatal(err)
	}
	raw := &nbformat.Cell{Type: nbformat.Raw, Source: quartoFrontMatter}
	for name, tt := range map[string]struct {
		in       render.Input
		warnings string
	}{
		"Quarto": {notebook(raw, markdownCell("# Section\n\nafter the front matter")), "a.ipynb, cell 1: front matter: execute: no effect here; see report.yaml"},
		"MyST":   {notebook(markdownCell(mystFrontMatter)), ""},
	} {
		tt.in.Files = fstest.MapFS{"logo.png": {Data: dot}}
		d, warnings, err := render.Build([]render.Input{tt.in}, render.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		said := ""
		for _, w := range warnings {
			said += w.String()
		}
		if said != tt.warnings {
			t.Errorf("%s: warnings %q, want %q", name, said, tt.warnings)
		}
		want := []document.Author{
			{Name: "Ada Lovelace", ORCID: "0000-0002-1825-0097", Email: "ada@example.org", Corresponding: true, Affiliations: []int{0, 1}},
			{Name: "Grace Hopper", Affiliations: []int{2}},
		}
		if diff := cmp.Diff(want, d.Authors); diff != "" {
			t.Errorf("%s: authors (-want +got): %s", name, diff)
		}
		if diff := cmp.Diff([]string{"University of Aveiro", "Networks, IEETA, Aveiro, Portugal", "Navy"}, d.Affiliations); diff != "" {
			t.Errorf("%s: affiliations (-want +got): %s", name, diff)
		}
		if d.Title != "A day of *flows*" || d.Subtitle != "Part one" || d.Date != "2024-04-20" || d.Abstract.Plain() != "Short." || d.Logo == nil || len(d.Blocks) != 2 {
			t.Errorf("%s: %q, %q, %q, logo %v, %d blocks", name, d.Title, d.Subtitle, d.Date, d.Logo != nil, len(d.Blocks))
		}
		md, files := markdown(t, d)
		for form, written := range map[string][]string{
			page(t, d): {
				`<p class="byline"><bdi>Ada Lovelace<sup>1,2,*</sup></bdi> <a class="orcid" href="https://orcid.org/0000-0002-1825-0097">ORCID</a>, <bdi>Grace Hopper<sup>3</sup></bdi> · 2024-04-20</p>`,
				`<p class="affiliation"><sup>3</sup> Navy</p>`, `Correspondence: Ada Lovelace, <a href="mailto:ada@example.org">ada@example.org</a>`, `<div class="logo"><img`,
			},
			md: {
				"![Logo](figures/logo.png)\n\n# A day of \\*flows\\*", "Ada Lovelace<sup>1,2,*</sup> ([ORCID](https://orcid.org/0000-0002-1825-0097)), Grace Hopper<sup>3</sup>",
				"<sup>2</sup> Networks, IEETA, Aveiro, Portugal \\\n<sup>3</sup> Navy \\\n<sup>*</sup> Correspondence: Ada Lovelace, [ada@example.org](mailto:ada@example.org)",
			},
			typstSource(t, d): {`Ada Lovelace#super[1,2,\*] #link("https://orcid.org/0000-0002-1825-0097")[ORCID]`, "#super[3] Navy", `image("figures/logo.png"`, "Correspondence"},
		} {
			for _, want := range written {
				if !strings.Contains(form, want) {
					t.Errorf("%s: no %q in %.2000s", name, want, form)
				}
			}
		}
		if len(files) != 1 {
			t.Errorf("%s: %d pictures", name, len(files))
		}
	}
}

// TestFrontMatterFaults: what front matter says wrongly is ignored with a warning, and the options come first.
func TestFrontMatterFaults(t *testing.T) {
	for source, want := range map[string]string{
		"---\nauthor: [{orcid: x}]\n---":                               "authors: 1: has no name (ignored)",
		"---\nauthor: {name: A, orcid: x}\n---":                        `authors: 1: orcid "x" is not of the form 0000-0002-1825-0097 (ignored)`,
		"---\nauthors: [[A]]\n---":                                     "authors: 1: is neither a name nor a mapping (ignored)",
		"---\nauthor: {name: A, corresponding: true, email: a b}\n---": `email "a b" is not an address`,
		"---\nauthor: {name: A, affiliations: [{ref: x}]}\n---":        `ref: no affiliation has the id "x"`,
		"---\nauthor: {name: A, affiliations: [{url: x}]}\n---":        "has no name",
		"---\naffiliations: [{}]\n---":                                 "affiliations: 1: has no name",
		"---\ndate: today\n---":                                        "date: today is not the same each time",
		"---\nlogo: none.png\n---":                                     `logo "none.png" is omitted`,
		"---\ntitle: [\n---":                                           "front matter: invalid YAML",
		"---\nbibliography: a.bib\n---":                                "front matter: bibliography: no effect here",
	} {
		d, warnings, err := render.Build([]render.Input{notebook(&nbformat.Cell{Type: nbformat.Raw, Source: source}, markdownCell("# A"))}, render.Options{})
		said := ""
		for _, w := range warnings {
			said += w.String() + "\n"
		}
		if err != nil || !strings.Contains(said, want) || len(d.Authors) > 0 {
			t.Errorf("%q: %v, warnings %q, want %q", source, err, said, want)
		}
	}
	d, _, err := render.Build([]render.Input{notebook(markdownCell(mystFrontMatter))}, render.Options{Title: "Mine", Date: "1 May", Authors: []render.Author{{Name: "Me"}}})
	if err != nil || d.Title != "Mine" || d.Date != "1 May" || len(d.Authors) != 1 || d.Authors[0].Name != "Me" || len(d.Affiliations) > 0 {
		t.Errorf("%v: %q, %q, %v, %v", err, d.Title, d.Date, d.Authors, d.Affiliations)
	}
}
