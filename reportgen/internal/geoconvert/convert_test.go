package geoconvert

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/oschwald/geoip2-golang/v2"

	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/testenv"
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
		{"prose", "hello\n", []string{"in: line 1", "hello", "a header such as network,"}},
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
		{"binary", "\x00\x01\x02", []string{"in: not a GeoIP .dat file, or a damaged one"}},
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
	f.Add(newASNum(map[netip.Prefix]string{netip.MustParsePrefix("8.8.8.0/24"): "AS0 unused"}))
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
	for name, text := range map[string]string{
		"lite.csv":   "network,country,country_code,continent,continent_code,asn,as_name,as_domain\n192.0.2.0/24,Germany,DE,Europe,EU,AS3320,Deutsche Telekom,t.de\n",
		"quoted.csv": "\"network\",\"continent\",\"continent_code\",\"country\",\"country_code\",\"asn\",\"as_name\"\n\"192.0.2.0/24\",\"Europe\",\"EU\",\"Germany\",\"DE\",\"AS3320\",\"Deutsche Telekom, AG\"\n",
	} {
		table, err := readText(name, []byte(text))
		if err != nil || len(table.Entries) != 1 || table.Entries[0].Country != "DE" || table.Entries[0].Owner.ASN != 3320 {
			t.Errorf("%s: %+v, %v", name, table, err)
		}
	}
}
