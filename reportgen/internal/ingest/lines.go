package ingest

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
	"golang.org/x/text/encoding/unicode"
)

// maxLine bounds the length of a line that is read, and with it the memory that
// a file without line ends can take. Zeek's longest connection rows are a few
// KiB; logs of several kinds may hold longer lines of other kinds.
const maxLine = 256 << 10

// lines reads a file line by line, uncompressed or packed, and counts the lines.
type lines struct {
	r      *bufio.Reader
	n      int64  // number of the line read last, from 1
	packed string // gzip, zstd, bzip2 or xz; empty for plain text
	close  func() // frees what unpacking holds; may be nil
}

// newLines starts reading r. It detects compression by the first bytes, since
// rotated logs do not always have the right name. A compressed stream may have
// several members.
func newLines(r io.Reader) (*lines, error) {
	l := &lines{r: bufio.NewReaderSize(r, maxLine)}
	magic, _ := l.r.Peek(6)
	var z io.Reader
	var err error
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		l.packed = "gzip"
		if z, err = gzip.NewReader(l.r); errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
	case bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		l.packed = "zstd"
		z, err = l.zstd()
	case bytes.HasPrefix(magic, []byte("BZh")):
		l.packed, z = "bzip2", bzip2.NewReader(l.r)
	case bytes.HasPrefix(magic, []byte{0xfd, '7', 'z', 'X', 'Z', 0}):
		l.packed = "xz"
		z, err = newXZ(l.r)
	case bytes.HasPrefix(magic, []byte("PK\x03\x04")):
		return nil, errors.New("is a zip archive; unpack it first (unzip)")
	case bytes.HasPrefix(magic, []byte{0x04, 0x22, 0x4d, 0x18}):
		return nil, errors.New("is packed with lz4; unpack it first (lz4 -d)")
	}
	if err != nil {
		return nil, l.explain(err)
	}
	if z != nil {
		l.r = bufio.NewReaderSize(z, maxLine)
	}
	if err := l.encoding(); err != nil {
		return nil, err
	}
	if start, _ := l.r.Peek(512); lokiStart.Match(start) {
		l.r = bufio.NewReaderSize(&lokiLines{in: json.NewDecoder(l.r)}, maxLine)
	}
	return l, nil
}

// encoding passes over a byte order mark, and reads text in UTF-16, as PowerShell writes
// it, as UTF-8. It is known by that mark, or by the zero bytes that ASCII has in it.
func (l *lines) encoding() error {
	if start, _ := l.r.Peek(20); isIPFIX(start) {
		return nil
	}
	start, _ := l.r.Peek(4)
	switch {
	case bytes.HasPrefix(start, []byte("\ufeff")):
		_, err := l.r.Discard(len("\ufeff"))
		return err
	case bytes.HasPrefix(start, []byte{0xff, 0xfe}), bytes.HasPrefix(start, []byte{0xfe, 0xff}),
		len(start) == 4 && (start[0] == 0) != (start[1] == 0) && (start[0] == 0) == (start[2] == 0) && (start[1] == 0) == (start[3] == 0):
		order := unicode.LittleEndian // unless a byte order mark says otherwise
		if start[0] == 0 {
			order = unicode.BigEndian
		}
		l.r = bufio.NewReaderSize(unicode.UTF16(order, unicode.UseBOM).NewDecoder().Reader(l.r), maxLine)
	}
	return nil
}

// maxWindow bounds the memory that unpacking zstd takes; it is what zstd
// --ultra --long=27 needs.
const maxWindow = 128 << 20

// zstd unpacks in the goroutine that reads.
func (l *lines) zstd() (io.Reader, error) {
	z, err := zstd.NewReader(l.r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	l.close = z.Close
	return z, nil
}

// xzReader unpacks xz. The library takes a stream that ends within its footer for
// complete.
type xzReader struct {
	io.Reader
	last byte // byte of the packed stream read last, padding aside
	from *bufio.Reader
}

func newXZ(packed *bufio.Reader) (io.Reader, error) {
	x := &xzReader{from: packed}
	z, err := xz.ReaderConfig{DictCap: maxWindow}.NewReader(readerFunc(x.packed))
	x.Reader = z
	return x, err
}

func (x *xzReader) packed(p []byte) (int, error) {
	n, err := x.from.Read(p)
	if rest := bytes.TrimRight(p[:n], "\x00"); len(rest) > 0 {
		x.last = rest[len(rest)-1]
	}
	return n, err
}

// Read returns io.ErrUnexpectedEOF if the packed stream does not end as a footer.
func (x *xzReader) Read(p []byte) (int, error) {
	n, err := x.Reader.Read(p)
	if err == io.EOF && x.last != 'Z' { // of the footer's magic, YZ
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// Close frees what unpacking holds.
func (l *lines) Close() {
	if l.close != nil {
		l.close()
	}
}

// next returns the next line without its end; the bytes are valid until the
// call after. Whole is false for a last line that no line end closes. At the
// end of the file the error is io.EOF. A line that is too long is a
// *rowError, after which the next line can be read.
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
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, false, l.tooLong(line)
	}
	return nil, false, l.explain(err)
}

// tooLong passes over the rest of a line and returns the error of it.
func (l *lines) tooLong(start []byte) error {
	l.n++
	bad := &rowError{Line: l.n, Reason: tooLong, Detail: fmt.Sprintf("%s is longer than %d KiB", excerpt(start), maxLine>>10)}
	for {
		_, err := l.r.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case err == nil, errors.Is(err, io.EOF): // which the next line meets again
			return bad
		default:
			return l.explain(err)
		}
	}
}

// peek returns the start of the first line that is not blank without reading it,
// or io.EOF if all lines are blank.
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

// unpack are the commands that unpack a file as far as it goes.
var unpack = map[string]string{"gzip": "zcat", "zstd": "zstdcat", "bzip2": "bzip2recover", "xz": "xzcat"}

// first returns the first line, which is not blank after peek, without reading
// it. The bytes are valid until the next call.
func (l *lines) first() ([]byte, error) {
	line, whole, err := l.firstPart()
	if err == nil && !whole {
		err = l.explain(bufio.ErrBufferFull)
	}
	return line, err
}

// firstPart is like first, but returns only the start of a line that is longer
// than maxLine.
func (l *lines) firstPart() (line []byte, whole bool, err error) {
	for n := 4096; ; n = min(2*n, maxLine) {
		b, err := l.r.Peek(n)
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			return bytes.TrimSuffix(b[:i], []byte("\r")), true, nil
		}
		switch {
		case errors.Is(err, io.EOF):
			return b, true, nil
		case err != nil:
			return nil, false, l.explain(err)
		case n == maxLine:
			return b, false, nil
		}
	}
}

// explain adds the line, and what to do about it, to an error of reading.
func (l *lines) explain(err error) error {
	line := l.n + 1
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return fmt.Errorf("line %d: longer than %d KiB: this is not a log of lines", line, maxLine>>10)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("line %d: the %s stream is truncated (%w); copy the file again, or unpack what is there with %s and read that", line, l.packed, err, unpack[l.packed])
	case l.packed == "gzip" && (errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader)),
		l.packed == "zstd", l.packed == "xz", errors.As(err, new(bzip2.StructuralError)):
		return fmt.Errorf("line %d: the %s stream is damaged (%w); copy the file again", line, l.packed, err)
	}
	return fmt.Errorf("line %d: %w", line, err)
}
