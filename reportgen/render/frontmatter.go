package render

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/yamltext"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// Author is one of the authors of a report.
type Author = document.Author

// frontMatterCell matches a first cell that is, or begins with, YAML between lines of hyphens, as in Quarto and MyST.
var frontMatterCell = regexp.MustCompile(`(?s)\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\z)`)

// front is what a notebook says about its report: in its metadata and in its first cell.
type front struct {
	fields map[string]any
	found  bool   // the cell has some
	rest   string // the source of the cell without it
}

// frontMatter returns what a notebook says about its report.
func frontMatter(nb *nbformat.Notebook) (f front, err error) {
	f.fields = map[string]any{}
	if nb == nil {
		return f, nil
	}
	for _, key := range []string{"title", "authors"} {
		if value, there := nb.Metadata[key]; there {
			f.fields[key] = value
		}
	}
	if len(nb.Cells) == 0 || nb.Cells[0] == nil || nb.Cells[0].Type == nbformat.Code {
		return f, nil
	}
	source := strings.ReplaceAll(strings.TrimLeft(nb.Cells[0].Source, " \t\r\n"), "\r\n", "\n")
	m := frontMatterCell.FindStringSubmatchIndex(source)
	if m == nil {
		return f, nil
	}
	inCell := map[string]any{}
	if err := yamltext.Unmarshal([]byte(source[m[2]:m[3]]), &inCell); err != nil {
		return f, fmt.Errorf("front matter: invalid YAML: %w", err)
	}
	maps.Copy(f.fields, inCell)
	f.found, f.rest = true, source[m[1]:]
	return f, nil
}

// withoutEffect are keys of front matter that say nothing about a report, or what each report has anyway.
var withoutEffect = []string{
	"format", "jupyter", "kernelspec", "jupytext", "engine", "toc", "toc-depth", "number-sections", "numbering", "keywords",
	"description", "categories", "tags", "license", "exports", "venue", "github", "doi", "open_access", "short_title", "label", "editor",
}

// titled returns the options with what the notebooks say in their front matter or metadata, as far as the options do not,
// and what each notebook says.
func titled(o Options, inputs []Input) (Options, []front, []Warning) {
	said := byline{}
	var fronts []front
	var warnings []Warning
	for _, in := range inputs {
		warn := func(format string, args ...any) {
			warnings = append(warnings, Warning{Where: document.Origin{Notebook: in.Name, Cell: 1}, Text: fmt.Sprintf(format, args...)})
		}
		f, err := frontMatter(in.Notebook)
		fronts = append(fronts, f)
		fields := f.fields
		if err != nil {
			warn("%v", err)
		}
		text := func(key string) string { return oneLine(fields[key]) }
		o.Title, o.Subtitle = cmp.Or(o.Title, text("title")), cmp.Or(o.Subtitle, text("subtitle"))
		if date := text("date"); date == "today" || date == "now" || date == "last-modified" {
			warn("date: %s is not the same each time (ignored); write the date", date)
		} else {
			o.Date = cmp.Or(o.Date, date)
		}
		if abstract, ok := fields["abstract"].(string); ok && o.Abstract == "" {
			o.Abstract = abstract
		}
		if name := text("logo"); len(o.Logo) == 0 && name != "" {
			if _, o.Logo, err = readFile(in, name); err != nil {
				warn("logo %q is omitted: %v", name, err)
			}
		}
		if downloads, err := ParseDownloads(fields["downloads"]); err != nil {
			warn("%v (ignored)", err)
		} else if len(o.Downloads) == 0 {
			o.Downloads = downloads
		}
		if err := said.add(fields["author"], fields["authors"], fields["affiliations"]); err != nil {
			warn("%s (ignored)", strings.ReplaceAll(err.Error(), "\n", "; "))
		}
		var other []string
		for _, key := range slices.Sorted(maps.Keys(fields)) {
			if !slices.Contains(slices.Concat(withoutEffect, frontMatterKeys), key) {
				other = append(other, key)
			}
		}
		if len(other) > 0 {
			warn("front matter: %s: no effect here; see report.yaml", strings.Join(other, ", "))
		}
	}
	if len(o.Authors) == 0 {
		o.Authors, o.Affiliations = said.authors, said.affiliations
	}
	return o, fronts, warnings
}

// frontMatterKeys are the keys that titled reads.
var frontMatterKeys = []string{"title", "subtitle", "author", "authors", "affiliations", "affiliation", "date", "abstract", "logo", "downloads"}

// byline collects authors and their affiliations.
type byline struct {
	authors      []Author
	affiliations []string
	ids          map[string]int // of affiliations that have one
}

// ParseAuthors reads authors and affiliations in the spellings of Quarto (https://quarto.org/docs/authoring/front-matter.html)
// and MyST (https://mystmd.org/guide/frontmatter#authors), as decoded from YAML: names, mappings, or lists of either.
func ParseAuthors(author, authors, affiliations any) ([]Author, []string, error) {
	b := byline{}
	err := b.add(author, authors, affiliations)
	return b.authors, b.affiliations, err
}

