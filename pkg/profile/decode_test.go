package profile_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/testenv"
)

func TestDecodeRefuses(t *testing.T) {
	good := testenv.Encoded(t, profile.Encode, build(randomFlows(rand.New(rand.NewPCG(1, 2)), 500)))
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
func FuzzUnmarshal(f *testing.F) { fuzzUnmarshal(f, randomFlows, 0, 1, 50) }

// FuzzUnmarshalDetails does the same to profiles with details.
func FuzzUnmarshalDetails(f *testing.F) { fuzzUnmarshal(f, detailedFlows, 1, 50) }

func fuzzUnmarshal(f *testing.F, flows func(*rand.Rand, int) []flow.Record, sizes ...int) {
	var head string
	for _, n := range sizes {
		good := testenv.Encoded(f, profile.Encode, build(flows(rand.New(rand.NewPCG(9, 9)), n)))
		head = string(good[:bytes.IndexByte(good, '\n')+1])
		f.Add(good[len(head) : len(good)-crc32.Size])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		b := append([]byte(head), body...)
		b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
		p, err := profile.Unmarshal(b)
		merged, mergeErr := mergeEncoded(t.TempDir(), b)
		same, sameErr := profile.Unmarshal(merged)
		if mergeErr == nil && sameErr != nil {
			t.Fatalf("it merges to a profile that cannot be decoded: %v", sameErr)
		}
		if err != nil {
			return
		}
		if mergeErr != nil || !bytes.Equal(testenv.Encoded(t, profile.Encode, same), testenv.Encoded(t, profile.Encode, p)) {
			t.Fatalf("a decoded profile merges to another (%v)", mergeErr)
		}
		again, err := profile.Unmarshal(testenv.Encoded(t, profile.Encode, p))
		if err != nil {
			t.Fatalf("a decoded profile does not survive another round: %v", err)
		}
		if !bytes.Equal(testenv.Encoded(t, profile.Encode, again), testenv.Encoded(t, profile.Encode, p)) {
			t.Fatal("another round gives other bytes")
		}
	})
}

// TestDecodeRefusesInconsistentParts encodes profiles whose parts are well formed
// but contradict each other.
func TestDecodeRefusesInconsistentParts(t *testing.T) {
	for name, spoil := range map[string]func(p *profile.Profile){
		"a conversation without a host":    func(p *profile.Profile) { p.Hosts = p.Hosts[1:] },
		"a host without a conversation":    func(p *profile.Profile) { p.Conversations = p.Conversations[len(p.Of(p.Hosts[0].Addr)):] },
		"no hosts":                         func(p *profile.Profile) { p.Hosts = nil },
		"IPv4 written as IPv6":             func(p *profile.Profile) { p.Conversations[0].Dst = netip.AddrFrom16(p.Conversations[0].Dst.As16()) },
		"another number of flows":          func(p *profile.Profile) { p.Conversations[0].Flows++ },
		"other bytes":                      func(p *profile.Profile) { p.Conversations[0].Up++ },
		"a half hour of another hour":      func(p *profile.Profile) { s := &p.Hosts[0].Slots[0]; s.Index = (s.Index + 2) % 48 },
		"a half hour without flows":        func(p *profile.Profile) { p.Hosts[0].Slots[0].Flows = 0 },
		"a largest flow missing":           func(p *profile.Profile) { p.Hosts[0].Largest = p.Hosts[0].Largest[1:] },
		"a largest flow to somewhere else": func(p *profile.Profile) { p.Hosts[0].Largest[0].Port++ },
		"the first flow after the last": func(p *profile.Profile) {
			c := &p.Conversations[0]
			c.First, c.Last = c.Last+1, c.First
		},
		"seconds of another hour": func(p *profile.Profile) { p.Conversations[0].Seconds = profile.SecondsOf(1) },
		"no seconds":              func(p *profile.Profile) { p.Conversations[0].Seconds = profile.Seconds{} },
		"sizes of more flows": func(p *profile.Profile) {
			p.Conversations[0].Sizes = profile.AddSizes(p.Conversations[0].Sizes, profile.SizesOf(5))
		},
		"rejected rows of a negative number": func(p *profile.Profile) { p.Rejected = []profile.Rejected{{Reason: "x", Count: -1}} },
		"sources out of order": func(p *profile.Profile) {
			p.Sources = []profile.Source{{Name: "b"}, {Name: "a"}}
		},
	} {
		p := build(randomFlows(rand.New(rand.NewPCG(3, 4)), 500))
		if _, err := profile.Unmarshal(testenv.Encoded(t, profile.Encode, p)); err != nil {
			t.Fatal(err)
		}
		spoil(p)
		spoiled := testenv.Encoded(t, profile.Encode, p)
		if _, err := profile.Unmarshal(spoiled); !errors.Is(err, profile.ErrCorrupt) {
			t.Errorf("%s: %v, want %v", name, err, profile.ErrCorrupt)
		}
		if _, err := mergeEncoded(t.TempDir(), spoiled); !errors.Is(err, profile.ErrCorrupt) {
			t.Errorf("%s: merged with %v, want %v", name, err, profile.ErrCorrupt)
		}
	}
}
