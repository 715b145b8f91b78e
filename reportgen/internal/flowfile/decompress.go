package flowfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
)

// decompressor decompresses pages. It takes no more memory than a page may have, whatever the data expands to.
type decompressor struct {
	codec  format.CompressionCodec
	source bytes.Reader
	reader io.Reader // of gzip or brotli, once it was used
}

// newDecompressor returns nil for data that is not compressed.
func newDecompressor(codec format.CompressionCodec) (*decompressor, error) {
	switch codec {
	case format.Uncompressed:
		return nil, nil
	case format.Snappy, format.Zstd, format.Gzip, format.Brotli, format.Lz4Raw:
		return &decompressor{codec: codec}, nil
	}
	return nil, fmt.Errorf("%w (%s)", errCompression, codec)
}

var errSize = errors.New("a page does not have the size that it claims")

// zstdReaders are shared, since they hold much memory.
var zstdReaders = sync.Pool{New: func() any {
	r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		panic(err) // of the options above
	}
	return r
}}

// decode returns the size bytes that data stands for, in the memory of out if it suffices.
func (d *decompressor) decode(out, data []byte, size int) (_ []byte, err error) {
	switch d.codec {
	case format.Snappy:
		if n, err := snappy.DecodedLen(data); err != nil || n != size {
			return nil, errors.Join(errSize, err)
		}
		return snappy.Decode(grown(out, size), data)
	case format.Lz4Raw:
		out = grown(out, size)
		var n int
		n, err = lz4.UncompressBlock(data, out)
		out = out[:max(n, 0)]
	case format.Zstd:
		r := zstdReaders.Get().(*zstd.Decoder)
		out, err = r.DecodeAll(data, grown(out, size)[:0:size])
		zstdReaders.Put(r)
	default:
		out, err = d.stream(grown(out, size), data)
	}
	if err == nil && len(out) != size {
		err = errSize
	}
	return out, err
}

// stream decompresses data to out, which it is to fill.
func (d *decompressor) stream(out, data []byte) ([]byte, error) {
	d.source.Reset(data)
	if err := d.open(); err != nil {
		return nil, err
	}
	if n, err := io.ReadFull(d.reader, out); err != nil && !errors.Is(err, io.EOF) {
		return out[:n], err
	}
	switch n, err := io.ReadFull(d.reader, make([]byte, 1)); { // gzip checks its sum at the end
	case n > 0:
		return nil, errSize
	case !errors.Is(err, io.EOF):
		return nil, err
	}
	return out, nil
}

func (d *decompressor) open() error {
	switch r := d.reader.(type) {
	case *gzip.Reader:
		return r.Reset(&d.source)
	case *brotli.Reader:
		return r.Reset(&d.source)
	}
	if d.codec == format.Brotli {
		d.reader = brotli.NewReader(&d.source)
		return nil
	}
	r, err := gzip.NewReader(&d.source)
	if err == nil {
		d.reader = r
	}
	return err
}
