package document

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"

	"github.com/yuin/goldmark/ast"

	"github.com/flowbook/flowbook/reportgen/internal/svg"
)

// Decode reads a document that [Encode] wrote. It returns an error for anything else: see [ErrVersion] for a document of
// another version, and otherwise the error names the place. Vector pictures are sanitized again.
func Decode(r io.Reader) (*Document, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	raw, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	fields, err := object(raw)
	if err != nil {
		return nil, err
	}
	version := 0
	if raw, there := fields["version"]; there {
		if err := number(raw, reflect.ValueOf(&version).Elem()); err != nil {
			return nil, fmt.Errorf("version: %w", err)
		}
		delete(fields, "version")
	}
	if version != formatVersion {
		return nil, fmt.Errorf("%w %d, want %d", ErrVersion, version, formatVersion)
	}
	if _, there := fields[checksumField]; there { // documents of early versions have none
		end := len(data) - len(checksum(nil))
		if end < 0 || checksum(data[:end]) != string(data[end:]) {
			return nil, errors.New("wrong checksum")
		}
		delete(fields, checksumField)
	}
	d := &Document{}
	dec := &decoder{}
	if err := dec.structure(fields, reflect.ValueOf(d).Elem()); err != nil {
		return nil, err
	}
	return d, dec.resolve(d)
}

// decoder decodes one document.
type decoder struct {
	cited []*Cited // works whose reference is only a key so far
}

// resolve points citations at the document's list of references.
func (d *decoder) resolve(doc *Document) error {
	for _, c := range d.cited {
		at := slices.IndexFunc(doc.References, func(r *Reference) bool { return *r == *c.Reference })
		if at < 0 {
			return fmt.Errorf("citation of %q: not in the references", c.Key)
		}
		c.Reference = doc.References[at]
	}
	return nil
}

// parse parses JSON into maps, lists, strings, numbers and so on, however deep it nests.
func parse(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, err := parseValue(d)
	if errors.Is(err, io.EOF) {
		return nil, io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one value")
	}
	return v, nil
}

func parseValue(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		fields := make(map[string]any)
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			name := key.(string) // the decoder accepts no other key
			if _, taken := fields[name]; taken {
				return nil, fmt.Errorf("field %q is there twice", name)
			}
			if fields[name], err = parseValue(d); err != nil {
				return nil, err
			}
		}
		_, err := d.Token()
		return fields, err
	case json.Delim('['):
		all := []any{}
		for d.More() {
			v, err := parseValue(d)
			if err != nil {
				return nil, err
			}
			all = append(all, v)
		}
		_, err := d.Token()
		return all, err
	}
	return token, nil
}

// object returns a copy of an object, from which fields are taken.
func object(raw any) (map[string]any, error) {
	fields, ok := raw.(map[string]any)
	if !ok {
		return nil, errors.New("not an object")
	}
	return maps.Clone(fields), nil
}

// take removes a field and returns it. A missing field is the zero value.
func take[T any](fields map[string]any, name string) (value T, err error) {
	raw, there := fields[name]
	if !there {
		return value, nil
	}
	delete(fields, name)
	value, ok := raw.(T)
	if !ok {
		return value, fmt.Errorf("%s: not a %s", name, map[bool]string{true: "list", false: fmt.Sprintf("%T", value)}[reflect.TypeFor[T]().Kind() == reflect.Slice])
	}
	return value, nil
}

func noMore(fields map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		return fmt.Errorf("unknown field %q", name)
	}
	return nil
}

