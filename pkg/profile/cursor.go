package profile

import (
	"encoding/binary"
	"io"
	"net/netip"
)

// cursor takes numbers from a column of an encoded profile, and holds a piece of the
// column in memory. What it takes is valid until it takes more.
type cursor struct {
	decoder           // of the piece
	from    io.Reader // the bytes after the piece
	unread  int64     // bytes of from
	buffer  []byte
	size    int // of the buffer, at first
}

// Sizes of buffers. The longest set is a bitmap of the day; distributions of sizes are
// shorter.
const (
	columnBuffer = 8 << 10
	setBytes     = bitmapWords*8 + binary.MaxVarintLen64
	setsBuffer   = 4 * setBytes
)

// fill reads until n bytes are in memory, or all that are left.
func (c *cursor) fill(n int) error {
	if len(c.b) >= n || c.unread == 0 {
		return nil
	}
	if len(c.buffer) < n {
		b := make([]byte, max(n, c.size))
		c.b = b[:copy(b, c.b)]
		c.buffer = b
	}
	have := copy(c.buffer, c.b)
	more, err := io.ReadFull(c.from, c.buffer[have:have+int(min(int64(len(c.buffer)-have), c.unread))])
	c.unread -= int64(more)
	c.b = c.buffer[:have+more]
	return err
}

// left returns how many bytes there are to the end of the profile.
func (c *cursor) left() int64 { return c.unread + int64(len(c.b)) }

func (c *cursor) uint(limit uint64) (uint64, error) {
	if len(c.b) < binary.MaxVarintLen64 {
		if err := c.fill(binary.MaxVarintLen64); err != nil {
			return 0, err
		}
	}
	return c.decoder.uint(limit)
}

func (c *cursor) count() (int, error) {
	n, err := c.uint(uint64(c.left()))
	return int(n), err
}

func (c *cursor) bytes(n int) ([]byte, error) {
	if err := c.fill(n); err != nil {
		return nil, err
	}
	return c.decoder.bytes(n)
}

func (c *cursor) address() (netip.Addr, error) {
	if err := c.fill(1 + 16); err != nil {
		return netip.Addr{}, err
	}
	return c.decoder.address()
}

func (c *cursor) sizes() (Sizes, error) {
	if err := c.fill(setBytes); err != nil {
		return Sizes{}, err
	}
	return c.decoder.sizes()
}

func (c *cursor) seconds() (Seconds, secondsBounds, error) {
	if err := c.fill(setBytes); err != nil {
		return Seconds{}, secondsBounds{}, err
	}
	return c.decoder.seconds()
}

// skip passes n numbers.
func (c *cursor) skip(n int) error {
	for n > 0 {
		if err := c.fill(1); err != nil {
			return err
		}
		if len(c.b) == 0 {
			return errShort
		}
		i := 0
		for ; n > 0 && i < len(c.b); i++ {
			if c.b[i] < 0x80 {
				n--
			}
		}
		c.b = c.b[i:]
	}
	return nil
}
