// Package geo tells the country and the owner (autonomous system) of an
// address from MMDB files: GeoLite2, GeoIP2, DB-IP, and others with a flat
// country_code field.
package geo

import "net/netip"

// Country is a country by ISO 3166-1 alpha-2 code and English name. Addresses
// of no known country have the zero Country.
type Country struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// Owner is the organisation that announces an address, by autonomous system
// number. Addresses of no known owner have the zero Owner.
type Owner struct {
	ASN  uint   `json:"asn"`
	Name string `json:"name"`
}

// Lookup answers for addresses from a country and an owner database, either of
// which may be missing. A nil Lookup knows nothing. It is safe for concurrent
// use.
type Lookup struct {
	country, asn *DB
}

// Country returns the country of a, or the zero Country where it is not known.
func (l *Lookup) Country(a netip.Addr) Country { panic("geo: helper implements") }

// Owner returns the owner of a, or the zero Owner where it is not known.
func (l *Lookup) Owner(a netip.Addr) Owner { panic("geo: helper implements") }

// DB is one MMDB file.
type DB struct{}