// add adds authors who are not there yet.
func (b *byline) add(author, authors, affiliations any) error {
	b.ids = map[string]int{}
	var errs []error
	for i, value := range listOf(affiliations) {
		if _, err := b.affiliation(value, true); err != nil {
			errs = append(errs, fmt.Errorf("affiliations: %d: %w", i+1, err))
		}
	}
	for i, value := range append(listOf(author), listOf(authors)...) {
		a, err := b.author(value)
		if err != nil {
			errs = append(errs, fmt.Errorf("authors: %d: %w", i+1, err))
		} else if !slices.ContainsFunc(b.authors, func(other Author) bool { return other.Name == a.Name }) {
			b.authors = append(b.authors, a)
		}
	}
	return errors.Join(errs...)
}

func (b *byline) author(value any) (Author, error) {
	fields, ok := value.(map[string]any)
	if !ok {
		if name := oneLine(value); name != "" {
			return Author{Name: name}, nil
		}
		return Author{}, errors.New("is neither a name nor a mapping")
	}
	a := Author{Name: oneLine(fields["name"])}
	if name, ok := fields["name"].(map[string]any); ok {
		a.Name = cmp.Or(oneLine(name["literal"]), strings.Join(strings.Fields(strings.Join([]string{
			oneLine(name["given"]), oneLine(name["dropping-particle"]), oneLine(name["non-dropping-particle"]), oneLine(name["family"]),
		}, " ")), " "))
	}
	if a.Name == "" {
		return a, errors.New("has no name")
	}
	if id := oneLine(fields["orcid"]); id != "" {
		if a.ORCID = path.Base(id); a.ORCIDLink() == "" {
			return a, fmt.Errorf("orcid %q is not of the form 0000-0002-1825-0097", id)
		}
	}
	attributes, _ := fields["attributes"].(map[string]any)
	for _, said := range []any{fields["corresponding"], attributes["corresponding"]} {
		on, _ := said.(bool)
		a.Corresponding = a.Corresponding || on
	}
	if email := oneLine(fields["email"]); email != "" && a.Corresponding {
		if a.Email = email; a.EmailLink() == "" {
			return a, fmt.Errorf("email %q is not an address", email)
		}
	}
	for _, key := range []string{"affiliation", "affiliations"} {
		for _, value := range listOf(fields[key]) {
			at, err := b.affiliation(value, false)
			if err != nil {
				return a, fmt.Errorf("%s: %w", key, err)
			}
			for _, i := range at {
				if !slices.Contains(a.Affiliations, i) {
					a.Affiliations = append(a.Affiliations, i)
				}
			}
		}
	}
	return a, nil
}

// affiliation returns the indexes of affiliations, which may be given by their ids unless they are defined. A string may be
// a list with semicolons, as in MyST.
func (b *byline) affiliation(value any, defined bool) ([]int, error) {
	fields, ok := value.(map[string]any)
	if !ok {
		var all []int
		for name := range strings.SplitSeq(oneLine(value), ";") {
			if name = strings.TrimSpace(name); name == "" {
				continue
			}
			if i, known := b.ids[name]; known && !defined {
				all = append(all, i)
			} else {
				all = append(all, b.institution(name))
			}
		}
		if len(all) == 0 {
			return nil, errors.New("has no name")
		}
		return all, nil
	}
	if ref := oneLine(fields["ref"]); ref != "" && !defined {
		if i, known := b.ids[ref]; known {
			return []int{i}, nil
		}
		return nil, fmt.Errorf("ref: no affiliation has the id %q", ref)
	}
	var parts []string
	for _, keys := range [][]string{{"department"}, {"name", "institution"}, {"city"}, {"region", "state"}, {"country"}} {
		part := ""
		for _, key := range keys {
			part = cmp.Or(part, oneLine(fields[key]))
		}
		if part != "" && !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return nil, errors.New("has no name")
	}
	i := b.institution(strings.Join(parts, ", "))
	if id := oneLine(fields["id"]); id != "" {
		b.ids[id] = i
	}
	return []int{i}, nil
}

// institution returns the index of an affiliation, which it adds if it is new.
func (b *byline) institution(name string) int {
	if i := slices.Index(b.affiliations, name); i >= 0 {
		return i
	}
	b.affiliations = append(b.affiliations, name)
	return len(b.affiliations) - 1
}

// listOf returns the values of a list, or the value if it is not one.
func listOf(value any) []any {
	switch value := value.(type) {
	case nil:
		return nil
	case []any:
		return value
	}
	return []any{value}
}

// oneLine returns a value of YAML as one line; "" for a list or mapping.
func oneLine(value any) string {
	text, err := scalar(value)
	if err != nil {
		return ""
	}
	return strings.Join(strings.Fields(text), " ")
}
