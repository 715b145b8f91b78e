// Package cite reads the works that a report cites, from BibTeX or CSL-JSON,
// and sets them as a list of references.
//
//	works, err := cite.Parse("refs.bib", data)
//	reference := works["rita"].Reference()
//
// The style is that of IEEE: numbers in the order of citation, then authors,
// title, where it was published, and a link.
package cite

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// Works are works by their key.
type Works map[string]*Work

// Work is one entry of a bibliography, as text without markup.
type Work struct {
	Key       string
	Authors   []Name
	Title     string
	Container string // journal, proceedings, book or site
	Volume    string
	Issue     string
	Pages     string
	Edition   string
	Publisher string
	Year      string
	DOI       string
	URL       string
	Note      string
}

// Name is a person's name. For an organisation, Given is empty.
type Name struct{ Given, Family string }

// Parse reads a bibliography: CSL-JSON where data begins as a JSON array or
// object does, else BibTeX. The name is that of the file and is used in errors. A
// duplicate key is an error.
func Parse(name string, data []byte) (Works, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	parse := parseBibTeX
	if start := bytes.TrimSpace(data); len(start) > 0 && (start[0] == '[' || start[0] == '{') {
		parse = parseCSL
	}
	list, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("bibliography %s: %w", name, err)
	}
	works := Works{}
	for _, w := range list {
		switch {
		case works[w.Key] != nil:
			return nil, fmt.Errorf("bibliography %s: duplicate key %q", name, w.Key)
		case w.Title == "":
			return nil, fmt.Errorf("bibliography %s: entry %q has no title", name, w.Key)
		}
		works[w.Key] = w
	}
	return works, nil
}

// Add adds the works of another bibliography. It is an error if both have a
// key.
func (w Works) Add(other Works) error {
	for key, work := range other {
		if w[key] != nil {
			return fmt.Errorf("the key %q is in two bibliographies", key)
		}
		w[key] = work
	}
	return nil
}

// Reference returns the work as printed in the list of references, without number
// and anchor.
func (w *Work) Reference() document.Reference {
	return document.Reference{
		Key: w.Key, Authors: w.authors(), Title: w.Title, Container: w.Container, Details: w.details(), Link: w.link(),
	}
}

// authors returns "A. Lovelace, G. Hopper, and E. Noether"; of more than six only
// the first, followed by et al.
func (w *Work) authors() string {
	const most = 6
	var all []string
	for _, n := range w.Authors {
		all = append(all, n.short())
	}
	switch n := len(all); {
	case n == 0:
		return ""
	case n > most:
		return all[0] + " et al."
	case n <= 2:
		return strings.Join(all, " and ")
	default:
		return strings.Join(all[:n-1], ", ") + ", and " + all[n-1]
	}
}

// short returns the name with initials: "A. B. Lovelace".
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
	return strings.Join(append(parts, n.Family), " ")
}

func (w *Work) details() string {
	var parts []string
	add := func(prefix, s string) {
		if s != "" {
			parts = append(parts, prefix+s)
		}
	}
	add("vol. ", w.Volume)
	add("no. ", w.Issue)
	add("ed. ", w.Edition)
	add("", w.Publisher)
	add("", w.Year)
	pages := "p. "
	if strings.ContainsAny(w.Pages, "–,") {
		pages = "pp. "
	}
	add(pages, w.Pages)
	add("", w.Note)
	return strings.Join(parts, ", ")
}

// link returns the work's DOI as a link, else its URL if that is http or https.
func (w *Work) link() string {
	doi := strings.TrimPrefix(w.DOI, "https://doi.org/")
	if doi != "" {
		return (&url.URL{Scheme: "https", Host: "doi.org", Path: doi}).String()
	}
	u, err := url.Parse(w.URL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return u.String()
}
