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
		if diff := cmp.Diff(want, works[key].Reference()); diff != "" {
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
	if diff := cmp.Diff(want, works["rita"].Reference()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := cite.Parse("one.json", []byte(`{"id":1,"title":"One"}`)); err != nil {
		t.Errorf("a single work: %v", err)
	}
}

func TestBadBibliographies(t *testing.T) {
	for _, test := range []struct{ source, want string }{
		{`@misc{a, title={x}} @misc{a, title={y}}`, `duplicate key "a"`},
		{`@misc{a, year=2000}`, `"a" has no title`},
		{"\n@misc{a, title={x}", "refs: @misc{a: line 2: field title: missing comma"},
		{`@misc{a, title={x`, "line 1: the value is not closed"},
		{`@misc{a, title=x}`, `"x" is not a number`},
		{`@misc{a, title}`, "missing ="},
		{`@misc{a, , }`, "a field has no name"},
		{`@misc{, title={x}}`, "has no key"},
		{`[{"title":"x"}]`, "entry 1 has no id"},
		{`[{"id":`, "invalid CSL-JSON"},
		{`[3]`, "invalid CSL-JSON"},
	} {
		_, err := cite.Parse("refs", []byte(test.source))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s gave %v, want %q", test.source, err, test.want)
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
		for _, w := range works {
			if link := w.Reference().Link; link != "" && !strings.HasPrefix(link, "http") {
				t.Errorf("link %q", link)
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
	r := works["knuth"].Reference()
	fmt.Printf("%s, “%s,” %s.\n", r.Authors, r.Title, r.Details)
	// Output: D. E. Knuth, “The TeXbook,” Addison-Wesley, 1984.
}
