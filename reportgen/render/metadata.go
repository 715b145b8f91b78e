package render

import (
	"cmp"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// titled are the options with the title and the authors that the notebooks' own
// metadata give where the options have none
// (https://nbformat.readthedocs.io/en/latest/format_description.html#metadata).
func titled(o Options, inputs []Input) Options {
	var authors []string
	for _, in := range inputs {
		if in.Notebook == nil {
			continue
		}
		title, _ := in.Notebook.Metadata["title"].(string)
		o.Title = cmp.Or(o.Title, strings.Join(strings.Fields(title), " "))
		for _, name := range authorsOf(in.Notebook) {
			if !slices.Contains(authors, name) {
				authors = append(authors, name)
			}
		}
	}
	if len(o.Authors) == 0 {
		o.Authors = authors
	}
	return o
}

// authorsOf are the names under the metadata key authors.
func authorsOf(nb *nbformat.Notebook) []string {
	list, _ := nb.Metadata["authors"].([]any)
	var names []string
	for _, author := range list {
		m, _ := author.(map[string]any)
		if name, _ := m["name"].(string); strings.TrimSpace(name) != "" {
			names = append(names, strings.Join(strings.Fields(name), " "))
		}
	}
	return names
}
