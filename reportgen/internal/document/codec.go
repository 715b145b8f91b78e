package document

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"reflect"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"

	"github.com/flowbook/flowbook/reportgen/internal/svg"
)

// formatVersion is the version of the JSON format that [Encode] writes and [Decode] reads. It changes when a program that
// reads the format would misread what a later one writes.
const formatVersion = 1

// ErrVersion is returned by Decode for a document of another version of the format.
var ErrVersion = errors.New("unsupported version")

// Encode writes the document as JSON. Equal documents give equal bytes, and [Decode] restores a document from which every
// writer writes the same bytes. The format follows the types of this package:
//
//   - The document is an object with "version" and the fields of [Document].
//   - A struct is an object with its fields, whose names begin in lower case. A field with its zero value is left out.
//     The fields of an embedded struct are an object of their own, such as "origin".
//   - A [Block] also has "kind", its type's name beginning in lower case, such as "figure".
//   - A [Text] is a tree of nodes. A node has "kind" and, if it has any, its fields and "children". Text nodes hold
//     "text" as in the Markdown source, and "break": "soft" or "hard" if a line ends after it.
//   - A vector picture is the source of an SVG file, and other binary data is in Base64.
//
// Each field of the document, and each element of its lists, is one line. The last field is "checksum", that of the bytes
// before its line.
func Encode(w io.Writer, d *Document) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\n\"version\": %d", formatVersion)
	v := reflect.ValueOf(d).Elem()
	for i := range v.NumField() {
		field := v.Field(i)
		if field.IsZero() {
			continue
		}
		name := fieldName(v.Type().Field(i).Name)
		fmt.Fprintf(&b, ",\n%q: ", name)
		if field.Kind() != reflect.Slice {
			if err := encode(&b, field, nil); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			continue
		}
		b.WriteString("[")
		for j := range field.Len() {
			b.WriteString(map[bool]string{true: "\n ", false: ",\n "}[j == 0])
			if err := encode(&b, field.Index(j), nil); err != nil {
				return fmt.Errorf("%s[%d]: %w", name, j, err)
			}
		}
		b.WriteString("\n]")
	}
	b.WriteString(checksum(b.Bytes()))
	_, err := w.Write(b.Bytes())
	return err
}

// checksumField is the last field of a document.
const checksumField = "checksum"

// checksum returns the end of a document, with the CRC-32C of all bytes before it.
func checksum(before []byte) string {
	return fmt.Sprintf(",\n%q: \"%08x\"\n}\n", checksumField, crc32.Checksum(before, crc32.MakeTable(crc32.Castagnoli)))
}

// EncodePart returns a part of a document, such as a [Block] or a [Reference], as it is in the JSON of the document.
func EncodePart(part any) ([]byte, error) {
	var b bytes.Buffer
	if block, ok := part.(Block); ok {
		err := encodeBlock(&b, block)
		return b.Bytes(), err
	}
	err := encode(&b, reflect.ValueOf(part), nil)
	return b.Bytes(), err
}

// EncodeNode returns a node of a text as it is in the JSON of its document.
func EncodeNode(n ast.Node, source []byte) ([]byte, error) {
	var b bytes.Buffer
	err := encodeNode(&b, n, source)
	return b.Bytes(), err
}

var (
	blockType  = reflect.TypeFor[Block]()
	textType   = reflect.TypeFor[*Text]()
	svgType    = reflect.TypeFor[*svg.Image]()
	authorType = reflect.TypeFor[Author]()
	bytesType  = reflect.TypeFor[[]byte]()
)

// blocks returns a value of each type of block.
func blocks() []Block {
	return []Block{
		(*Heading)(nil), Prose{}, (*HTML)(nil), (*Code)(nil), (*Cell)(nil), (*Stream)(nil), (*Failure)(nil),
		FoldStart{}, FoldEnd{}, (*Box)(nil), BoxEnd{}, (*Tab)(nil), TabsEnd{}, (*Figure)(nil), (*Table)(nil),
	}
}

// KindOf returns the name of a block's kind.
func KindOf(b Block) string {
	t := reflect.TypeOf(b)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return fieldName(t.Name())
}

// fieldName is a name of Go as a name of JSON: "CellID" is "cellID", "ID" is "id" and "TeX" is "tex".
func fieldName(name string) string {
	if name == "TeX" {
		return "tex"
	}
	upper := 0
	for upper < len(name) && unicode.IsUpper(rune(name[upper])) {
		upper++
	}
	if upper > 1 && upper < len(name) {
		upper--
	}
	return strings.ToLower(name[:upper]) + name[upper:]
}

// encode writes a value. Nodes that it holds refer to source.
func encode(b *bytes.Buffer, v reflect.Value, source []byte) error {
	switch v.Type() {
	case blockType:
		if v.IsNil() {
			return errors.New("block is nil")
		}
		return encodeBlock(b, v.Interface().(Block))
	case textType:
		t := v.Interface().(*Text)
		if t.Root == nil {
			return errors.New("text has no root")
		}
		return encodeNode(b, t.Root, t.Source)
	case svgType:
		return encodeString(b, string(v.Interface().(*svg.Image).Standalone("")))
	case bytesType:
		return encodeString(b, base64.StdEncoding.EncodeToString(v.Bytes()))
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return errors.New("is nil")
		}
		return encode(b, v.Elem(), source)
	case reflect.Struct:
		b.WriteByte('{')
		err := encodeFields(b, v, source, true)
		b.WriteByte('}')
		return err
	case reflect.Slice:
		b.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := encode(b, v.Index(i), source); err != nil {
				return err
			}
		}
		b.WriteByte(']')
		return nil
	case reflect.String:
		return encodeString(b, v.String())
	case reflect.Bool, reflect.Int, reflect.Int64, reflect.Uint8, reflect.Float64:
		text, err := json.Marshal(v.Interface())
		b.Write(text)
		return err
	}
	return fmt.Errorf("a document cannot hold a %v", v.Type())
}

func encodeBlock(b *bytes.Buffer, block Block) error {
	v := reflect.ValueOf(block)
	known := false
	for _, other := range blocks() {
		known = known || reflect.TypeOf(other) == v.Type()
	}
	if !known {
		return fmt.Errorf("unknown kind of block %T", block)
	}
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	fmt.Fprintf(b, `{"kind":%q`, KindOf(block))
	err := encodeFields(b, v, nil, false)
	b.WriteByte('}')
	return err
}

// encodeFields writes the fields of a struct that are not zero; first says that no other field is before them.
func encodeFields(b *bytes.Buffer, v reflect.Value, source []byte, first bool) error {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() || v.Field(i).IsZero() {
			continue
		}
		if !first {
			b.WriteByte(',')
		}
		first = false
		name := fieldName(f.Name)
		fmt.Fprintf(b, "%q:", name)
		if err := encode(b, v.Field(i), source); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func encodeString(b *bytes.Buffer, s string) error {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	err := e.Encode(strings.ToValidUTF8(s, "\uFFFD"))
	b.Truncate(b.Len() - 1) // the encoder ends each value with a line feed
	return err
}
