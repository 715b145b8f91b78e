package sqltext

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/flowbook/flowbook/pkg/budget"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/reportgen/internal/yamltext"
)

// mapping says where a table of another program has the columns of flow files.
type mapping struct {
	// From is a table or a query in parentheses, in which {table} stands for the table and
	// {day} for the date as a text.
	From  string `yaml:"from"`
	Table string `yaml:"table"` // the table if the user names none
	// Day is a condition for the rows of a day, with {day}. It is empty if From has it.
	Day     string            `yaml:"day"`
	Columns map[string]string `yaml:"columns"` // expressions for columns of flow files
}

//go:embed mappings/*.yaml
var mappings embed.FS

// plain is the mapping of tables with the columns of flow files and a column date.
var plain = mapping{From: "{table}", Table: "flows", Day: "date = {day}"}

// Mappings lists the names of the mappings of known programs.
func Mappings() []string {
	files, _ := fs.Glob(mappings, "mappings/*.yaml") // the pattern is valid
	for i, f := range files {
		files[i] = strings.TrimSuffix(strings.TrimPrefix(f, "mappings/"), ".yaml")
	}
	return files
}

// readMapping reads the mapping of a known program or a file. An empty name is the mapping
// of tables with the columns of flow files.
func readMapping(name string) (mapping, error) {
	if name == "" {
		return plain, nil
	}
	b, err := mappings.ReadFile("mappings/" + name + ".yaml")
	if err != nil {
		if b, err = budget.ReadFile(name, yamltext.Most); errors.Is(err, fs.ErrNotExist) {
			return mapping{}, fmt.Errorf("%s: neither a file nor one of the mappings %s", name, strings.Join(Mappings(), ", "))
		} else if err != nil {
			return mapping{}, err
		}
	}
	m := mapping{From: plain.From}
	if err := yamltext.Unmarshal(b, &m, yaml.Strict()); err != nil {
		return mapping{}, fmt.Errorf("%s: invalid YAML: %w", name, err)
	}
	for c := range m.Columns {
		if !slices.Contains(flow.Columns, c) && !slices.Contains(flow.OptionalColumns, c) {
			return mapping{}, fmt.Errorf("%s: columns: %q is not a column of flows; they are %s", name, c, strings.Join(slices.Concat(flow.Columns, flow.OptionalColumns), ", "))
		}
	}
	return m, nil
}

// source returns the flows of a day in a table, or of all days if the date is zero.
func (m mapping) source(table string, date time.Time) (Source, error) {
	if table == "" {
		table = m.Table
	}
	if table == "" {
		return Source{}, errors.New("no table; name it")
	}
	day := quote(date.Format(time.DateOnly))
	s := Source{From: strings.ReplaceAll(m.From, "{table}", table), Columns: m.Columns}
	switch needs := strings.Contains(m.From, "{day}"); {
	case needs && date.IsZero():
		return Source{}, errors.New("no date; name the day with --day")
	case needs:
		s.From = strings.ReplaceAll(s.From, "{day}", day)
	case date.IsZero():
	case m.Day == "":
		return Source{}, errors.New("the mapping has no condition for the rows of a day; add day to it, or leave --day out")
	default:
		s.From = fmt.Sprintf("(SELECT * FROM %s WHERE %s)", s.From, strings.ReplaceAll(m.Day, "{day}", day))
	}
	return s, nil
}
