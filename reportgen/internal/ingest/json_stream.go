package ingest

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/valyala/fastjson"
)

// listKeys are the keys under which documents hold their records: Azure's and
// AWS's, CloudWatch's subscriptions and exports, and those of answers of CloudWatch
// Logs Insights and of Splunk.
var listKeys = []string{"records", "Records", "logEvents", "events", "results"}

// isDocument reports whether the first line of a log begins a JSON document whose
// objects are not one a line: elements of an array, or laid out over several lines.
func isDocument(first []byte, whole bool) bool {
	first = bytes.TrimSpace(first)
	if len(first) == 0 || first[0] != '{' && first[0] != '[' {
		return false
	}
	if first[0] == '[' || !whole {
		return true
	}
	// A whole object is a line of its own, unless it only holds a list of them.
	v, err := fastjson.ParseBytes(first)
	if err != nil { // it goes on in the next line, or another one follows, as Firehose writes them
		return strings.IndexByte("{[,:", first[len(first)-1]) >= 0 || bytes.Contains(first, []byte("}{"))
	}
	return recordList(v) != nil
}

// recordList returns the records of a document, or nil.
func recordList(v *fastjson.Value) *fastjson.Value {
	for _, list := range append(lists(v), v.Get("hits", "hits")) { // the last is Elasticsearch's
		if list != nil && list.Type() == fastjson.TypeArray {
			a := list.GetArray()
			for len(a) > 0 && a[0].Type() == fastjson.TypeArray { // a record of Logs Insights is a list
				list, a = a[0], a[0].GetArray()
			}
			if len(a) > 0 && a[0].Type() == fastjson.TypeObject {
				return list
			}
		}
	}
	return nil
}

func lists(v *fastjson.Value) (all []*fastjson.Value) {
	for _, key := range listKeys {
		all = append(all, v.Get(key))
	}
	return all
}

// jsonStream cuts a text into its JSON objects, however they are laid out: below
// each other, in arrays, or in arrays under one of listKeys.
type jsonStream struct {
	in   *lines
	line int64  // of the object returned last
	text []byte // of that object
	open []byte // brackets that are open around the objects
}

func newJSONStream(in *lines) *jsonStream { return &jsonStream{in: in, line: 1} }

// maxObject bounds the length of an object that is read.
const maxObject = 16 << 20

// next returns the text of the next object. A document that ends in the middle
// is an error.
func (s *jsonStream) next() ([]byte, error) {
	for {
		c, err := s.byte()
		if err == io.EOF && len(s.open) == 0 {
			return nil, io.EOF
		}
		if err != nil {
			return nil, s.cut(err)
		}
		switch c {
		case ' ', '\t', '\r', '\n', ',', ':', '\x1e':
		case '[':
			s.open = append(s.open, ']')
		case ']', '}':
			if n := len(s.open); n == 0 || s.open[n-1] != c {
				return nil, fmt.Errorf("line %d: %q closes nothing that is open", s.in.n+1, c)
			}
			s.open = s.open[:len(s.open)-1]
		case '{':
			text, err := s.object()
			if err != nil || text != nil {
				return text, err
			}
		default:
			// A value beside the records, such as their number.
			if err := s.skip(c); err != nil {
				return nil, err
			}
		}
	}
}

// object reads an object. If it is one that only holds the records, it returns
// nil, and the records come next.
func (s *jsonStream) object() ([]byte, error) {
	s.line = s.in.n + 1
	s.text = append(s.text[:0], '{')
	depth, quoted, escaped := 1, false, false
	key := 0 // where the last string began
	for depth > 0 {
		c, err := s.byte()
		if err != nil {
			return nil, s.cut(err)
		}
		if len(s.text) >= maxObject {
			return nil, fmt.Errorf("line %d: an object is longer than %d MiB", s.line, maxObject>>20)
		}
		s.text = append(s.text, c)
		switch {
		case escaped:
			escaped = false
		case quoted:
			escaped, quoted = c == '\\', c != '"'
		case c == '"':
			quoted = true
			key = len(s.text)
		case c == '[' && depth <= 2 && len(s.open) == 0 && isList(s.text[key:], depth):
			s.open = append(append(s.open, "}}"[:depth]...), ']')
			return nil, nil
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
	}
	return s.text, nil
}

// isList reports whether a text that follows a quote is the key of a list of
// records in an object of that depth.
func isList(text []byte, depth int) bool {
	name, rest, _ := bytes.Cut(text, []byte{'"'})
	if len(bytes.Trim(rest, " \t\r\n:[")) > 0 {
		return false
	}
	if depth == 2 {
		return string(name) == "hits"
	}
	return slices.Contains(listKeys, string(name))
}

// skip passes over a string, number or name.
func (s *jsonStream) skip(c byte) error {
	if c != '"' {
		return nil // its further bytes are passed over one by one
	}
	for escaped := false; ; {
		c, err := s.byte()
		switch {
		case err != nil:
			return s.cut(err)
		case escaped:
			escaped = false
		case c == '\\':
			escaped = true
		case c == '"':
			return nil
		}
	}
}

// byte reads a byte and counts lines.
func (s *jsonStream) byte() (byte, error) {
	c, err := s.in.r.ReadByte()
	if err != nil {
		if err == io.EOF {
			return 0, io.EOF
		}
		return 0, s.in.explain(err)
	}
	if c == '\n' {
		s.in.n++
	}
	return c, nil
}

// cut is the error of a document that ends too early.
func (s *jsonStream) cut(err error) error {
	if err == io.EOF {
		return fmt.Errorf("line %d: the JSON document ends in the middle: the file is truncated; copy it again", s.in.n+1)
	}
	return err
}