// structure decodes the fields of a struct.
func (d *decoder) structure(fields map[string]any, v reflect.Value) error {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name := fieldName(f.Name)
		raw, there := fields[name]
		if !f.IsExported() || !there {
			continue
		}
		delete(fields, name)
		if err := d.value(raw, v.Field(i)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := noMore(fields); err != nil {
		return err
	}
	return complete(v.Addr().Interface())
}

// value decodes a value into v.
func (d *decoder) value(raw any, v reflect.Value) error {
	switch v.Type() {
	case blockType:
		block, err := d.block(raw)
		if err != nil {
			return err
		}
		v.Set(reflect.ValueOf(block))
		return nil
	case textType:
		nodes := &nodeDecoder{decoder: d}
		root, err := nodes.node(raw)
		if err != nil {
			return err
		}
		if root.Type() == ast.TypeInline {
			return fmt.Errorf("%s is not a text", nodeKind(root))
		}
		v.Set(reflect.ValueOf(&Text{Source: nodes.source, Root: root}))
		return nil
	case svgType, bytesType:
		return data(raw, v)
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return d.value(raw, v.Elem())
	case reflect.Struct:
		if name, ok := raw.(string); ok && v.Type() == authorType {
			v.Set(reflect.ValueOf(Author{Name: name})) // as documents had authors before they had affiliations
			return nil
		}
		fields, err := object(raw)
		if err != nil {
			return err
		}
		if err := d.structure(fields, v); err != nil {
			return err
		}
		if c, ok := v.Addr().Interface().(*Cited); ok && c.Reference != nil {
			d.cited = append(d.cited, c)
		}
		return nil
	case reflect.Slice:
		return d.list(raw, v)
	}
	return scalar(raw, v)
}

// scalar decodes a string, a boolean or a number.
func scalar(raw any, v reflect.Value) error {
	switch raw := raw.(type) {
	case string:
		if v.Kind() == reflect.String {
			v.SetString(raw)
			return nil
		}
	case bool:
		if v.Kind() == reflect.Bool {
			v.SetBool(raw)
			return nil
		}
	case json.Number:
		if v.Kind() != reflect.String && v.Kind() != reflect.Bool {
			return number(raw, v)
		}
	}
	return fmt.Errorf("not a %v", v.Kind())
}

func number(raw any, v reflect.Value) error {
	n, ok := raw.(json.Number)
	if !ok {
		return fmt.Errorf("not a %v", v.Kind())
	}
	if err := json.Unmarshal([]byte(n), v.Addr().Interface()); err != nil {
		return fmt.Errorf("%s is not a %v", n, v.Kind())
	}
	return nil
}

func (d *decoder) list(raw any, v reflect.Value) error {
	all, ok := raw.([]any)
	if !ok {
		return errors.New("not a list")
	}
	v.Set(reflect.MakeSlice(v.Type(), len(all), len(all)))
	for i, raw := range all {
		if err := d.value(raw, v.Index(i)); err != nil {
			return fmt.Errorf("[%d]: %w", i, err)
		}
	}
	return nil
}

// data decodes a picture.
func data(raw any, v reflect.Value) error {
	s, ok := raw.(string)
	if !ok {
		return errors.New("not a string")
	}
	if v.Type() == svgType {
		img, err := svg.Parse([]byte(s))
		if err != nil {
			return err
		}
		v.Set(reflect.ValueOf(img))
		return nil
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return err
	}
	v.SetBytes(b)
	return nil
}

// kindAndFields returns the kind of a block or node and its other fields.
func kindAndFields(raw any) (kind string, fields map[string]any, err error) {
	if fields, err = object(raw); err != nil {
		return "", nil, err
	}
	kind, err = take[string](fields, "kind")
	return kind, fields, err
}

func (d *decoder) block(raw any) (Block, error) {
	kind, fields, err := kindAndFields(raw)
	if err != nil {
		return nil, err
	}
	for _, b := range blocks() {
		if KindOf(b) != kind {
			continue
		}
		t := reflect.TypeOf(b)
		if t.Kind() != reflect.Pointer {
			v := reflect.New(t).Elem()
			err = d.structure(fields, v)
			b = v.Interface().(Block)
		} else {
			v := reflect.New(t.Elem())
			err = d.structure(fields, v.Elem())
			b = v.Interface().(Block)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", kind, err)
		}
		return b, nil
	}
	return nil, fmt.Errorf("unknown kind of block %q", kind)
}

// complete returns an error if a value lacks what the writers of documents rely on.
func complete(v any) error {
	missing := func(name string) error { return fmt.Errorf("has no %s", name) }
	switch v := v.(type) {
	case *Heading:
		if v.Text == nil {
			return missing("text")
		}
	case *Tab:
		if v.Title == nil {
			return missing("title")
		}
	case *Prose:
		if v.Text == nil {
			return missing("text")
		}
	case *Note:
		if v.Text == nil {
			return missing("text")
		}
	case *Figure:
		if v.Picture == nil && len(v.Parts) == 0 {
			return missing("picture")
		}
	case *Part:
		if v.Picture == nil {
			return missing("picture")
		}
	case *TablePart:
		if v.Table == nil {
			return missing("table")
		}
	case *Image:
		if v.Picture == nil {
			return missing("picture")
		}
	case *Table:
		return completeRows(v)
	}
	return nil
}

func completeRows(t *Table) error {
	for i, row := range t.Rows {
		if len(row) != len(t.Columns) {
			return fmt.Errorf("row %d has %d values and the table %d columns", i+1, len(row), len(t.Columns))
		}
	}
	return nil
}
