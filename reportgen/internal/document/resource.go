package document

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// resource is a tabular data resource
// (https://specs.frictionlessdata.io/tabular-data-resource/) with the printed
// text of each cell beside the data, row by row.
type resource struct {
	Schema struct {
		Fields []struct {
			Name  string `json:"name"`
			Type  string `json:"type"`
			Title string `json:"title"`
		} `json:"fields"`
	} `json:"schema"`
	Data []map[string]json.RawMessage `json:"data"`
	Text [][]string                   `json:"text"`
}

// ResourceTable reads an application/vnd.dataresource+json as decoded from a
// notebook: an object, or the JSON text of one, which is how kernels send it
// that carry no nested values. It returns an error where the value has no fields, a field has no
// name or one that is taken, or the text does not cover the data.
func ResourceTable(value any) (*Table, error) {
	encoded, err := jsonText(value)
	if err != nil {
		return nil, err
	}
	// GoNB carries no nested values, so its cells send the JSON as a text.
	if s, ok := value.(string); ok {
		encoded = []byte(s)
	}
	var r resource
	if err := json.Unmarshal(encoded, &r); err != nil {
		return nil, err
	}
	if len(r.Schema.Fields) == 0 {
		return nil, errors.New("schema.fields names no column")
	}
	if r.Text != nil && len(r.Text) != len(r.Data) {
		return nil, fmt.Errorf("text has %d rows and data %d", len(r.Text), len(r.Data))
	}
	t := &Table{}
	names := map[string]bool{}
	for i, f := range r.Schema.Fields {
		if f.Name == "" || names[f.Name] {
			return nil, fmt.Errorf("schema.fields[%d]: the name %q is empty or taken", i, f.Name)
		}
		names[f.Name] = true
		title := f.Title
		if title == "" {
			title = f.Name
		}
		t.Columns = append(t.Columns, Column{title, f.Type == "integer" || f.Type == "number"})
	}
	for i, data := range r.Data {
		row := make([]Value, len(r.Schema.Fields))
		if r.Text != nil && len(r.Text[i]) != len(row) {
			return nil, fmt.Errorf("text[%d] has %d columns and the schema %d", i, len(r.Text[i]), len(row))
		}
		for j, f := range r.Schema.Fields {
			row[j].Raw = rawText(data[f.Name])
			row[j].Text = row[j].Raw
			if r.Text != nil {
				row[j].Text = r.Text[i][j]
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

// rawText is a JSON value as text: a string without quotes, null as nothing.
func rawText(value json.RawMessage) string {
	var s *string
	if len(value) == 0 {
		return ""
	}
	if json.Unmarshal(value, &s) == nil {
		if s == nil {
			return ""
		}
		return strings.TrimSpace(*s)
	}
	return string(value)
}

func jsonText(value any) ([]byte, error) {
	if s, ok := value.(string); ok {
		return []byte(s), nil
	}
	return json.Marshal(value)
}
