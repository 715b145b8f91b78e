package geo

import (
	"bytes"
	"encoding/json"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"

	"github.com/flowbook/flowbook/pkg/testenv"
)

// realData is a folder of the MaxMind-DB project's test files.
func realData(tb testing.TB, folder string) string {
	tb.Helper()
	return testenv.Data(tb, "maxmind-db", folder)
}

// newMMDB makes a database in memory of networks and their records.
func newMMDB(tb testing.TB, kind string, records map[string]mmdbtype.Map) []byte {
	tb.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: kind, RecordSize: 24, BuildEpoch: 1})
	if err != nil {
		tb.Fatal(err)
	}
	for cidr, record := range records {
		_, network, err := net.ParseCIDR(cidr)
		if err != nil {
			tb.Fatal(err)
		}
		if err := tree.Insert(network, record); err != nil {
			tb.Fatal(err)
		}
	}
	var buf bytes.Buffer
	if _, err := tree.WriteTo(&buf); err != nil {
		tb.Fatal(err)
	}
	return buf.Bytes()
}

func TestFieldsOfOtherDatabases(t *testing.T) {
	type m = mmdbtype.Map
	type s = mmdbtype.String
	tests := []struct {
		name    string
		record  m
		country Country
		owner   Owner
	}{
		{"flat code", m{"country_code": s("PT")}, Country{"PT", "Portugal"}, Owner{}},
		{"flat code and name", m{"country_code": s("pt"), "country_name": s("Portugal (PT)")}, Country{"PT", "Portugal (PT)"}, Owner{}},
		{"country is a code", m{"country": s("RU")}, Country{"RU", "Russia"}, Owner{}},
		{"country is a name", m{"country": s("United States"), "country_code": s("US")}, Country{"US", "United States"}, Owner{}},
		{"nested", m{"country": m{"iso_code": s("NL"), "names": m{"en": s("The Netherlands")}}}, Country{"NL", "The Netherlands"}, Owner{}},
		{"a code that CLDR lacks", m{"country_code": s("A1")}, Country{"A1", "A1"}, Owner{}},
		{"asn as text", m{"asn": s("AS15169"), "as_name": s("Google LLC")}, Country{}, Owner{15169, "Google LLC"}},
		{"asn as digits", m{"asn": s("15169"), "name": s("Google LLC")}, Country{}, Owner{15169, "Google LLC"}},
		{"asn as number", m{"asn": mmdbtype.Uint32(3243), "org": s("MEO")}, Country{}, Owner{3243, "MEO"}},
		{"MaxMind's names", m{"autonomous_system_number": mmdbtype.Uint32(8075), "autonomous_system_organization": s("Microsoft")}, Country{}, Owner{8075, "Microsoft"}},
		{"both", m{"country": s("US"), "asn": s("AS15169"), "as_name": s("Google LLC")}, Country{"US", "United States"}, Owner{15169, "Google LLC"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			db, err := OpenBytes("x.mmdb", newMMDB(t, "Some Type", map[string]m{"8.8.8.0/24": tt.record}))
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if tt.country != (Country{}) {
				check(t, db.Country, "8.8.8.8", tt.country)
				check(t, db.Country, "8.8.9.8", Country{})
				check(t, db.Country, "192.168.1.1", Country{})
			}
			if tt.owner != (Owner{}) {
				check(t, db.Owner, "::ffff:8.8.8.8", tt.owner)
				check(t, db.Owner, "9.9.9.9", Owner{})
			}
		})
	}
}

