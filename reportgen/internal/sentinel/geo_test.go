package sentinel_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/reportgen/internal/sentinel"
)

// legacyOwners is a GeoIPASNum.dat of a single node: one owner has the lower half
// of all addresses, and one the upper half.
func legacyOwners(lower, upper string) []byte {
	const leaves = 1
	first := leaves + 1 // names begin behind a byte, since 0 says unknown
	second := first + len(lower) + 1
	node := []byte{byte(first), byte(first >> 8), 0, byte(second), byte(second >> 8), 0}
	names := "\x00" + lower + "\x00" + upper + "\x00"
	return slices.Concat(node, []byte(names), []byte{255, 255, 255, 9, leaves, 0, 0})
}

// A pair of legacy and other files answers for the addresses of the day.
func TestOpenGeo(t *testing.T) {
	dir := t.TempDir()
	owners, countries := filepath.Join(dir, "GeoIPASNum.dat"), filepath.Join(dir, "country.csv")
	for name, content := range map[string]string{
		owners:    string(legacyOwners("AS15169 Google LLC", "AS64500 Soci\xe9t\xe9")),
		countries: "network,country_code\n8.8.8.0/24,US\n198.51.100.0/24,PT\n203.0.113.0/24,FR\n",
	} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	day := dayOf(record(1, "10.0.0.1", "8.8.8.8", 1, 1), record(1, "10.0.0.1", "198.51.100.1", 1, 1))
	l, err := sentinel.OpenGeo(countries, owners, day.Profile)
	if err != nil {
		t.Fatal(err)
	}
	for addr, want := range map[string]struct {
		country string
		owner   geo.Owner
	}{
		"8.8.8.8":      {"US", geo.Owner{ASN: 15169, Name: "Google LLC"}},
		"198.51.100.1": {"PT", geo.Owner{ASN: 64500, Name: "Société"}},
		"10.0.0.1":     {},
	} {
		a := netip.MustParseAddr(addr)
		if c, o := l.Country(a).Code, l.Owner(a); c != want.country || o != want.owner {
			t.Errorf("%s: %q, %+v, want %+v", addr, c, o, want)
		}
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	// Each must be of its kind, also where it knows none of the day's addresses.
	elsewhere := dayOf(record(1, "fd00::1", "fd00::2", 1, 1)).Profile
	if l, err := sentinel.OpenGeo(countries, owners, elsewhere); err != nil {
		t.Error(err)
	} else if err := l.Close(); err != nil {
		t.Error(err)
	}
	for _, c := range []struct{ country, owner, want string }{
		{owners, owners, "has no country"},
		{countries, countries, "has no owner"},
		{filepath.Join(dir, "none"), owners, "no such file"},
	} {
		if _, err := sentinel.OpenGeo(c.country, c.owner, day.Profile); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s and %s: error %v, want one of %q", c.country, c.owner, err, c.want)
		}
	}
}
