package ingest

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/klauspost/compress/zstd"

	"github.com/flowbook/flowbook/pkg/flow"
)

// keepOpen is how long before the latest start of a row, in hundredths of a second, a connection must have ended for its
// rows to be complete: the half hour after which exporters cut long connections, the pauses within a connection, and
// some time for late rows.
const keepOpen = int64(flow.Hour)

// laterMagic begins what one import leaves to the next.
const laterMagic = "flowbook open 1\n"

// later is what an import leaves to the next one: the parts of connections that may go on. Rows that began an hour or
// less before the latest one are left as they are, so that logs that overlap or are late change nothing; what is before them in
// a connection is summed up.
//
// It is written as a zstd stream, which has a checksum: laterMagic, the moment before which all rows are summed up, and the
// keys of the parts in order, each after its length.
type later struct {
	edge  int64 // a connection that has ended before it is complete
	flows Sorter
	zstd  *zstd.Encoder
	out   *bufio.Writer
}

// Resume goes on with what an earlier import left, and says where Pair writes what it leaves to a later one. If earlier is
// nil, there was no other import. It must be called after all rows were added, before Pair.
func (s *Sorter) Resume(earlier io.Reader, to io.Writer) error {
	s.settled = math.MinInt64
	if earlier != nil {
		if err := s.resume(earlier); err != nil {
			return fmt.Errorf("open connections of earlier imports: %w", err)
		}
	}
	z, err := zstd.NewWriter(to, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	l := &later{edge: max(s.settled, s.latest-keepOpen), zstd: z, out: bufio.NewWriter(z)}
	l.flows.Limit, l.flows.Dir = s.Limit, s.Dir
	s.later = l
	_, err = l.out.Write(appendMoment([]byte(laterMagic), l.edge))
	return err
}

func (s *Sorter) resume(earlier io.Reader) error {
	z, err := zstd.NewReader(earlier, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return err
	}
	defer z.Close()
	in := bufio.NewReader(z)
	head := make([]byte, len(laterMagic)+8)
	if _, err := io.ReadFull(in, head); err != nil || string(head[:len(laterMagic)]) != laterMagic {
		return errors.Join(err, errors.New("not written by this version"))
	}
	s.settled = readMoment(head[len(laterMagic):])
	for {
		var size [2]byte
		if _, err := io.ReadFull(in, size[:]); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		n := int(binary.LittleEndian.Uint16(size[:]))
		s.key = append(s.key[:0], make([]byte, n)...)
		if _, err := io.ReadFull(in, s.key); err != nil {
			return err
		}
		if err := checkPart(s.key); err != nil {
			return err
		}
		s.latest = max(s.latest, readMoment(s.key[partStart:]))
		if err := s.parts.add(appendFile(s.key, 0), s.limit(), s.Dir); err != nil {
			return err
		}
	}
}

// add writes a key without its file.
func (l *later) add(k []byte) error {
	if len(k) > math.MaxUint16 {
		return errors.New("a name is too long")
	}
	if _, err := l.out.Write(binary.LittleEndian.AppendUint16(l.out.AvailableBuffer(), uint16(len(k)))); err != nil {
		return err
	}
	_, err := l.out.Write(k)
	return err
}

func (l *later) end() error { return errors.Join(l.out.Flush(), l.zstd.Close()) }

// Open returns the connections that Pair left to a later import, as far as they are known. It is nil without Resume.
func (s *Sorter) Open() *Sorter {
	if s.later == nil {
		return nil
	}
	return &s.later.flows
}
