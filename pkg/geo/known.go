package geo

import (
	"errors"
	"net/netip"

	"github.com/oschwald/geoip2-golang/v2"
)

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
