package profile_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"testing"

	"github.com/flowbook/flowbook/pkg/profile"
)

func TestDecodeRefuses(t *testing.T) {
	good := encode(t, build(randomFlows(rand.New(rand.NewPCG(1, 2)), 500)))
	flipped := bytes.Clone(good)
	flipped[len(flipped)/2] ^= 1
	for name, c := range map[string]struct {
		bytes []byte
		want  error
	}{
		"nothing":       {nil, profile.ErrNotProfile},
		"another file":  {[]byte("PAR1 and so on, long enough for a header"), profile.ErrNotProfile},
		"other version": {bytes.Replace(good, fmt.Appendf(nil, "profile %d\n", profile.FormatVersion), []byte("profile 999\n"), 1), profile.ErrVersion},
		"truncated":     {good[:len(good)-9], profile.ErrCorrupt},
		"a flipped bit": {flipped, profile.ErrCorrupt},
		"header only":   {good[:20], profile.ErrCorrupt},
	} {
		if _, err := profile.Unmarshal(c.bytes); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// FuzzUnmarshal puts a right checksum under whatever bytes come, so that they
// reach the decoder proper.
func FuzzUnmarshal(f *testing.F) {
	head := fmt.Sprintf("flowbook profile %d\n", profile.FormatVersion)
	for _, n := range []int{0, 1, 50} {
		good := encode(f, build(randomFlows(rand.New(rand.NewPCG(9, 9)), n)))
		f.Add(good[len(head) : len(good)-crc32.Size])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		b := append([]byte(head), body...)
		b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
		p, err := profile.Unmarshal(b)
		if err != nil {
			return
		}
		again, err := profile.Unmarshal(encode(t, p))
		if err != nil {
			t.Fatalf("a decoded profile does not survive another round: %v", err)
		}
		if !bytes.Equal(encode(t, again), encode(t, p)) {
			t.Fatal("another round gives other bytes")
		}
	})
}
