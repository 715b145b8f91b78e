package ingest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"

	"github.com/valyala/fastjson"
)

// unwrapped returns the lines of a log that CloudWatch, Firehose or another
// carrier has wrapped in JSON, each as the message of an object. Other logs it
// returns as they are.
func unwrapped(in *lines) (*lines, error) {
	if _, err := in.peek(); err != nil {
		return in, nil //nolint:nilerr // the caller meets it again
	}
	first, whole, err := in.firstPart()
	if err != nil {
		return nil, err
	}
	if first = bytes.TrimSpace(first); len(first) == 0 || first[0] != '{' && first[0] != '[' {
		return in, nil
	}
	m := &messages{in: in}
	if isDocument(first, whole) {
		m.stream = newJSONStream(in)
	}
	return &lines{r: bufio.NewReaderSize(m, maxLine), close: in.close}, nil
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
	for _, key := range []string{"message", "data", "log", "line"} {
		if s := v.GetStringBytes(key); s != nil {
			m.rest = append(append(m.rest, bytes.TrimRight(s, "\r\n")...), '\n')
			return nil
		}
	}
	if v.Type() == fastjson.TypeObject {
		return fmt.Errorf("line %d: %s: a JSON object without the message of a log line", m.in.n, excerpt(text))
	}
	return errors.New("a JSON document without objects")
}
