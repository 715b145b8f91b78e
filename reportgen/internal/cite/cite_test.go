package cite_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/reportgen/internal/cite"
	"github.com/flowbook/flowbook/reportgen/internal/document"
)

const bib = `% a comment
@string{usenix = "USENIX"}
@inproceedings{paxson1999,
  author = {Paxson, Vern and J{\"o}rg M{\"u}ller and van der Berg, Anna-Lena},
  title = {{Bro}: A System for Detecting Network Intruders in Real-Time},
  booktitle = "Computer Networks", volume = 31, number = {23--24}, pages = {2435--2463},
  year = 1999, doi = {10.1016/S1389-1286(99)00112-7}
}
@misc{attack, author = {{MITRE Corporation}}, title = {ATT\&CK: \'Etude \& {\o}resund}, url = {https://attack.mitre.org/}, year = {2024}}
@comment{ jabref-meta: x@y.org; }
@article(paren, title = "a = {"b"}, " # {c}, month = jan, pages = 7, url = "https://x.org/?a=b",)
@misc{bad, title = {Bad link}, url = {javascript:alert(1)}}
`

func TestBibTeX(t *testing.T) {
	works, err := cite.Parse("refs.bib", []byte(bib))
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]document.Reference{
		"paxson1999": {
			Authors: "V. Paxson, J. Müller, and A.-L. van der Berg", Title: "Bro: A System for Detecting Network Intruders in Real-Time",
			Container: "Computer Networks", Details: "vol. 31, no. 23–24, 1999, pp. 2435–2463",
			Link: "https://doi.org/10.1016/S1389-1286%2899%2900112-7",
		},
		"attack": {Authors: "MITRE Corporation", Title: "ATT&CK: Étude & øresund", Details: "2024", Link: "https://attack.mitre.org/"},
		"paren":  {Title: `a = "b", c`, Details: "p. 7", Link: "https://x.org/?a=b"},
		"bad":    {Title: "Bad link"},
	} {
		want.Key = key
		if diff := cmp.Diff(want, works.Get(key).Reference()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", key, diff)
		}
	}
}

func TestCSL(t *testing.T) {
	works, err := cite.Parse("refs.json", []byte(`[{"id":"rita","type":"article","title":"Beacons","author":[{"family":"Berg","given":"Anna","non-dropping-particle":"van"},{"literal":"Active Countermeasures"}],
		"container-title":"J. Net","volume":3,"issue":"2","page":"1-9","issued":{"date-parts":[[2021,4]]},"DOI":"10.1/x"}]`))
	if err != nil {
		t.Fatal(err)
	}
	want := document.Reference{
		Key: "rita", Authors: "A. van Berg and Active Countermeasures", Title: "Beacons", Container: "J. Net",
		Details: "vol. 3, no. 2, 2021, pp. 1–9", Link: "https://doi.org/10.1/x",
	}
	if diff := cmp.Diff(want, works.Get("rita").Reference()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := cite.Parse("one.json", []byte(`{"id":1,"title":"One"}`)); err != nil {
		t.Errorf("a single work: %v", err)
	}
}

// TestFaults checks that an entry with a fault costs a warning and no other entry.
func TestFaults(t *testing.T) {
	for _, test := range []struct{ source, want string }{
		{`@misc{a, title={x}}` + "\n" + `@misc{a, title={y}}`, `2: duplicate key "a"; the first entry is used`},
		{"\n@misc{a, title={x}", "3: @misc{a: field title: missing comma after the value; the entry is skipped"},
		{`@misc{a, title={x`, "1: @misc{a: field title: the value is not closed; the entry is skipped"},
		{`@misc{a, title=x, year=2000}`, `1: "x" is not a number, a string or an @string macro`},
		{`@misc{a, title}`, "missing ="},
		{`@misc{a, , }`, "a field has no name"},
		{`@misc{, title={x}}`, "has no key"},
		{`@misc{a, title={x}, title={y}}`, "field title: duplicate"},
		{`@misc{a, crossref={none}}`, `entry "a": crossref to "none", which is not in the file`},
		{"@string{a = \"" + strings.Repeat("x", 40<<10) + "\"}\n@misc{a, title = a # a}", "longer than 64 kB"},
	} {
		works, err := cite.Parse("refs.bib", []byte(test.source+"\n@misc{good, title={Good}, year=2000}\n"))
		if err != nil {
			t.Errorf("%s: %v", test.source, err)
			continue
		}
		var warnings []string
		for _, w := range works.Warnings {
			if w.File != "refs.bib" {
				t.Errorf("the file of a warning is %q", w.File)
			}
			warnings = append(warnings, fmt.Sprintf("%d: %s", w.Line, w.Text))
		}
		if all := strings.Join(warnings, "; "); !strings.Contains(all, test.want) {
			t.Errorf("%.60s warns %q, want %q", test.source, all, test.want)
		}
		if good := works.Get("good"); good == nil || good.Title != "Good" {
			t.Errorf("%.60s costs the entry after it", test.source)
		}
	}
}

func TestNotABibliography(t *testing.T) {
	for source, want := range map[string]string{
		`[{"title":"x"}]`: "entry 1 has no id", `[{"id":`: "invalid CSL-JSON", `[3]`: "invalid CSL-JSON",
	} {
		if _, err := cite.Parse("refs", []byte(source)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gave %v, want %q", source, err, want)
		}
	}
}

// TestReferences checks names, inheritance and TeX as BibTeX and its styles have them.
func TestReferences(t *testing.T) {
	works, err := cite.Parse("refs.bib", []byte(`
@inproceedings{child, author={B. Child}, title={Talk}, crossref={parent}, pages={5 -- 9}}
@proceedings{parent, title={Proc. of Y}, year={2011}, editor={Ann One and Bob Two}, publisher={Pub}, address={Bonn}}
@misc{juniors, author={King, Jr., Martin Luther and Sammy Davis Jr. and de la Fuente, III, Ana}, title={Speeches?}, year=1963}
@misc{others, author={Smith, John AND others}, title={A page}}
@article{tex, author={{\'E}va T{\'o}th and Zo\"e {\O}stby and {\v S}ime \c{C}a\u{g}r{\i} and {The {Big} Team}}, title={{\em On} $\alpha$-decay of H$_2$O and \textsuperscript{14}C --- an `+"``overview''"+`}, journal={J. A \& B}, year=2020, volume=3, number=4}
@incollection{chapter, author={C. Hap}, title={Chap}, booktitle={Big Book}, editor={E. Ditor and F. Riend}, publisher={P}, year=2003, edition={Second}}
@book{edited, editor={E. Ditor}, title={Edited}, publisher={P}, year=1999, series={LNCS}}
@phdthesis{thesis, author={Ludwig van Beethoven}, title={Thesis}, school={Bonn}, year=1790}
@misc{web, title={Page}, howpublished={\url{https://example.org/a_b}}}
@misc{arxiv, author={A. B}, title={Preprint}, eprint={2101.00001}, archivePrefix={arXiv}, year=2021}
`))
	if err != nil || len(works.Warnings) > 0 {
		t.Fatal(err, works.Warnings)
	}
	for key, want := range map[string]string{
		"child":   "B. Child, “Talk,” Proc. of Y, A. One and B. Two, Eds., Bonn: Pub, 2011, pp. 5–9.",
		"juniors": "M. L. King Jr., S. Davis Jr., and A. de la Fuente III, “Speeches?” 1963.",
		"others":  "J. Smith et al., “A page.”",
		"tex":     "É. Tóth, Z. Østby, Š. Çağrı, and The Big Team, “On α-decay of H₂O and ¹⁴C — an “overview”,” J. A & B, vol. 3, no. 4, 2020.",
		"chapter": "C. Hap, “Chap,” Big Book, 2nd ed., E. Ditor and F. Riend, Eds., P, 2003.",
		"edited":  "E. Ditor, Ed., “Edited,” LNCS, P, 1999.",
		"thesis":  "L. van Beethoven, “Thesis,” Ph.D. dissertation, Bonn, 1790.",
		"web":     "“Page.” https://example.org/a_b",
		"arxiv":   "A. B, “Preprint,” arXiv:2101.00001, 2021. https://arxiv.org/abs/2101.00001",
	} {
		r := works.Get(key).Reference()
		got := ""
		if r.Authors != "" {
			got = r.Authors + ", "
		}
		got += r.QuotedTitle()
		for i, part := range []string{r.Container, r.Details} {
			if part != "" {
				if i == 1 && r.Container != "" {
					got += ","
				}
				got += " " + part
			}
		}
		got += r.Stop()
		if r.Link != "" {
			got += " " + r.Link
		}
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", key, got, want)
		}
	}
}

