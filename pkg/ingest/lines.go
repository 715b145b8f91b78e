package ingest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
)

// maxLine bounds the length of a line, and with it the memory that a file
// without line ends can take. Zeek's longest connection rows are a few KiB.
const maxLine = 256 << 10

// lines reads a file line by line, uncompressed or gzip, and counts the lines.
type lines struct {
	r *bufio.Reader
	n int64 // number of the line read last, from 1
}

// newLines starts reading r. Whether r is gzip is told by its first bytes,
// since rotated logs do not always carry the right name; a gzip stream may
// have several members.
func newLines(r io.Reader) (*lines, error) {
	l := &lines{r: bufio.NewReaderSize(r, maxLine)}
	if magic, _ := l.r.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(l.r)
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, l.explain(err)
		}
		l.r = bufio.NewReaderSize(z, maxLine)
	}
	if mark, _ := l.r.Peek(3); bytes.Equal(mark, []byte("\ufeff")) {
		if _, err := l.r.Discard(len(mark)); err != nil {
			return nil, l.explain(err)
		}
	}
	return l, nil
}

// next returns the next line without its end; the bytes are valid until the
// call after. Whole is false for a last line that no line end closes. At the
// end of the file the error is io.EOF.
func (l *lines) next() (line []byte, whole bool, err error) {
	line, err = l.r.ReadSlice('\n')
	switch {
	case err == nil:
		l.n++
		return bytes.TrimSuffix(line[:len(line)-1], []byte("\r")), true, nil
	case errors.Is(err, io.EOF) && len(line) > 0:
		l.n++
		return line, false, nil
	case errors.Is(err, io.EOF):
		return nil, false, io.EOF
	}
	return nil, false, l.explain(err)
}

// peek returns the start of the first line that is not blank without reading
// it, and io.EOF where there is none.
func (l *lines) peek() ([]byte, error) {
	for {
		b, err := l.r.Peek(1)
		if errors.Is(err, io.EOF) && len(b) == 0 {
			return nil, io.EOF
		}
		if err != nil {
			return nil, l.explain(err)
		}
		if b[0] != '\n' && b[0] != '\r' {
			break
		}
		if _, _, err := l.next(); err != nil {
			return nil, err
		}
	}
	// A shorter file gives what it has.
	start, _ := l.r.Peek(60)
	start, _, _ = bytes.Cut(start, []byte("\n"))
	return start, nil
}

// explain adds the line, and what to do about it, to an error of reading.
func (l *lines) explain(err error) error {
	line := l.n + 1
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return fmt.Errorf("line %d: longer than %d KiB: this is not a log of lines", line, maxLine>>10)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("line %d: the gzip stream ends in the middle: the file is truncated; copy it again, or unpack what is there with zcat and read that: %w", line, err)
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader):
		return fmt.Errorf("line %d: the gzip stream is damaged; copy the file again: %w", line, err)
	}
	return fmt.Errorf("line %d: %w", line, err)
}
