package geoconvert

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/google/go-cmp/cmp"
	"github.com/oschwald/geoip2-golang/v2"
	"go4.org/netipx"
)

// lookup writes a table as MMDB and opens it.
func lookup(tb testing.TB, t Table) *geo.DB {
	tb.Helper()
	var buf bytes.Buffer
	if err := t.WriteMMDB(&buf, 1); err != nil {
		tb.Fatal(err)
	}
	db, err := geo.OpenBytes("converted.mmdb", buf.Bytes())
	if err != nil {
		tb.Fatal(err)
	}
	return db
}

func TestText(t *testing.T) {
	pt, us := geo.Country{Code: "PT", Name: "Portugal"}, geo.Country{Code: "US", Name: "United States"}
	tests := []struct {
		name      string
		text      string
		countries map[string]geo.Country
		owners    map[string]geo.Owner
	}{
		{
			name:      "Tor's geoip",
			text:      "# from IPFire\n3232235776,3232236031,??\n16777216,16777471,AU\n1384677376,1384742911,PT\n",
			countries: map[string]geo.Country{"1.0.0.255": {Code: "AU", Name: "Australia"}, "1.0.1.0": {}, "82.136.128.1": pt},
		},
		{
			name:      "Tor's geoip6",
			text:      "2001:4860::,2001:4860:ffff:ffff:ffff:ffff:ffff:ffff,US\n2001:8a0::,2001:8a0:ffff:ffff:ffff:ffff:ffff:ffff,PT\n",
			countries: map[string]geo.Country{"2001:4860:4860::8888": us, "2001:8a0::1": pt, "2001:8a1::1": {}},
		},
		{
			name:      "networks with a header, nested in any order",
			text:      "country_code,network,note\nPT,8.8.8.0/24,inner\nUS,8.0.0.0/8,outer\n",
			countries: map[string]geo.Country{"8.8.8.8": pt, "8.9.8.8": us},
		},
		{
			name:   "owners without a header",
			text:   "8.8.8.0/24,,AS15169,Google LLC\n2.80.0.0/14,,3243,\"MEO, S.A.\"\n",
			owners: map[string]geo.Owner{"8.8.8.8": {ASN: 15169, Name: "Google LLC"}, "2.83.0.1": {ASN: 3243, Name: "MEO, S.A."}},
		},
		{
			name:      "both, from a range that is no network",
			text:      "start,end,country,asn,name\n8.8.8.1,8.8.8.6,us,15169,Google LLC\n",
			countries: map[string]geo.Country{"8.8.8.1": us, "8.8.8.6": us, "8.8.8.7": {}, "8.8.8.0": {}},
			owners:    map[string]geo.Owner{"8.8.8.3": {ASN: 15169, Name: "Google LLC"}},
		},
		{
			name:      "byte order mark, Windows line ends, spaces, a row twice",
			text:      "\ufeffnetwork, country_code\r\n8.8.8.0/24, US\r\n8.8.8.0/24, US\r\n",
			countries: map[string]geo.Country{"8.8.8.8": us},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			table, err := Read("in.csv", []byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			db := lookup(t, table)
			for a, want := range tt.countries {
				if got, err := db.Country(netip.MustParseAddr(a)); err != nil || got != want {
					t.Errorf("%s is in %v, want %v (%v)", a, got, want, err)
				}
			}
			for a, want := range tt.owners {
				if got, err := db.Owner(netip.MustParseAddr(a)); err != nil || got != want {
					t.Errorf("%s is of %v, want %v (%v)", a, got, want, err)
				}
			}
		})
	}
}

func TestErrorsSayWhere(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"empty", "", []string{"in: the file is empty"}},
		{"prose", "hello\n", []string{"in: line 1", "hello", "a header is such as network,"}},
		{"no country column", "network,city\n8.8.8.0/24,X\n", []string{"line 1", "neither country_code nor asn"}},
		{"bad address", "8.8.8.0,8.8.8.x,US\n", []string{"line 1", `"8.8.8.x": not an address`}},
		{"bad network", "network,country\n8.8.8.0/24,US\n8.8.8.0/33,US\n", []string{"line 3", "8.8.8.0/33", "CIDR"}},
		{"range backwards", "16777471,16777216,AU\n", []string{"line 1", "does not begin before it ends"}},
		{"families mixed", "8.8.8.0,2001:db8::,US\n", []string{"line 1", "8.8.8.0", "2001:db8::"}},
		{"country's name", "8.8.8.0/24,Portugal\n", []string{"line 1", `"PORTUGAL": not a code`}},
		{"bad AS number", "8.8.8.0/24,US,ASX\n", []string{"line 1", `"ASX": not an AS number`}},
		{"nothing known", "8.8.8.0/24,??\n", []string{"in: no row with a country"}},
		{"quotes", "8.8.8.0/24,\"US\n", []string{"in:", "line 1"}},
		{"a row short of a range's end", "start,end,country\n8.8.8.0\n", []string{"line 2", `"": not an address`}},
		{"binary", "\x00\x01\x02", []string{"in: damaged, or no GeoIP .dat"}},
		{"city edition", string(append(make([]byte, 60), 255, 255, 255, 2)), []string{"in:", "edition 2", "country and ASNum"}},
		{"ASNum without size", string(append(make([]byte, 60), 255, 255, 255, 9, 1)), []string{"in: the file ends before"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Read("in", []byte(tt.text))
			for _, want := range tt.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error %v, want %q", err, want)
				}
			}
		})
	}
}

