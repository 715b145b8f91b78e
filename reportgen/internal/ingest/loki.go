package ingest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
)

// lokiStart is how an answer of Loki's HTTP API begins, and what clients push to it.
var lokiStart = regexp.MustCompile(`^\s*\{\s*("status"\s*:\s*"success"\s*,\s*"data"\s*:\s*\{\s*"resultType"\s*:\s*"streams"|"streams"\s*:\s*\[\s*\{\s*"stream")`)

// lokiLines reads the lines of a log in a document of Loki: those of all its streams, each
// in an array after its time.
type lokiLines struct {
	in     *json.Decoder
	values bool   // inside the lines of a stream
	depth  int    // of the brackets that are open
	rest   []byte // of the line read last
}

func (l *lokiLines) Read(p []byte) (int, error) {
	for len(l.rest) == 0 {
		if err := l.next(); err != nil {
			return 0, lokiError(err)
		}
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

// next takes the next step to a line.
func (l *lokiLines) next() error {
	if l.values && l.in.More() {
		var entry []json.RawMessage
		if err := l.in.Decode(&entry); err != nil {
			return err
		}
		var line string
		if len(entry) < 2 || json.Unmarshal(entry[1], &line) != nil {
			return fmt.Errorf("byte %d: an entry of values is not a list of a time and a line", l.in.InputOffset())
		}
		l.rest = append([]byte(line), '\n')
		return nil
	}
	l.values = false
	token, err := l.token()
	if token != "values" || err != nil {
		return err
	}
	token, err = l.token() // a label may have that name or value
	l.values = token == json.Delim('[')
	return err
}

func (l *lokiLines) token() (json.Token, error) {
	token, err := l.in.Token()
	switch token {
	case json.Delim('{'), json.Delim('['):
		l.depth++
	case json.Delim('}'), json.Delim(']'):
		l.depth--
	}
	if err == io.EOF && l.depth > 0 {
		err = io.ErrUnexpectedEOF
	}
	return token, err
}

// lokiError says what is wrong with a document.
func lokiError(err error) error {
	switch {
	case err == io.EOF:
		return io.EOF
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the document of Loki ends in the middle: the file is truncated; ask for it again")
	}
	return fmt.Errorf("a document of Loki: %w", err)
}
