package cite

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// entry is one @type{key, name = value, …} of a BibTeX file. The fields' names
// are in lower case, their values still TeX.
type entry struct {
	kind, key string
	line      int
	fields    map[string]string
}

// The limits of a bibliography.
const (
	Most         = 8 << 20  // bytes of a file
	repeatedMost = 16 << 20 // bytes that macros and crossrefs stand for
	faultsMost   = 1000
)

// parseBibTeX reads the works of a BibTeX file.
func parseBibTeX(data []byte) ([]*Work, []Warning) {
	scanner := newScanner(string(data))
	var entries []*entry
	byKey := map[string]*entry{}
	faults := 0
	for {
		e, err := scanner.next()
		if err != nil {
			w := Warning{Text: err.Error() + "; the entry is skipped"}
			if fault, ok := errors.AsType[*scanError](err); ok {
				w.Line = fault.line
			}
			scanner.warnings = append(scanner.warnings, w)
			if faults++; faults == faultsMost {
				scanner.warn("more than %d faults; the rest of the file is skipped", faultsMost)
				break
			}
			continue
		}
		if e == nil {
			break
		}
		entries = append(entries, e)
		if key := strings.ToLower(e.key); byKey[key] == nil {
			byKey[key] = e
		}
	}
	var works []*Work
	for _, e := range entries {
		scanner.inherit(e, byKey)
		works = append(works, e.work())
	}
	return works, scanner.warnings
}

// inherit fills the fields that an entry lacks from the one that its crossref names.
func (s *scanner) inherit(e *entry, byKey map[string]*entry) {
	key := strings.ToLower(strings.TrimSpace(e.fields["crossref"]))
	if key == "" {
		return
	}
	parent := byKey[key]
	if parent == nil {
		s.warnings = append(s.warnings, Warning{Line: e.line, Text: fmt.Sprintf("entry %q: crossref to %q, which is not in the file", e.key, key)})
		return
	}
	if parent == e || parent.fields["crossref"] != "" {
		return // BibTeX follows only one step
	}
	for _, name := range slices.Sorted(maps.Keys(parent.fields)) {
		if _, own := e.fields[name]; !own && !slices.Contains([]string{"title", "crossref", "author", "label"}, name) {
			if !s.mayRepeat(len(parent.fields[name])) {
				s.warnings = append(s.warnings, Warning{Line: e.line, Text: fmt.Sprintf("entry %q: the fields of the crossref are left out, since those of the file stand for more than %d MB", e.key, repeatedMost>>20)})
				return
			}
			e.fields[name] = parent.fields[name]
		}
	}
	if e.fields["booktitle"] == "" && e.kind != "book" {
		e.fields["booktitle"] = parent.fields["title"]
	}
}

// work converts an entry.
func (e *entry) work() *Work {
	field := func(name string) string { return plain(e.fields[name]) }
	year, _, _ := strings.Cut(field("date"), "-")
	w := &Work{
		Key:       e.key,
		Authors:   names(e.fields["author"]),
		Editors:   names(e.fields["editor"]),
		Title:     field("title"),
		Container: cmp.Or(field("journal"), field("journaltitle"), field("booktitle"), field("maintitle"), field("howpublished")),
		Volume:    field("volume"),
		Issue:     cmp.Or(field("number"), field("issue")),
		Series:    field("series"),
		Chapter:   field("chapter"),
		Pages:     regexp.MustCompile(`\s*[-–—]+\s*`).ReplaceAllString(field("pages"), "–"),
		Edition:   field("edition"),
		Publisher: cmp.Or(field("publisher"), field("school"), field("institution")),
		Place:     cmp.Or(field("address"), field("location")),
		Year:      cmp.Or(field("year"), year),
		DOI:       strings.Trim(e.fields["doi"], "{}"),
		URL:       strings.Trim(e.fields["url"], "{}"),
		Note:      field("note"),
		line:      e.line,
	}
	if subtitle := field("subtitle"); subtitle != "" {
		w.Title += ": " + subtitle
	}
	if len(w.Authors)+len(w.Editors) == 0 {
		if organization := cmp.Or(field("organization"), field("key")); organization != "" {
			w.Authors = []Name{{Family: organization}}
		}
	}
	if url := howpublishedURL.FindStringSubmatch(e.fields["howpublished"]); url != nil && w.URL == "" {
		w.URL = url[1]
		if w.Container == plain(e.fields["howpublished"]) {
			w.Container = ""
		}
	}
	kind := map[string]string{"phdthesis": "Ph.D. dissertation", "mastersthesis": "M.S. thesis", "techreport": "Tech. Rep."}[e.kind]
	if kind = cmp.Or(field("type"), kind); kind != "" && w.Container == "" {
		w.Container, w.Issue = strings.TrimSpace(kind+" "+w.Issue), ""
	}
	if id := strings.Trim(e.fields["eprint"], "{} "); id != "" && strings.EqualFold(cmp.Or(field("archiveprefix"), field("eprinttype"), "arxiv"), "arxiv") {
		w.Container = cmp.Or(w.Container, "arXiv:"+id)
		if w.URL == "" {
			w.URL = "https://arxiv.org/abs/" + id
		}
	}
	return w
}

var howpublishedURL = regexp.MustCompile(`\\url\s*\{([^{}]+)\}`)

// mayRepeat counts the bytes of a text that is used again.
func (s *scanner) mayRepeat(bytes int) bool {
	s.repeated += bytes
	return s.repeated <= repeatedMost
}