// FuzzParse checks that no bibliography makes Parse panic and that its works can be
// printed.
func FuzzParse(f *testing.F) {
	f.Add([]byte(bib))
	f.Add([]byte(`[{"id":"a","title":"b","author":[{"family":"c","given":"d"}]}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		works, err := cite.Parse("x", data)
		if err != nil {
			return
		}
		for _, key := range []string{"a", "bad", "paren"} {
			if w := works.Get(key); w != nil {
				if link := w.Reference().Link; link != "" && !strings.HasPrefix(link, "http") {
					t.Errorf("link %q", link)
				}
			}
		}
	})
}

func ExampleParse() {
	works, err := cite.Parse("refs.bib", []byte(`@book{knuth, author={Donald E. Knuth}, title={The {\TeX}book}, publisher={Addison-Wesley}, year=1984}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	r := works.Get("knuth").Reference()
	fmt.Printf("%s, “%s,” %s.\n", r.Authors, r.Title, r.Details)
	// Output: D. E. Knuth, “The TeXbook,” Addison-Wesley, 1984.
}

// A small bibliography cannot stand for gigabytes, nor can its faults cost more than its bytes.
func TestBombs(t *testing.T) {
	macros := "@string{s0 = \"xxxxxxxxxxxxxxxx\"}\n"
	for i := 1; i < 13; i++ {
		macros += fmt.Sprintf("@string{s%d = s%d # s%d}\n", i, i-1, i-1)
	}
	for name, text := range map[string]string{
		"macros":       macros + strings.Repeat("@misc{a, title = s12}\n", 20_000),
		"crossrefs":    macros + strings.Repeat("@misc{a, crossref = {b}}\n", 500) + "@book{b, note = s12}",
		"open values":  strings.Repeat("@misc{a, title = {", 40_000),
		"open entries": strings.Repeat("@misc{a,\n", 40_000),
	} {
		t.Run(name, func(t *testing.T) {
			works, err := cite.Parse("refs.bib", []byte(text))
			if err != nil || len(works.Warnings) == 0 || len(works.Warnings) > 3000 {
				t.Errorf("%d warnings, error %v", len(works.Warnings), err)
			}
		})
	}
}