func TestConflictIsRefused(t *testing.T) {
	table, err := Read("a.csv", []byte("8.8.8.0/24,US\n9.9.9.0/24,US\n8.8.8.0/24,PT\n"))
	if err != nil {
		t.Fatal(err)
	}
	err = table.WriteMMDB(&bytes.Buffer{}, 1)
	for _, want := range []string{"8.8.8.0/24", "a.csv: line 1", "a.csv: line 3", "US", "PT"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if err := (&Table{}).WriteMMDB(&bytes.Buffer{}, 1); err == nil {
		t.Error("an empty table is written")
	}
}

// TestSameBytes checks that neither the order of rows nor the run shows, and
// that geoip2 opens what is written.
func TestSameBytes(t *testing.T) {
	rows := []string{"8.0.0.0/8,US", "8.8.8.0/24,PT", "2001:4860::/32,US", "41.182.0.0/16,NA", "200.0.0.0/24,BR"}
	var first []byte
	for i := range 5 {
		rand.New(rand.NewPCG(1, uint64(i))).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		table, err := Read("x", []byte(strings.Join(rows, "\n")))
		if err != nil {
			t.Fatal(err)
		}
		var buf bytes.Buffer
		if err := table.WriteMMDB(&buf, 1_704_067_200); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = buf.Bytes()
		}
		if !bytes.Equal(first, buf.Bytes()) {
			t.Fatal("the order of rows shows in the MMDB")
		}
	}
	db, err := geoip2.OpenBytes(first)
	if err != nil {
		t.Fatal(err)
	}
	if db.Metadata().BuildEpoch != 1_704_067_200 {
		t.Errorf("built at %d", db.Metadata().BuildEpoch)
	}
	rec, err := db.Country(netip.MustParseAddr("8.8.8.8"))
	if err != nil || rec.Country.ISOCode != "PT" || rec.Country.Names.English != "Portugal" {
		t.Errorf("geoip2 reads %+v, %v", rec, err)
	}
}

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

// TestTor converts the first part of Debian's tor-geoipdb and compares every
// hundredth range with the text.
func TestTor(t *testing.T) {
	for _, name := range []string{"geoip", "geoip6"} {
		data, err := os.ReadFile(testenv.File(t, "/usr/share/tor/"+name, "Debian's package tor-geoipdb"))
		if err != nil {
			t.Fatal(err)
		}
		part := data[:bytes.LastIndexByte(data[:1<<20], '\n')]
		table, err := Read(name, part)
		if err != nil {
			t.Fatal(err)
		}
		db := lookup(t, table)
		compared := 0
		for i, line := range strings.Split(string(part), "\n") {
			f := strings.Split(line, ",")
			if i%100 != 0 || strings.HasPrefix(line, "#") || len(f) != 3 {
				continue
			}
			for _, s := range f[:2] {
				a, err := parseAddr(s)
				if err != nil {
					t.Fatal(err)
				}
				want := strings.ReplaceAll(f[2], "??", "")
				if got, err := db.Country(a); err != nil || got.Code != want {
					t.Errorf("%s is in %v, want %s (%v)", a, got, want, err)
				}
				compared++
			}
		}
		if compared < 100 {
			t.Errorf("%s: only %d addresses compared", name, compared)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("16777216,16777471,AU\n"))
	f.Add([]byte("network,country_code,asn,name\n8.8.8.0/24,US,AS15169,Google\n"))
	f.Add(newASNum(map[netip.Prefix]string{netip.MustParsePrefix("8.8.8.0/24"): "AS15169 Google Inc."}))
	f.Add(append(bytes.Repeat([]byte{0xff, 0xff, 0xff, 0xe1, 0xff, 0xff}, 3), 0, 255, 255, 255, 106))
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := Read("fuzz", data)
		if err != nil {
			return
		}
		for _, e := range table.Entries {
			if !e.Network.IsValid() || e.Country == "" && e.Owner.ASN == 0 {
				t.Fatalf("entry %+v", e)
			}
		}
		if len(table.Entries) < 1000 {
			_ = table.WriteMMDB(&bytes.Buffer{}, 1) // Conflicts are errors.
		}
	})
}

func ExampleRead() {
	table, err := Read("networks.csv", []byte("network,country_code\n193.136.0.0/15,PT\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range table.Entries {
		fmt.Println(e.Network, e.Country)
	}
	// Output: 193.136.0.0/15 PT
}

// TestColumnsOfIPinfo reads a header that has the name of a country before its code.
func TestColumnsOfIPinfo(t *testing.T) {
	const text = "network,country,country_code,continent,continent_code,asn,as_name,as_domain\n192.0.2.0/24,Germany,DE,Europe,EU,AS3320,Deutsche Telekom,t.de\n"
	table, err := readText("lite.csv", []byte(text))
	if err != nil || len(table.Entries) != 1 || table.Entries[0].Country != "DE" || table.Entries[0].Owner.ASN != 3320 {
		t.Errorf("%+v, %v", table, err)
	}
}
