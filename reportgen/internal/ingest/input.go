package ingest

import (
	"bufio"
	"errors"
	"io"
	"os"
)

// stdin is the path that means the standard input.
const stdin = "-"

// input is a file, pipe or standard input that is read from its beginning,
// once.
type input struct {
	name string
	r    *bufio.Reader
	file io.Closer // nil for the standard input, which others opened
}

func openInput(name string, in io.Reader) (*input, error) {
	if name == stdin {
		if in == nil {
			return nil, errors.New("-: there is no standard input to read")
		}
		return &input{name: name, r: bufio.NewReader(in)}, nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return &input{name, bufio.NewReader(file), file}, nil
}

// isParquet looks at the first bytes, without reading them.
func (i *input) isParquet() (bool, error) {
	magic, err := i.r.Peek(4)
	if err != nil && len(magic) == 0 && !errors.Is(err, io.EOF) {
		return false, err
	}
	return string(magic) == "PAR1", nil
}

func (i *input) Read(p []byte) (int, error) { return i.r.Read(p) }

func (i *input) Close() error {
	if i.file == nil {
		return nil
	}
	return i.file.Close()
}
