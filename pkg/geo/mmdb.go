package geo

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/oschwald/geoip2-golang/v2"
	"github.com/oschwald/maxminddb-golang/v2"
	"go4.org/netipx"
)

// DB is one MMDB file. It is safe for concurrent use, except for Close.
type DB struct {
	name    string // as the caller named the file
	kind    string // the type that the file states
	country func(netip.Addr) (Country, error)
	owner   func(netip.Addr) (Owner, error)
	close   func() error
}

// openMMDB opens an MMDB file by memory map. The error names the file.
func openMMDB(path string) (*DB, error) {
	// A named pipe would be waited for, and cannot be mapped into memory.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil, fmt.Errorf("%s: not a regular file; write what it gives to a file first", path)
	}
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
	var invalid maxminddb.InvalidDatabaseError
	switch {
	case errors.As(err, &unknown):
		if err := r.Close(); err != nil {
			return nil, unreadable(name, err)
		}
		m, err := other()
		if err != nil {
			return nil, unreadable(name, err)
		}
		return openFields(name, m)
	case errors.As(err, &invalid):
		return nil, fmt.Errorf("geo database %s: damaged or not an MMDB: %s; to make one from a GeoIP .dat, Tor or CSV file, use reportgen geo convert",
			name, strings.TrimPrefix(invalid.Error(), "error opening database: "))
	case err != nil:
		return nil, unreadable(name, err)
	}
	return openKnown(name, r), nil
}

// unreadable is the error of a file that cannot be read. It names the file once.
func unreadable(name string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Errorf("geo database %s: %w", name, err)
}

// Country returns the country of a, or the zero Country if it is unknown.
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

// Owner returns the owner of a, or the zero Owner if it is unknown. It is
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
	return fmt.Errorf("geo database %s: its type %q has no %s; give %s", db.name, db.kind, lacks, needed)
}

// public says whether an address can have a country and an owner at all.
func public(a netip.Addr) bool {
	return a.IsValid() && !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast() && !a.IsMulticast() && !a.IsUnspecified()
}

// A database of countries or owners has them from its first records on, so
// that these many say what it holds. Lookups are counted besides records:
// a damaged search tree can be walked for ever.
const (
	sampledRecords = 100
	sampledLookups = 20_000
)

// openFields reads a database of a type that geoip2 does not know: what its
// first records hold says whether it is one of countries, owners, or both. It
// is an error if they hold neither because they cannot be read.
func openFields(name string, r *maxminddb.Reader) (*DB, error) {
	db := &DB{name: name, kind: r.Metadata.DatabaseType, close: r.Close}
	var damage error
	records, lookups := 0, 0
	for res := range walk(r) {
		if res.Found() {
			var record any
			damage = cmp.Or(damage, res.Decode(&record))
			f, _ := record.(map[string]any)
			db.learn(r, f)
			records++
		}
		damage = cmp.Or(damage, res.Err())
		lookups++
		if damage != nil || records == sampledRecords || lookups == sampledLookups || db.country != nil && db.owner != nil {
			break
		}
	}
	if damage != nil && db.country == nil && db.owner == nil {
		return nil, errors.Join(fmt.Errorf("geo database %s: damaged: %w", name, damage), r.Close())
	}
	return db, nil
}

// walk looks up one address of each network in turn, public IPv4 first and
// then global IPv6, up to the first error.
func walk(r *maxminddb.Reader) iter.Seq[maxminddb.Result] {
	return func(yield func(maxminddb.Result) bool) {
		for _, first := range []netip.Addr{netip.AddrFrom4([4]byte{1}), netip.AddrFrom16([16]byte{0x20})} {
			for a := first; a.IsValid() && (a.Is4() || r.Metadata.IPVersion == 6); {
				res := r.Lookup(a)
				if !yield(res) || res.Err() != nil {
					return
				}
				a = netipx.PrefixLastIP(res.Prefix()).Next()
			}
		}
	}
}

// learn makes db answer for what a record of it holds.
func (db *DB) learn(r *maxminddb.Reader, f fields) {
	if db.country == nil && f.country().Code != "" {
		db.country = func(a netip.Addr) (Country, error) {
			f, err := lookupFields(r, a)
			return f.country(), err
		}
	}
	if db.owner == nil && f.owner().ASN != 0 {
		db.owner = func(a netip.Addr) (Owner, error) {
			f, err := lookupFields(r, a)
			return f.owner(), err
		}
	}
}

func lookupFields(r *maxminddb.Reader, a netip.Addr) (fields, error) {
	var f fields
	err := r.Lookup(a).Decode((*map[string]any)(&f))
	return f, err
}

// fields is one record as the file holds it.
type fields map[string]any

// text returns the first field of these names that is a string.
func (f fields) text(names ...string) string {
	for _, name := range names {
		if s, ok := f[name].(string); ok && s != "" {
			return s
		}
	}
	return ""
}

// country reads country_code and country_name, MaxMind's nested country, or
// IPinfo's country, which is a code in some editions and a name in others.
func (f fields) country() Country {
	c := Country{Code: f.text("country_code", "country_iso_code"), Name: f.text("country_name")}
	switch v := f["country"].(type) {
	case map[string]any:
		nested := fields(v)
		c.Code = cmp.Or(c.Code, nested.text("iso_code", "code"))
		names, _ := v["names"].(map[string]any)
		c.Name = cmp.Or(c.Name, fields(names).text("en"), nested.text("name"))
	case string:
		if len(v) == 2 {
			c.Code = cmp.Or(c.Code, v)
		} else {
			c.Name = cmp.Or(c.Name, v)
		}
	}
	c.Code = strings.ToUpper(c.Code)
	if !isCode(c.Code) {
		return Country{}
	}
	return c
}

// isCode says whether s is a country's code. ZZ and XX stand for an unknown
// country, and so do the marks that some databases use, such as "-".
func isCode(s string) bool {
	return len(s) == 2 && s != "ZZ" && s != "XX" && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

// owner reads autonomous_system_number or asn, the latter as 15169, "15169"
// or "AS15169", and the organisation's name.
func (f fields) owner() Owner {
	for _, name := range []string{"autonomous_system_number", "asn", "as_number"} {
		digits := strings.TrimPrefix(strings.ToUpper(fmt.Sprint(f[name])), "AS")
		// An AS number has 32 bits (RFC 6793).
		if n, err := strconv.ParseUint(digits, 10, 32); err == nil && n != 0 {
			return Owner{ASN: uint(n), Name: f.text("autonomous_system_organization", "as_name", "as_organization", "org", "organization", "name", "isp")}
		}
	}
	return Owner{}
}
