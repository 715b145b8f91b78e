// Package geo looks up the country and the owner (autonomous system) of an
// address from MMDB files.
//
// [Open] opens a country and an owner database and returns a [Lookup], which
// detections use. Each file is a [DB]. Open accepts
//
//   - the GeoLite2, GeoIP2 and DB-IP types, read with geoip2-golang: Country,
//     City and Enterprise for countries; ASN, ISP and Enterprise for owners,
//   - any other MMDB whose records hold a country (country_code,
//     country.iso_code, or country with a code in it) or an owner (asn,
//     autonomous_system_number), as IPinfo's and many free ones do.
//
// A database of the wrong kind is refused when the Lookup is made. Legacy
// GeoIP .dat files, Tor's geoip text and CSV become MMDB with package geoconvert.
package geo

import (
	_ "embed"
	"errors"
	"net/netip"
	"strings"
	"sync/atomic"

	"github.com/oschwald/geoip2-golang/v2"
)

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
// which may be missing. With a nil Lookup, all are unknown. It is safe for concurrent
// use, except for Close.
type Lookup struct {
	country, asn *DB
	err          atomic.Pointer[error]
}

// Open opens a country database and an owner database; either path may be
// empty. The error names the file and says what it lacks.
func Open(countryPath, asnPath string) (*Lookup, error) {
	var dbs [2]*DB
	for i, path := range []string{countryPath, asnPath} {
		if path == "" {
			continue
		}
		db, err := openMMDB(path)
		if err != nil {
			return nil, errors.Join(err, dbs[0].Close())
		}
		dbs[i] = db
	}
	l, err := New(dbs[0], dbs[1])
	if err != nil {
		return nil, errors.Join(err, dbs[0].Close(), dbs[1].Close())
	}
	return l, nil
}

// New makes a Lookup of open databases, one or both may be nil. It is an
// error if country holds no countries or asn no owners.
func New(country, asn *DB) (*Lookup, error) {
	if country != nil && country.country == nil {
		return nil, country.wrongKind("country", "a Country, City or Enterprise database, or one whose records have country_code")
	}
	if asn != nil && asn.owner == nil {
		return nil, asn.wrongKind("owner", "an ASN, ISP or Enterprise database, or one whose records have asn")
	}
	return &Lookup{country: country, asn: asn}, nil
}

// Country returns the country of a, or the zero Country if it is unknown.
// Private, loopback, link-local and multicast addresses have none.
func (l *Lookup) Country(a netip.Addr) Country {
	if l == nil || l.country == nil || l.Err() != nil {
		return Country{}
	}
	c, err := l.country.Country(a)
	l.note(err)
	return c
}

// Owner returns the owner of a, or the zero Owner if it is unknown.
// Private, loopback, link-local and multicast addresses have none.
func (l *Lookup) Owner(a netip.Addr) Owner {
	if l == nil || l.asn == nil || l.Err() != nil {
		return Owner{}
	}
	o, err := l.asn.Owner(a)
	l.note(err)
	return o
}

// note keeps the first error.
func (l *Lookup) note(err error) {
	if err != nil {
		l.err.CompareAndSwap(nil, &err)
	}
}

// Err returns the first error that a lookup met: a record of a damaged file
// is unknown to Country and Owner, and is reported here. From then on, all
// addresses are unknown: a record that was made to exhaust its reader costs time
// only once.
func (l *Lookup) Err() error {
	if l == nil {
		return nil
	}
	if err := l.err.Load(); err != nil {
		return *err
	}
	return nil
}

// Close releases the files. The Lookup must not be used afterwards.
func (l *Lookup) Close() error {
	if l == nil {
		return nil
	}
	return errors.Join(l.country.Close(), l.asn.Close())
}

// countries holds a line "code TAB name" for each region that Unicode's CLDR
// names in English. It is a table and not package display of golang.org/x/text,
// from which a test makes it, because each cell would link all languages of that.
//
//go:embed countries.tsv
var countries string

// CountryName is the English name of an ISO 3166-1 alpha-2 code by Unicode's
// CLDR, or the code itself where CLDR names none.
func CountryName(code string) string {
	if len(code) != 2 {
		return code
	}
	for line := range strings.Lines(countries) {
		if of, name, _ := strings.Cut(line, "\t"); strings.EqualFold(of, code) {
			return strings.TrimSuffix(name, "\n")
		}
	}
	return code
}

// openKnown reads a database of a type that geoip2 knows.
func openKnown(name string, r *geoip2.Reader) *DB {
	db := &DB{name: name, kind: r.Metadata().DatabaseType, close: r.Close}
	if supports(r.Country) {
		db.country = func(a netip.Addr) (Country, error) {
			rec, err := r.Country(a)
			if err != nil {
				return Country{}, err
			}
			return Country{Code: rec.Country.ISOCode, Name: rec.Country.Names.English}, nil
		}
	}
	switch {
	case supports(r.ASN):
		db.owner = func(a netip.Addr) (Owner, error) {
			rec, err := r.ASN(a)
			if err != nil {
				return Owner{}, err
			}
			return Owner{ASN: rec.AutonomousSystemNumber, Name: rec.AutonomousSystemOrganization}, nil
		}
	case supports(r.Enterprise):
		db.owner = func(a netip.Addr) (Owner, error) {
			rec, err := r.Enterprise(a)
			if err != nil {
				return Owner{}, err
			}
			return Owner{ASN: rec.Traits.AutonomousSystemNumber, Name: rec.Traits.AutonomousSystemOrganization}, nil
		}
	}
	return db
}

// supports asks a lookup whether it is for this type of database. geoip2 says
// so in no other way, and refuses before it looks at the address.
func supports[T any](lookup func(netip.Addr) (T, error)) bool {
	_, err := lookup(netip.IPv4Unspecified())
	var wrong geoip2.InvalidMethodError
	return !errors.As(err, &wrong)
}