func check[T any](t *testing.T, lookup func(netip.Addr) (T, error), addr string, want T) {
	t.Helper()
	got, err := lookup(netip.MustParseAddr(addr))
	if err != nil {
		t.Error(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s: -want +got:\n%s", addr, d)
	}
}

// TestUnknownCountryMarks checks that what stands for an unknown country in a
// database is not taken for a country.
func TestUnknownCountryMarks(t *testing.T) {
	for _, mark := range []string{"-", "--", "ZZ", "XX", "??", "", "USA"} {
		f := fields{"country_code": mark}
		if c := f.country(); c != (Country{}) {
			t.Errorf("country_code %q is %v, want none", mark, c)
		}
	}
}

func TestNilLookupKnowsNothing(t *testing.T) {
	a := netip.MustParseAddr("8.8.8.8")
	empty, err := Open("", "")
	if err != nil {
		t.Fatal(err)
	}
	for name, l := range map[string]*Lookup{"nil": nil, "empty": empty} {
		if l.Country(a) != (Country{}) || l.Owner(a) != (Owner{}) || l.Err() != nil || l.Close() != nil {
			t.Errorf("the %s Lookup knows something", name)
		}
	}
}

func TestWrongKindIsRefused(t *testing.T) {
	country, err := OpenBytes("c.mmdb", newMMDB(t, "GeoLite2-Country", nil))
	if err != nil {
		t.Fatal(err)
	}
	asn, err := OpenBytes("a.mmdb", newMMDB(t, "GeoLite2-ASN", nil))
	if err != nil {
		t.Fatal(err)
	}
	other, err := OpenBytes("o.mmdb", newMMDB(t, "Domains", map[string]mmdbtype.Map{"8.8.8.0/24": {"domain": mmdbtype.String("google.com")}}))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name         string
		country, asn *DB
		want         []string
	}{
		{"owners for countries", asn, asn, []string{"a.mmdb", "GeoLite2-ASN", "has no country", "Country, City"}},
		{"countries for owners", country, country, []string{"c.mmdb", "GeoLite2-Country", "has no owner", "ASN, ISP"}},
		{"neither", other, nil, []string{"o.mmdb", "Domains", "has no country", "country_code"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := New(tt.country, tt.asn)
			for _, want := range tt.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error %v does not say %q", err, want)
				}
			}
		})
	}
	if _, err := asn.Country(netip.MustParseAddr("8.8.8.8")); err == nil {
		t.Error("a database of owners answers for countries")
	}
}

func TestOpenSaysWhichFileAndWhatToDo(t *testing.T) {
	dir := t.TempDir()
	dat := filepath.Join(dir, "GeoIP.dat")
	if err := os.WriteFile(dat, []byte("legacy"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(dat, "")
	if err == nil || !strings.Contains(err.Error(), "GeoIP.dat") || !strings.Contains(err.Error(), "reportgen geo convert") {
		t.Errorf("error %v does not name the file and what to do", err)
	}
	good := filepath.Join(dir, "country.mmdb")
	if err := os.WriteFile(good, newMMDB(t, "GeoLite2-Country", nil), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = Open(good, filepath.Join(dir, "none.mmdb")); err == nil || !strings.Contains(err.Error(), "none.mmdb") {
		t.Errorf("error %v does not name the missing file", err)
	}
}

// TestOracle compares every network of MaxMind's test databases with the JSON
// that they were made from.
func TestOracle(t *testing.T) {
	type record struct {
		Country struct {
			ISO   string            `json:"iso_code"`
			Names map[string]string `json:"names"`
		} `json:"country"`
		ASN    uint   `json:"autonomous_system_number"`
		Org    string `json:"autonomous_system_organization"`
		Traits struct {
			ASN uint   `json:"autonomous_system_number"`
			Org string `json:"autonomous_system_organization"`
		} `json:"traits"`
	}
	for _, name := range []string{"GeoLite2-Country", "GeoIP2-Country", "GeoLite2-City", "GeoIP2-City", "GeoIP2-Enterprise", "GeoLite2-ASN", "GeoIP2-ISP"} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(realData(t, "source-data"), name+"-Test.json"))
			if err != nil {
				t.Fatal(err)
			}
			var source []map[string]record
			if err := json.Unmarshal(text, &source); err != nil {
				t.Fatal(err)
			}
			db, err := openMMDB(filepath.Join(realData(t, "test-data"), name+"-Test.mmdb"))
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			compared := 0
			for _, entry := range source {
				for cidr, rec := range entry {
					a := netip.MustParsePrefix(cidr).Addr()
					if a.Is6() && netip.MustParsePrefix("::/96").Contains(a) {
						b := a.As16() // IPv4 networks are at the bottom of the tree.
						a = netip.AddrFrom4([4]byte(b[12:]))
					}
					if !public(a) {
						continue
					}
					if db.country != nil {
						check(t, db.Country, a.String(), Country{rec.Country.ISO, rec.Country.Names["en"]})
						compared++
					}
					if db.owner != nil {
						check(t, db.Owner, a.String(), Owner{rec.ASN + rec.Traits.ASN, rec.Org + rec.Traits.Org})
						compared++
					}
				}
			}
			if compared < 20 {
				t.Errorf("only %d addresses compared", compared)
			}
		})
	}
}

