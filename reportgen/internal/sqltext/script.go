package sqltext

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
)

// Script is a script that computes the tables of package aggregates.
type Script struct {
	Dialect  string   // name of a dialect
	Source   string   // flow files, a table, or a function that returns one
	Into     string   // folder, address of an object store or schema that takes the tables
	Optional []string // optional columns of flow files that the source has
}

// Text returns the script. Its statements end with semicolons.
func (s Script) Text() (string, error) {
	d, err := Get(s.Dialect)
	if err != nil {
		return "", err
	}
	source := d.Named(s.Source)
	source.Columns = map[string]string{}
	for _, c := range s.Optional {
		if !slices.Contains(flow.OptionalColumns, c) {
			return "", fmt.Errorf("%q is not an optional column of flows; they are %s", c, strings.Join(flow.OptionalColumns, ", "))
		}
		source.Columns[c] = d.quote(c)
	}
	var b strings.Builder
	for _, statement := range d.Aggregates(source, s.Into) {
		b.WriteString(statement.SQL + ";\n\n")
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}
