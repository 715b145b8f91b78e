package sqltext

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
)

// Flows are the flows that a user named.
type Flows struct {
	Source   string    // flow files, a table, or a function that returns one
	Mapping  string    // name or file of a mapping; empty for the columns of flow files
	Day      time.Time // date of the rows; zero for all
	Optional []string  // optional columns of flow files that the source has
}

// Find returns the source that a user named.
func (d *Dialect) Find(f Flows) (Source, error) {
	m, err := readMapping(f.Mapping)
	if err != nil {
		return Source{}, err
	}
	of, err := d.named(f.Source)
	if err != nil {
		return Source{}, err
	}
	s, err := m.source(of.From, f.Day)
	if err != nil {
		return Source{}, err
	}
	if s.From == of.From {
		s.File, s.Row = of.File, of.Row // which a query of the source does not pass on
	}
	s.Columns = maps.Clone(s.Columns)
	if s.Columns == nil {
		s.Columns = map[string]string{}
	}
	for _, c := range f.Optional {
		if !slices.Contains(flow.OptionalColumns, c) {
			return Source{}, fmt.Errorf("%q is not an optional column of flows; the optional columns are %s", c, strings.Join(flow.OptionalColumns, ", "))
		}
		if s.Columns[c] == "" {
			s.Columns[c] = d.quote(c)
		}
	}
	return s, nil
}

// Script returns a script that computes the tables of package aggregates and writes them
// into a folder, a schema or an object store.
func (d *Dialect) Script(f Flows, into string) (string, error) {
	s, err := d.Find(f)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, statement := range d.aggregates(s, into) {
		b.WriteString(statement.SQL + ";\n\n")
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}
