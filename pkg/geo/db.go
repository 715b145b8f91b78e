package geo

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/oschwald/geoip2-golang/v2"
	"github.com/oschwald/maxminddb-golang/v2"
)

// DB is one MMDB file. It is safe for concurrent use, except for Close.
type DB struct {
	name    string // as the caller named the file
	kind    string // the type that the file states
	country func(netip.Addr) (Country, error)
	owner   func(netip.Addr) (Owner, error)
	close   func() error
}

// OpenDB opens an MMDB file by memory map. The error names the file.
func OpenDB(path string) (*DB, error) {
	return openDB(path,
		func() (*geoip2.Reader, error) { return geoip2.Open(path) },
		func() (*maxminddb.Reader, error) { return maxminddb.Open(path) })
}

// OpenBytes reads an MMDB from memory; name stands for it in errors. The bytes
// must not change while the DB is in use.
func OpenBytes(name string, data []byte) (*DB, error) {
	return openDB(name,
		func() (*geoip2.Reader, error) { return geoip2.OpenBytes(data) },
		func() (*maxminddb.Reader, error) { return maxminddb.OpenBytes(data) })
}

// openDB tries geoip2 first and reads the types that it does not know by the
// fields of their records.
func openDB(name string, known func() (*geoip2.Reader, error), other func() (*maxminddb.Reader, error)) (*DB, error) {
	r, err := known()
	var unknown geoip2.UnknownDatabaseTypeError
	switch {
	case errors.As(err, &unknown):
		if err := r.Close(); err != nil {
			return nil, fmt.Errorf("geo database %s: %w", name, err)
		}
		m, err := other()
		if err != nil {
			return nil, fmt.Errorf("geo database %s: %w", name, err)
		}
		return openFields(name, m)
	case isInvalid(err):
		return nil, fmt.Errorf("geo database %s: damaged or not an MMDB file (make one from a GeoIP .dat, Tor or CSV file with reportgen geo convert): %w", name, err)
	case err != nil:
		return nil, fmt.Errorf("geo database %s: %w", name, err)
	}
	return openKnown(name, r), nil
}

func isInvalid(err error) bool {
	var invalid maxminddb.InvalidDatabaseError
	return errors.As(err, &invalid)
}

// Country returns the country of a, or the zero Country where it is not known.
// It is an error if the database holds no countries or is damaged.
func (db *DB) Country(a netip.Addr) (Country, error) {
	if db.country == nil {
		return Country{}, db.wrongKind("country", "a Country, City or Enterprise database")
	}
	a = a.Unmap().WithZone("")
	if !public(a) {
		return Country{}, nil
	}
	c, err := db.country(a)
	if err != nil {
		return Country{}, fmt.Errorf("geo database %s: country of %s: %w", db.name, a, err)
	}
	if c.Code != "" && c.Name == "" {
		c.Name = CountryName(c.Code)
	}
	return c, nil
}

// Owner returns the owner of a, or the zero Owner where it is not known. It is
// an error if the database holds no owners or is damaged.
func (db *DB) Owner(a netip.Addr) (Owner, error) {
	if db.owner == nil {
		return Owner{}, db.wrongKind("owner", "an ASN, ISP or Enterprise database")
	}
	a = a.Unmap().WithZone("")
	if !public(a) {
		return Owner{}, nil
	}
	o, err := db.owner(a)
	if err != nil {
		return Owner{}, fmt.Errorf("geo database %s: owner of %s: %w", db.name, a, err)
	}
	return o, nil
}

// Close releases the file. The DB must not be used afterwards.
func (db *DB) Close() error {
	if db == nil {
		return nil
	}
	return db.close()
}

func (db *DB) wrongKind(lacks, needed string) error {
	return fmt.Errorf("geo database %s: its type is %q, which holds no %s; needed is %s", db.name, db.kind, lacks, needed)
}

// public says whether an address can have a country and an owner at all.
func public(a netip.Addr) bool {
	return a.IsValid() && !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast() && !a.IsMulticast() && !a.IsUnspecified()
}
