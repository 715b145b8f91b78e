package ingest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

const packedRow = `{"ts":1,"id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2","id.resp_p":80,"proto":"tcp","orig_bytes":3,"resp_bytes":4}` + "\n"

// packedBzip2 is packedRow as bzip2 packs it; the library only unpacks.
const packedBzip2 = "QlpoOTFBWSZTWR90CUIAADhbgAAQEAV8UAAAnuDcKiAASG1FGmRoBpoNBlTyn6o0AANlLYRrmqKvhfkiFpTNNWR0cQW4pRTuOHc2ZUX1TYILBxcXFrUeq4KCHIwpBCkJpET+LuSKcKEgPugShA=="

// pack returns content as a compressor writes it.
func pack[W io.WriteCloser](t testing.TB, content string, compressor func(io.Writer) (W, error)) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := compressor(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func packZstd(t testing.TB, content string) []byte {
	t.Helper()
	return pack(t, content, func(w io.Writer) (*zstd.Encoder, error) { return zstd.NewWriter(w) })
}

func packXZ(t testing.TB, content string) []byte {
	t.Helper()
	return pack(t, content, xz.NewWriter)
}

func TestLinesPacked(t *testing.T) {
	bzip2, err := base64.StdEncoding.DecodeString(packedBzip2)
	if err != nil {
		t.Fatal(err)
	}
	for name, packed := range map[string][]byte{"gzip": zipped(t, packedRow), "zstd": packZstd(t, packedRow), "bzip2": bzip2, "xz": packXZ(t, packedRow)} {
		t.Run(name, func(t *testing.T) {
			// Two members in a row are one log.
			got := decode(string(packed)+string(packed), time.UTC)
			if got.err != nil || len(got.flows) != 2 || got.flows[1].Up != 3 {
				t.Fatalf("%v, error %v", got.flows, got.err)
			}
			for n := 6; n < len(packed)-1; n++ {
				if got := decode(string(packed[:n]), time.UTC); got.err == nil || !strings.Contains(got.err.Error(), "the "+name+" stream ") {
					t.Errorf("cut after %d of %d bytes: error %v", n, len(packed), got.err)
				}
				damaged := bytes.Clone(packed)
				damaged[n] ^= 0x55
				if got := decode(string(damaged), time.UTC); len(got.flows) > 1 {
					t.Errorf("byte %d damaged: %d flows", n, len(got.flows))
				}
			}
		})
	}
}

func TestLinesOtherArchives(t *testing.T) {
	for start, want := range map[string]string{
		"PK\x03\x04\x00\x00":       "is a zip archive; unpack it first (unzip)",
		"\x04\x22\x4d\x18\x00\x00": "is packed with lz4; unpack it first (lz4 -d)",
	} {
		if got := decode(start+"xxxxxx", time.UTC); fmt.Sprint(got.err) != want {
			t.Errorf("%q: error %v", start, got.err)
		}
	}
}

// TestLinesFirst finds the end of first lines of any length.
func TestLinesFirst(t *testing.T) {
	for _, n := range []int{0, 1, 4095, 4096, 4097, 100_000, maxLine - 1} {
		line := strings.Repeat("x", n)
		for _, end := range []string{"", "\n", "\r\n", "\nmore\n"} {
			in, err := newLines(strings.NewReader(line + end))
			if err != nil {
				t.Fatal(err)
			}
			first, err := in.first()
			if err != nil && n+len(end) <= maxLine || err == nil && string(first) != line {
				t.Errorf("%d bytes, then %q: %d bytes, error %v", n, end, len(first), err)
			}
		}
	}
}
