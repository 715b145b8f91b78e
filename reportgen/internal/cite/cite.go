// Package cite reads bibliographies, in BibTeX or CSL-JSON, and formats references.
//
//	works, err := cite.Parse("refs.bib", data)
//	reference := works.Get("rita").Reference()
//
// The style is that of IEEE: numbers in the order of citation, then authors,
// title, where it was published, and a link.
package cite

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// Works is the content of one or more bibliographies. The zero value is empty.
type Works struct {
	// Warnings lists the entries that were skipped or read in part.
	Warnings []Warning

	byKey map[string]*Work
}

// Warning reports an entry that was skipped or read in part. It costs no other entry.
type Warning struct {
	File string
	Line int // from 1; 0 if unknown
	Text string
}

// Get returns the work with a key, or nil.
func (w *Works) Get(key string) *Work { return w.byKey[key] }

// Len returns the number of works.
func (w *Works) Len() int { return len(w.byKey) }

// add adds a work. Of several works with the same key, the first counts, as in BibTeX.
func (w *Works) add(file string, work *Work) {
	if w.byKey == nil {
		w.byKey = map[string]*Work{}
	}
	if w.byKey[work.Key] != nil {
		w.Warnings = append(w.Warnings, Warning{file, work.line, fmt.Sprintf("duplicate key %q; the first entry is used", work.Key)})
		return
	}
	work.file = file
	w.byKey[work.Key] = work
}

// Add adds the works of another bibliography.
func (w *Works) Add(other Works) {
	w.Warnings = append(w.Warnings, other.Warnings...)
	for _, key := range slices.Sorted(maps.Keys(other.byKey)) {
		w.add(other.byKey[key].file, other.byKey[key])
	}
}

// Work is one entry of a bibliography, as text without markup.
type Work struct {
	Key       string
	Authors   []Name
	Editors   []Name
	Title     string
	Container string // journal, proceedings, book or site
	Volume    string
	Issue     string
	Series    string
	Chapter   string
	Pages     string
	Edition   string
	Publisher string
	Place     string
	Year      string
	DOI       string
	URL       string
	Note      string

	file string
	line int
}

// Name is a person's name. For an organisation, Given is empty. The name "others" represents
// further names.
type Name struct{ Given, Family, Suffix string }

// others is BibTeX's name for further names.
const others = "others"

// Parse reads a bibliography: CSL-JSON if the data begins like a JSON array or object,
// else BibTeX. The name is that of the file and is used in errors and warnings. Entries
// with faults are skipped with a warning; an error means that the file is not a
// bibliography.
func Parse(name string, data []byte) (Works, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	works := Works{}
	if start := bytes.TrimSpace(data); len(start) > 0 && (start[0] == '[' || start[0] == '{') {
		list, err := parseCSL(data)
		if err != nil {
			return Works{}, fmt.Errorf("bibliography %s: %w", name, err)
		}
		for _, work := range list {
			works.add(name, work)
		}
		return works, nil
	}
	list, warnings := parseBibTeX(data)
	for _, w := range warnings {
		w.File = name
		works.Warnings = append(works.Warnings, w)
	}
	for _, work := range list {
		works.add(name, work)
	}
	return works, nil
}

// Reference returns the work as printed in the list of references, without number
// and anchor.
func (w *Work) Reference() document.Reference {
	r := document.Reference{Key: w.Key, Authors: nameList(w.Authors), Title: w.Title, Container: w.Container, Details: w.details(), Link: w.link()}
	if r.Authors == "" && len(w.Editors) > 0 {
		r.Authors = editors(w.Editors)
	}
	return r
}

// nameList returns "A. Lovelace, G. Hopper, and E. Noether"; of more than six only
// the first, followed by et al.
func nameList(names []Name) string {
	const most = 6
	more := false
	var all []string
	for _, n := range names {
		if n.Given == "" && n.Family == others {
			more = true
			continue
		}
		all = append(all, n.short())
	}
	switch n := len(all); {
	case n == 0:
		return ""
	case n > most:
		return all[0] + " et al."
	case more:
		return strings.Join(all, ", ") + " et al."
	case n <= 2:
		return strings.Join(all, " and ")
	default:
		return strings.Join(all[:n-1], ", ") + ", and " + all[n-1]
	}
}

// editors returns the names of editors, such as "A. Lovelace, Ed.".
func editors(names []Name) string {
	if len(names) == 1 {
		return nameList(names) + ", Ed."
	}
	return nameList(names) + ", Eds."
}

// short returns the name with initials: "A. B. Lovelace", "M. L. King Jr.".
func (n Name) short() string {
	var parts []string
	for word := range strings.FieldsSeq(n.Given) {
		var initials []string
		for part := range strings.SplitSeq(word, "-") {
			if r := []rune(part); len(r) > 0 {
				initials = append(initials, string(r[0])+".")
			}
		}
		parts = append(parts, strings.Join(initials, "-"))
	}
	parts = append(parts, n.Family)
	if n.Suffix != "" {
		parts = append(parts, n.Suffix)
	}
	return strings.Join(parts, " ")
}

func (w *Work) details() string {
	var parts []string
	add := func(prefix, s string) {
		if s != "" {
			parts = append(parts, prefix+s)
		}
	}
	add("", w.Series)
	add("vol. ", w.Volume)
	add("no. ", w.Issue)
	add("", edition(w.Edition))
	if len(w.Authors) > 0 && len(w.Editors) > 0 {
		add("", editors(w.Editors))
	}
	switch {
	case w.Place != "" && w.Publisher != "":
		add("", w.Place+": "+w.Publisher)
	default:
		add("", cmp.Or(w.Publisher, w.Place))
	}
	add("", w.Year)
	add("ch. ", w.Chapter)
	pages := "p. "
	if strings.ContainsAny(w.Pages, "–,") {
		pages = "pp. "
	}
	add(pages, w.Pages)
	add("", w.Note)
	return strings.Join(parts, ", ")
}

// edition returns "2nd ed." for "2" or "Second".
func edition(s string) string {
	if s == "" {
		return ""
	}
	n := slices.Index([]string{"", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"}, strings.ToLower(s))
	if n < 0 {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			return strings.TrimSuffix(strings.TrimSuffix(s, "."), " ed") + " ed."
		}
	}
	suffix := "th"
	if n%100/10 != 1 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return strconv.Itoa(n) + suffix + " ed."
}

// link returns the work's DOI as a link, else its URL if that is http or https.
func (w *Work) link() string {
	doi := w.DOI
	for _, prefix := range []string{"https://doi.org/", "http://doi.org/", "https://dx.doi.org/", "http://dx.doi.org/", "doi:"} {
		doi = strings.TrimPrefix(doi, prefix)
	}
	if doi != "" {
		return (&url.URL{Scheme: "https", Host: "doi.org", Path: doi}).String()
	}
	u, err := url.Parse(w.URL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return u.String()
}
