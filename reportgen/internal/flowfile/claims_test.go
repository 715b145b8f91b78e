package flowfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/flowbook/flowbook/pkg/budget"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// claimingPage is a source that checks pages of a column.
func claimingPage(t *testing.T, field parquet.Node) *pageSource {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[any](&b, parquet.NewSchema("flows", parquet.Group{"x": field}))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := parquet.OpenFile(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return &pageSource{column: f.Root().Columns()[0], rows: 1 << 40, size: 1000, pageMemory: &pageMemory{}}
}

// uvarints writes numbers as the encodings of pages do.
func uvarints(numbers ...uint64) (b []byte) {
	for _, n := range numbers {
		b = binary.AppendUvarint(b, n)
	}
	return b
}

// A page cannot claim more values than it says that it has, in any encoding.
func TestPageClaims(t *testing.T) {
	const many = 1 << 30
	text, number := parquet.String(), parquet.Int(64)
	delta := uvarints(128, 4, 3, 0)
	for _, tt := range []struct {
		name     string
		field    parquet.Node
		encoding format.Encoding
		values   int32
		data     []byte
		ok       bool
	}{
		{"dictionary, one run", text, format.RLEDictionary, 100, append([]byte{1}, uvarints(100<<1, 0)...), true},
		{"dictionary, long run", text, format.RLEDictionary, 100, append([]byte{1}, uvarints(many<<1, 0)...), false},
		{"dictionary, runs that add up", text, format.RLEDictionary, 100, append([]byte{1}, bytes.Repeat(uvarints(100<<1, 0), 50)...), false},
		{"dictionary, packed", text, format.RLEDictionary, 16, append([]byte{1}, uvarints(2<<1|1, 0, 0)...), true},
		{"dictionary, long packed run", text, format.RLEDictionary, 100, append([]byte{0}, uvarints(many<<1|1)...), false},
		{"plain numbers", number, format.Plain, 2, make([]byte, 16), true},
		{"fewer plain numbers", number, format.Plain, 3, make([]byte, 16), false},
		{"plain texts", text, format.Plain, 4, make([]byte, 16), true},
		{"fewer plain texts", text, format.Plain, many, make([]byte, 16), false},
		{"differences", number, format.DeltaBinaryPacked, 3, delta, true},
		{"many differences", number, format.DeltaBinaryPacked, 100, uvarints(128, 4, many, 0), false},
		{"many lengths", text, format.DeltaLengthByteArray, 100, uvarints(128, 4, many, 0), false},
		{"texts that repeat a long one", text, format.DeltaByteArray, 1000, uvarints(128, 4, 1000, 2<<27, 0), false},
		{"more values than the row group has rows", number, format.Plain, 1 << 30, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := claimingPage(t, tt.field)
			err := p.checkDataPageV1(&format.DataPageHeader{NumValues: tt.values, Encoding: tt.encoding}, tt.data)
			if (err == nil) != tt.ok {
				t.Errorf("error %v", err)
			}
		})
	}
}

// The sums of prefixes are those of the library's encoder.
func TestDeltaValues(t *testing.T) {
	var numbers []int32
	for i := range int32(1000) {
		numbers = append(numbers, i*i%977-i%5)
	}
	data, err := parquet.DeltaBinaryPacked.EncodeInt32(nil, numbers)
	if err != nil {
		t.Fatal(err)
	}
	var got []int64
	rest, err := deltaValues(append(data, 7, 7), int64(len(numbers)), func(n int64) error { got = append(got, n); return nil })
	if err != nil || !bytes.Equal(rest, []byte{7, 7}) {
		t.Fatalf("rest %v, error %v", rest, err)
	}
	for i, n := range numbers {
		if got[i] != int64(n) {
			t.Fatalf("value %d is %d, want %d", i, got[i], n)
		}
	}
}

// A footer cannot make the library allocate by the sizes that it claims, or call itself for ever.
func TestFooterClaims(t *testing.T) {
	for name, footer := range map[string][]byte{
		"long list":         append([]byte{0x49, 0xFC}, uvarints(1<<30)...),
		"long text":         append([]byte{0x68}, uvarints(1<<30)...),
		"nested structures": bytes.Repeat([]byte{0x1C}, 1_000_000),
		"nested lists":      bytes.Repeat([]byte{0x19}, 1_000_000),
		"many structures":   append(append([]byte{0x49, 0xFC}, uvarints(2_000_000)...), make([]byte, 2_000_000)...),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := checkThrift(footer); err == nil {
				t.Error("no error")
			}
		})
	}
}

// A page that decompresses to more bytes, or fewer, than its header claims is an error, whatever it would expand to.
func TestDecompressionBombs(t *testing.T) {
	zeros := make([]byte, 50<<20)
	for _, codec := range []format.CompressionCodec{format.Snappy, format.Gzip, format.Zstd, format.Brotli} {
		t.Run(codec.String(), func(t *testing.T) {
			packed, err := parquet.LookupCompressionCodec(codec).Encode(nil, zeros)
			if err != nil {
				t.Fatal(err)
			}
			d, err := newDecompressor(codec)
			if err != nil {
				t.Fatal(err)
			}
			for _, size := range []int{1000, len(zeros) - 1, len(zeros) + 1} {
				if out, err := d.decode(nil, packed, size); err == nil || cap(out) > 2*size+1<<20 {
					t.Errorf("claiming %d bytes: error %v, %d bytes of memory", size, err, cap(out))
				}
			}
			if out, err := d.decode(nil, packed, len(zeros)); err != nil || !bytes.Equal(out, zeros) {
				t.Errorf("%d bytes, error %v", len(out), err)
			}
		})
	}
}

// A small file with a large page is refused with the limit. Larger files may have larger pages.
func TestLargePage(t *testing.T) {
	p := claimingPage(t, parquet.String())
	p.to = 1 << 40
	for claimed, sizes := range map[int32][]int64{pageMost: {1000, 1 << 30}, pageMost + 1: {1 << 30}} {
		for _, p.size = range sizes {
			if err := p.checkSizes(&format.PageHeader{UncompressedPageSize: claimed}); err != nil {
				t.Errorf("a page of %d bytes in a file of %d: %v", claimed, p.size, err)
			}
		}
	}
	p.size = 1000
	err := p.checkSizes(&format.PageHeader{UncompressedPageSize: pageMost + 1})
	if _, ok := errors.AsType[*budget.Exceeded](damaged(err)); !ok {
		t.Errorf("error %v", err)
	}
}

// TestGzipChecksum flips each bit of a page that gzip packed: the checksum shows all of them, where the sizes agree.
func TestGzipChecksum(t *testing.T) {
	page := bytes.Repeat([]byte("0123456789abcdef"), 4)
	packed, err := parquet.Gzip.Encode(nil, page)
	if err != nil {
		t.Fatal(err)
	}
	d, err := newDecompressor(format.Gzip)
	if err != nil {
		t.Fatal(err)
	}
	for bit := range 8 * len(packed) {
		flipped := bytes.Clone(packed)
		flipped[bit/8] ^= 1 << (bit % 8)
		if got, err := d.decode(nil, flipped, len(page)); err == nil && !bytes.Equal(got, page) {
			t.Errorf("bit %d: %q", bit, got)
		}
	}
}
