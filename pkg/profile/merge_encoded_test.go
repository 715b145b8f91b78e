package profile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/testenv"
)

// mergeEncoded merges encoded profiles.
func mergeEncoded(folder string, parts ...[]byte) ([]byte, error) {
	var encoded []*profile.Encoded
	for i, b := range parts {
		e, err := profile.OpenEncoded(fmt.Sprintf("part %d", i), io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b))))
		if err != nil {
			return nil, err
		}
		encoded = append(encoded, e)
	}
	var merged bytes.Buffer
	err := profile.MergeEncoded(&merged, folder, encoded...)
	return merged.Bytes(), err
}

func TestEncodedProfilesMergeToTheSameBytes(t *testing.T) {
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 3))
		var profiles []*profile.Profile
		var parts [][]byte
		for n := range 1 + rng.IntN(9) {
			flows := []func(*rand.Rand, int) []flow.Record{randomFlows, detailedFlows}[rng.IntN(2)](rng, rng.IntN(30_000))
			for i := range flows[:len(flows)/2] { // with addresses of its own
				flows[i].Dst = netip.AddrFrom4([4]byte{9, byte(rng.IntN(3)), byte(n), byte(rng.IntN(9))})
			}
			p := build(flows)
			p.Sources = []profile.Source{{Name: fmt.Sprintf("%d.parquet", n), SHA256: fmt.Sprint(n), Rows: int64(n)}}
			p.Rejected = []profile.Rejected{{Reason: "null", Count: 1 + int64(n), First: profile.Place{File: "x", Row: int64(n), Column: "port"}}}
			profiles, parts = append(profiles, p), append(parts, testenv.Encoded(t, profile.Encode, p))
		}
		got, err := mergeEncoded(t.TempDir(), parts...)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if want := testenv.Encoded(t, profile.Encode, profile.Merge(profiles...)); !bytes.Equal(got, want) {
			t.Errorf("seed %d: %d encoded profiles merge to other bytes than their profiles", seed, len(parts))
		}
	}
	empty := testenv.Encoded(t, profile.Encode, &profile.Profile{})
	if got, err := mergeEncoded(t.TempDir(), empty, empty); err != nil || !bytes.Equal(got, empty) {
		t.Errorf("empty profiles merge to %q, %v", got, err)
	}
}

func TestMergeEncodedRefuses(t *testing.T) {
	good := testenv.Encoded(t, profile.Encode, build(detailedFlows(rand.New(rand.NewPCG(1, 2)), 500)))
	for _, n := range []int{0, 20, len(good) / 2, len(good) - 1} {
		if _, err := mergeEncoded(t.TempDir(), good[:n]); err == nil {
			t.Errorf("%d of %d bytes are merged", n, len(good))
		}
	}
	flipped := bytes.Clone(good)
	flipped[len(flipped)/2] ^= 1
	if _, err := mergeEncoded(t.TempDir(), good, flipped); !errors.Is(err, profile.ErrCorrupt) {
		t.Errorf("a flipped bit: %v, want %v", err, profile.ErrCorrupt)
	}
}
