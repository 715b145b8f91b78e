package sentinel

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"
	"unicode"

	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/reportgen/internal/geoconvert"
)

// mmdbMarker precedes the metadata at the end of every MMDB (MaxMind DB
// File Format Specification 2.0).
const mmdbMarker = "\xab\xcd\xefMaxMind.com"

// OpenGeo opens a database of countries and one of owners, each an MMDB or
// anything that package geoconvert reads, legacy GeoIP .dat files above all. What
// is not an MMDB knows the addresses of the day p only. The error names the file
// and what it lacks.
func OpenGeo(country, owner string, p *profile.Profile) (*geo.Lookup, error) {
	addrs := addresses(p)
	c, err := openDB(country, addrs)
	if err != nil {
		return nil, err
	}
	o, err := openDB(owner, addrs)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	l, err := geo.New(c, o)
	if err != nil {
		return nil, errors.Join(err, c.Close(), o.Close())
	}
	return l, nil
}

// addresses returns the sources and destinations of a day; sorted.
func addresses(p *profile.Profile) []netip.Addr {
	distinct := map[netip.Addr]bool{}
	for i := range p.Conversations {
		distinct[p.Conversations[i].Src] = true
		distinct[p.Conversations[i].Dst] = true
	}
	return slices.SortedFunc(maps.Keys(distinct), netip.Addr.Compare)
}

func openDB(path string, addrs []netip.Addr) (*geo.DB, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("geo database: %w", err)
	}
	if bytes.Contains(data, []byte(mmdbMarker)) {
		return geo.OpenBytes(path, data)
	}
	table, err := geoconvert.Read(path, data)
	if err != nil {
		return nil, fmt.Errorf("geo database: neither an MMDB nor a legacy .dat file that can be read: %w", err)
	}
	var mmdb bytes.Buffer
	known := restrict(table, addrs)
	if err := known.WriteMMDB(&mmdb, 1); err != nil {
		return nil, fmt.Errorf("geo database %s: %w", path, err)
	}
	return geo.OpenBytes(path, mmdb.Bytes())
}

// restrict returns the networks in which one of addrs lies: building an MMDB of
// those takes no time, of the whole world's seconds. One network with a country
// and one with an owner stay in any case, so that the kind of database does.
func restrict(t geoconvert.Table, addrs []netip.Addr) geoconvert.Table {
	known := geoconvert.Table{Unknown: t.Unknown}
	countries, owners := false, false
	for _, e := range t.Entries {
		at, _ := slices.BinarySearchFunc(addrs, e.Network.Addr(), netip.Addr.Compare)
		needed := at < len(addrs) && e.Network.Contains(addrs[at])
		if e.Country != "" && !countries {
			needed, countries = true, true
		}
		if e.Owner != (geo.Owner{}) && !owners {
			needed, owners = true, true
		}
		if needed {
			known.Entries = append(known.Entries, e)
		}
	}
	return known
}

// clean makes a name from a database or a name server safe to print: nothing
// in it can move a terminal's cursor or break a line.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, s)
}