// TestMalformedFiles opens every damaged file of the MaxMind-DB project: each
// is refused, or a lookup in it is an error, or it is harmless.
func TestMalformedFiles(t *testing.T) {
	var files []string
	for _, pattern := range []string{
		filepath.Join(realData(t, "bad-data"), "*", "*.mmdb"),
		filepath.Join(realData(t, "test-data"), "*roken*.mmdb"),
	} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) < 15 {
		t.Fatalf("only %d files", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			db, err := openMMDB(file)
			if err != nil {
				if !strings.Contains(err.Error(), filepath.Base(file)) {
					t.Errorf("the error does not name the file: %v", err)
				}
				return
			}
			defer db.Close()
			tryAddresses(data)
			if _, err := New(db, nil); err != nil && !strings.Contains(err.Error(), "has no country") {
				t.Error(err)
			}
		})
	}
}

// tryAddresses looks a few addresses up, whatever comes of it.
func tryAddresses(data []byte) {
	db, err := OpenBytes("fuzz.mmdb", data)
	if err != nil {
		return
	}
	defer db.Close()
	for _, a := range []string{"1.1.1.1", "81.2.69.160", "200.0.0.1", "255.255.255.255", "2001:218::1", "ff00::1", "fe80::1%eth0"} {
		l := &Lookup{country: db, asn: db}
		l.Country(netip.MustParseAddr(a))
		l.Owner(netip.MustParseAddr(a))
		_ = l.Err()
	}
}

func FuzzOpenBytes(f *testing.F) {
	f.Add(newMMDB(f, "GeoLite2-Country", map[string]mmdbtype.Map{"1.1.1.0/24": {"country": mmdbtype.Map{"iso_code": mmdbtype.String("AU")}}}))
	f.Add(newMMDB(f, "Flat", map[string]mmdbtype.Map{"1.1.1.0/24": {"country_code": mmdbtype.String("AU"), "asn": mmdbtype.String("AS13335")}}))
	f.Add([]byte("\xab\xcd\xefMaxMind.com"))
	f.Fuzz(func(t *testing.T, data []byte) { tryAddresses(data) })
}

// damagedLookup returns a lookup of countries: US for 8.8.8.0/24, and a damaged record for
// 1.1.1.0/24.
func damagedLookup(t *testing.T) *Lookup {
	t.Helper()
	country := func(code string) mmdbtype.Map {
		return mmdbtype.Map{"country": mmdbtype.Map{"iso_code": mmdbtype.String(code)}}
	}
	data := newMMDB(t, "GeoLite2-Country", map[string]mmdbtype.Map{"1.1.1.0/24": country("AU"), "8.8.8.0/24": country("US")})
	i := bytes.Index(data, []byte("\x42AU"))
	if i < 0 {
		t.Fatal("no record in the file")
	}
	data[i] = 0x21 // The text becomes a pointer far past the end of the data.
	db, err := OpenBytes("c.mmdb", data)
	if err != nil {
		t.Fatal(err)
	}
	l, err := New(db, nil)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestDamagedRecordIsTold checks that a lookup in a damaged record is unknown
// and leaves its error.
func TestDamagedRecordIsTold(t *testing.T) {
	l := damagedLookup(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { l.Country(netip.MustParseAddr("1.1.1.1")) })
	}
	wg.Wait()
	if err := l.Err(); err == nil || !strings.Contains(err.Error(), "c.mmdb") || !strings.Contains(err.Error(), "1.1.1.1") {
		t.Errorf("error %v does not name the file and the address", err)
	}
}

// After a damaged record, lookups are not tried any more: each could take as long as a record can be made to.
func TestDamageEndsLookups(t *testing.T) {
	l := damagedLookup(t)
	good, damaged := netip.MustParseAddr("8.8.8.8"), netip.MustParseAddr("1.1.1.1")
	if c := l.Country(good); c.Code != "US" || l.Err() != nil {
		t.Fatal(c, l.Err())
	}
	l.Country(damaged)
	if c := l.Country(good); c.Code != "" || l.Err() == nil {
		t.Errorf("%v was looked up after %v", c, l.Err())
	}
}

func BenchmarkCountry(b *testing.B) {
	db, err := OpenBytes("c.mmdb", newMMDB(b, "GeoLite2-Country", map[string]mmdbtype.Map{
		"8.8.0.0/16": {"country": mmdbtype.Map{"iso_code": mmdbtype.String("US"), "names": mmdbtype.Map{"en": mmdbtype.String("United States")}}},
	}))
	if err != nil {
		b.Fatal(err)
	}
	a := netip.MustParseAddr("8.8.8.8")
	for b.Loop() {
		if c, err := db.Country(a); err != nil || c.Code != "US" {
			b.Fatal(c, err)
		}
	}
}
