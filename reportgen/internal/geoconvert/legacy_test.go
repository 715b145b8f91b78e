package geoconvert

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go4.org/netipx"

	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/testenv"
)

// newASNum returns a legacy ASNum .dat with disjoint networks of one family: of
// edition 21 if they are IPv6.
func newASNum(owners map[netip.Prefix]string) []byte {
	type node [2]int // index of a node, or -1-k for owner k, or the unknown
	const unknown = -1
	nodes := []node{{unknown, unknown}}
	names := []byte{0} // Offset 0 is the unknown.
	offsets := map[int]int{}
	var prefixes []netip.Prefix
	for p := range owners {
		prefixes = append(prefixes, p)
	}
	slices.SortFunc(prefixes, func(a, b netip.Prefix) int { return a.Addr().Compare(b.Addr()) })
	for k, p := range prefixes {
		offsets[k] = len(names)
		names = append(append(names, owners[p]...), 0)
		at, address := 0, p.Addr().AsSlice()
		for depth := range p.Bits() {
			bit := address[depth/8] >> (7 - depth%8) & 1
			if depth == p.Bits()-1 {
				nodes[at][bit] = -2 - k
				break
			}
			if nodes[at][bit] == unknown {
				nodes = append(nodes, node{unknown, unknown})
				nodes[at][bit] = len(nodes) - 1
			}
			at = nodes[at][bit]
		}
	}
	put := func(b []byte, n int) []byte { return append(b, byte(n), byte(n>>8), byte(n>>16)) }
	var data []byte
	for _, n := range nodes {
		for _, x := range n {
			switch {
			case x == unknown:
				x = len(nodes)
			case x < 0:
				x = len(nodes) + offsets[-2-x]
			}
			data = put(data, x)
		}
	}
	data = append(data, names...)
	edition := byte(asnEdition)
	if prefixes[0].Addr().Is6() {
		edition = asnEditionV6
	}
	data = append(data, 255, 255, 255, edition)
	return put(data, len(nodes))
}

func TestLegacyASNum(t *testing.T) {
	data := newASNum(map[netip.Prefix]string{
		netip.MustParsePrefix("8.8.8.0/24"):    "AS15169 Google Inc.",
		netip.MustParsePrefix("82.154.0.0/15"): "AS3243 Servi\xe7os de Comunica\xe7\xf5es",
	})
	table, err := Read("GeoIPASNum.dat", data)
	if err != nil {
		t.Fatal(err)
	}
	if table.kind() != "GeoLite2-ASN" {
		t.Errorf("kind %s", table.kind())
	}
	db := lookup(t, table)
	for a, want := range map[string]geo.Owner{
		"8.8.8.8":      {ASN: 15169, Name: "Google Inc."},
		"82.155.120.3": {ASN: 3243, Name: "Serviços de Comunicações"},
		"9.9.9.9":      {},
	} {
		got, err := db.Owner(netip.MustParseAddr(a))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(a, d)
		}
	}
	// Every truncation is reported, or leaves a complete file.
	for n := range data {
		if _, err := Read("GeoIPASNum.dat", data[:n]); err != nil && !strings.Contains(err.Error(), "GeoIPASNum.dat") {
			t.Errorf("cut at %d: %v", n, err)
		}
	}
	data[3] = 0 // The root leads back to itself.
	data[4], data[5] = 0, 0
	if _, err := Read("GeoIPASNum.dat", data); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a circle is taken for a tree: %v", err)
	}
}

// geoiplookup runs a program of Debian's package geoip-bin, which reads .dat
// files with MaxMind's own library.
func geoiplookup(t *testing.T, program, dat, address string) string {
	t.Helper()
	path := testenv.Program(t, program, "Debian's package geoip-bin")
	out, err := exec.CommandContext(t.Context(), path, "-f", dat, address).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestAgainstGeoiplookup compares the country databases of Debian's package
// geoip-database with what MaxMind's library says of them.
func TestAgainstGeoiplookup(t *testing.T) {
	for _, test := range []struct{ dat, program, edition string }{
		{"GeoIP.dat", "geoiplookup", "GeoIP Country Edition: "},
		{"GeoIPv6.dat", "geoiplookup6", "GeoIP Country V6 Edition: "},
	} {
		t.Run(test.dat, func(t *testing.T) {
			dat := testenv.File(t, "/usr/share/GeoIP/"+test.dat, "Debian's package geoip-database")
			data, err := os.ReadFile(dat)
			if err != nil {
				t.Fatal(err)
			}
			table, err := Read(dat, data)
			if err != nil {
				t.Fatal(err)
			}
			r := rand.New(rand.NewPCG(1, 2))
			for range 150 {
				e := table.Entries[r.IntN(len(table.Entries))]
				out := geoiplookup(t, test.program, dat, e.Network.Addr().String())
				if !strings.Contains(out, test.edition+e.Country+",") {
					t.Errorf("%s: %s, but %s says %s", e.Network, e.Country, test.program, out)
				}
			}
		})
	}
}

// TestASNumAgainstGeoiplookup has MaxMind's library read the files made by
// hand, so that both editions are known to be as it reads them.
func TestASNumAgainstGeoiplookup(t *testing.T) {
	for program, owners := range map[string]map[netip.Prefix]string{
		"geoiplookup": {
			netip.MustParsePrefix("8.8.8.0/24"):   "AS15169 Google Inc.",
			netip.MustParsePrefix("8.8.9.128/25"): "AS3356 Level 3",
			netip.MustParsePrefix("82.0.0.0/8"):   "AS3243 Telecom",
		},
		"geoiplookup6": {
			netip.MustParsePrefix("2001:4860::/32"):     "AS15169 Google Inc.",
			netip.MustParsePrefix("2001:db8:0:8::/61"):  "AS64496 Example",
			netip.MustParsePrefix("2a02:26f0::7/128"):   "AS20940 Akamai",
			netip.MustParsePrefix("2a02:26f0:1:1::/64"): "AS64497 Other",
		},
	} {
		t.Run(program, func(t *testing.T) {
			data := newASNum(owners)
			dat := filepath.Join(t.TempDir(), "GeoIPASNum.dat")
			if err := os.WriteFile(dat, data, 0o600); err != nil {
				t.Fatal(err)
			}
			table, err := Read(dat, data)
			if err != nil {
				t.Fatal(err)
			}
			db, compared := lookup(t, table), 0
			for network, owner := range owners {
				before, after := network.Addr().Prev(), netipx.PrefixLastIP(network).Next()
				for _, a := range []netip.Addr{before, network.Addr(), netipx.PrefixLastIP(network), after} {
					got, err := db.Owner(a)
					if err != nil {
						t.Fatal(err)
					}
					want := "IP Address not found"
					if got != (geo.Owner{}) {
						want = fmt.Sprintf("AS%d %s", got.ASN, got.Name)
					}
					if out := geoiplookup(t, program, dat, a.String()); !strings.HasSuffix(strings.TrimSpace(out), want) {
						t.Errorf("%s: %s, but %s says %s", a, want, program, out)
					}
					if (want == owner) != network.Contains(a) {
						t.Errorf("%s: %s, in %s of %s", a, want, network, owner)
					}
					compared++
				}
			}
			if compared != 4*len(owners) {
				t.Errorf("%d addresses compared", compared)
			}
		})
	}
}
