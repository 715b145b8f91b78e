package ingest

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"

	"github.com/valyala/fastjson"
)

// carrierKeys are the keys under which programs that forward logs put a line of one:
// Beats, Vector, CloudWatch and Graylog, Docker, Loki, Splunk, Kinesis and Pub/Sub, journald
// and syslog-ng, GELF, Wazuh.
var carrierKeys = []string{"message", "log", "line", "_raw", "data", "MESSAGE", "full_message", "short_message", "full_log"}

// carriedLine returns the line of a log that an object carries, or nil. CloudWatch Logs
// Insights has an object for each field of a line; only one of them has text.
func carriedLine(v *fastjson.Value) []byte {
	if isInsights(v) {
		if string(v.GetStringBytes("field")) == "@message" {
			return v.GetStringBytes("value")
		}
		return []byte{}
	}
	for _, inner := range []*fastjson.Value{v, v.Get("result"), v.Get("_source"), v.Get("message")} {
		if inner == nil {
			continue
		}
		for _, key := range carrierKeys {
			if s := inner.GetStringBytes(key); s != nil {
				return plainLine(s)
			}
		}
	}
	return nil
}

// isInsights reports whether an object is a field of a line in an answer of CloudWatch Logs Insights.
func isInsights(v *fastjson.Value) bool {
	return v.Type() == fastjson.TypeObject && v.GetObject().Len() == 2 && bytes.HasPrefix(v.GetStringBytes("field"), []byte("@")) && v.Exists("value")
}

// plainLine returns a line that Pub/Sub or Kinesis have encoded in base64, or the line as it
// is.
func plainLine(line []byte) []byte {
	if bytes.ContainsAny(line, "{ ") {
		return line
	}
	text := make([]byte, base64.StdEncoding.DecodedLen(len(line)))
	n, err := base64.StdEncoding.Decode(text, line)
	if err != nil || !bytes.ContainsAny(text[:n], "{ ") {
		return line
	}
	return text[:n]
}

// unwrapped returns the lines of a log that CloudWatch, Firehose or another
// carrier has wrapped in JSON or CSV, each as the message of an object or in a column.
// Other logs it returns as they are.
func unwrapped(in *lines) (*lines, error) {
	if _, err := in.peek(); err != nil {
		return in, nil //nolint:nilerr // the caller meets it again
	}
	first, whole, err := in.firstPart()
	if err != nil {
		return nil, err
	}
	first = bytes.TrimSpace(first)
	if column := carryingColumn(first); column >= 0 {
		c := csv.NewReader(in.r)
		c.FieldsPerRecord, c.LazyQuotes = -1, true
		if _, err := c.Read(); err != nil {
			return nil, err
		}
		return &lines{r: bufio.NewReaderSize(&carriedColumn{c: c, column: column}, maxLine), close: in.close}, nil
	}
	if len(first) == 0 || first[0] != '{' && first[0] != '[' || !carries(first) {
		return in, nil
	}
	m := &messages{in: in}
	if isDocument(first, whole) {
		m.stream = newJSONStream(in)
	}
	return &lines{r: bufio.NewReaderSize(m, maxLine), close: in.close}, nil
}

// carries reports whether objects carry lines of text, by the first of them. It is
// assumed of a document whose first object goes on in another line.
func carries(first []byte) bool {
	var s fastjson.Scanner
	if s.InitBytes(first); !s.Next() {
		return true
	}
	v := s.Value()
	if list := recordList(v); list != nil {
		v = list
	}
	if a := v.GetArray(); len(a) > 0 {
		v = a[0]
	}
	line := bytes.TrimSpace(carriedLine(v))
	return isInsights(v) || len(line) > 0 && line[0] != '{'
}

// carryingColumn returns the column of a CSV that carries the lines of a log, as the
// exports of CloudWatch and Splunk have it, or -1.
func carryingColumn(header []byte) int {
	for i, name := range bytes.Split(header, []byte(",")) {
		switch string(bytes.Trim(name, `" `)) {
		case "@message", "_raw":
			return i
		}
	}
	return -1
}

// carriedColumn reads a column of a CSV as lines of text.
type carriedColumn struct {
	c      *csv.Reader
	column int
	rest   []byte
}

func (c *carriedColumn) Read(p []byte) (int, error) {
	for len(c.rest) == 0 {
		record, err := c.c.Read()
		if err != nil {
			return 0, err
		}
		if c.column < len(record) {
			c.rest = append(append(c.rest, strings.TrimRight(record[c.column], "\r\n")...), '\n')
		}
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// messages reads the messages of JSON objects as lines of text.
type messages struct {
	in     *lines
	stream *jsonStream // of a document; nil for one object a line
	parser fastjson.Parser
	rest   []byte // of the message read last
}

func (m *messages) Read(p []byte) (int, error) {
	for len(m.rest) == 0 {
		if err := m.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, m.rest)
	m.rest = m.rest[n:]
	return n, nil
}

func (m *messages) next() error {
	var text []byte
	var err error
	if m.stream != nil {
		text, err = m.stream.next()
	} else {
		text, _, err = m.in.next()
	}
	if err != nil {
		return err
	}
	if text = bytes.TrimSpace(text); len(text) == 0 {
		m.rest = append(m.rest, '\n')
		return nil
	}
	v, err := m.parser.ParseBytes(text)
	if err != nil {
		return fmt.Errorf("line %d: %s: not a JSON object: %w", m.in.n, excerpt(text), err)
	}
	if s := carriedLine(v); s != nil {
		if !bytes.HasPrefix(s, []byte("CWL CONTROL MESSAGE")) { // of CloudWatch to the one who reads
			m.rest = append(m.rest, bytes.TrimRight(s, "\r\n")...)
		}
		m.rest = append(m.rest, '\n')
		return nil
	}
	if v.Type() == fastjson.TypeObject {
		return fmt.Errorf("line %d: %s: a JSON object without the message of a log line", m.in.n, excerpt(text))
	}
	return errors.New("a JSON document without objects")
}
