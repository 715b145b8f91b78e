package geoconvert

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"go4.org/netipx"
)

// columns are the indexes of the fields in a row; -1 if missing.
type columns struct{ network, start, end, country, asn, name int }

// The names that headers use.
var columnNames = struct{ network, start, end, country, asn, name []string }{
	network: []string{"network", "cidr", "prefix"},
	start:   []string{"start", "start_ip", "ip_from", "range_start"},
	end:     []string{"end", "end_ip", "ip_to", "range_end"},
	country: []string{"country_code", "country", "country_iso_code"},
	asn:     []string{"asn", "autonomous_system_number", "as_number"},
	name:    []string{"name", "as_name", "autonomous_system_organization", "org"},
}

// readText reads CSV: rows of network, or start and end, and then
// country_code, asn, name (optional); or with a header
// in any order. Tor's geoip files are such rows, with addresses as numbers.
// Lines that begin with # are comments.
func readText(name string, data []byte) (Table, error) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	r.Comment = '#'
	r.FieldsPerRecord = -1
	r.TrimLeadingSpace = true
	r.ReuseRecord = true
	var t Table
	var cols *columns
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Table{}, fmt.Errorf("%s: not a .dat file, Tor's geoip or CSV: %w", name, err)
		}
		line, _ := r.FieldPos(0)
		place := fmt.Sprintf("%s: line %d", name, line)
		if cols == nil {
			var header bool
			if cols, header, err = findColumns(row); err != nil {
				return Table{}, fmt.Errorf("%s: %w", place, err)
			}
			if header {
				continue
			}
		}
		if err := t.addRow(row, cols, place); err != nil {
			return Table{}, fmt.Errorf("%s: %w", place, err)
		}
	}
	if len(t.Entries) == 0 {
		return Table{}, fmt.Errorf("%s: no row with a country or an owner", name)
	}
	return t, nil
}

// findColumns reads a header, or infers the columns from a first row without one.
func findColumns(row []string) (cols *columns, header bool, err error) {
	if _, err := netip.ParsePrefix(row[0]); err == nil {
		return &columns{network: 0, start: -1, end: -1, country: 1, asn: 2, name: 3}, false, nil
	}
	if _, err := parseAddr(row[0]); err == nil {
		return &columns{network: -1, start: 0, end: 1, country: 2, asn: 3, name: 4}, false, nil
	}
	// The first of the names that the row has counts: IPinfo has country, the name,
	// before country_code.
	find := func(names []string) int {
		for _, name := range names {
			if i := slices.IndexFunc(row, func(s string) bool { return strings.EqualFold(strings.TrimSpace(s), name) }); i >= 0 {
				return i
			}
		}
		return -1
	}
	n := columnNames
	cols = &columns{find(n.network), find(n.start), find(n.end), find(n.country), find(n.asn), find(n.name)}
	switch {
	case cols.network < 0 && (cols.start < 0 || cols.end < 0):
		return nil, false, fmt.Errorf("%q: not a network, an address or a header such as network,country_code,asn,name", strings.Join(row, ","))
	case cols.country < 0 && cols.asn < 0:
		return nil, false, fmt.Errorf("%q: the header names neither country_code nor asn", strings.Join(row, ","))
	}
	return cols, true, nil
}

// addRow enters one row; a range becomes several networks.
func (t *Table) addRow(row []string, cols *columns, place string) error {
	field := func(i int) string {
		if i < 0 || i >= len(row) {
			return ""
		}
		return strings.TrimSpace(row[i])
	}
	e := Entry{place: place, Country: strings.ToUpper(field(cols.country))}
	switch {
	case slices.Contains([]string{"", "??", "-", "--", "ZZ", "XX"}, e.Country):
		e.Country = "" // How sources say that they do not know.
	case len(e.Country) != 2:
		return fmt.Errorf("country %q: not a code of two letters", e.Country)
	}
	if s := field(cols.asn); s != "" && s != "-" {
		asn, err := parseASN(s)
		if err != nil {
			return err
		}
		e.Owner.ASN = asn
	}
	if e.Owner.ASN != 0 {
		e.Owner.Name = field(cols.name)
	}
	networks, err := parseNetworks(field(cols.network), field(cols.start), field(cols.end))
	if err != nil {
		return err
	}
	if e.Country == "" && e.Owner.ASN == 0 {
		t.Unknown += len(networks)
		return nil
	}
	for _, n := range networks {
		e.Network = n
		t.Entries = append(t.Entries, e)
	}
	return nil
}

// parseNetworks reads a network, or the networks that a range is made of.
func parseNetworks(network, start, end string) ([]netip.Prefix, error) {
	if network != "" {
		p, err := netip.ParsePrefix(network)
		if err != nil {
			return nil, fmt.Errorf("network %q is not in CIDR form, such as 192.0.2.0/24", network)
		}
		return []netip.Prefix{p.Masked()}, nil
	}
	from, err := parseAddr(start)
	if err != nil {
		return nil, err
	}
	to, err := parseAddr(end)
	if err != nil {
		return nil, err
	}
	r := netipx.IPRangeFrom(from, to)
	if !r.IsValid() {
		return nil, fmt.Errorf("the range from %s to %s does not begin before it ends", start, end)
	}
	return r.Prefixes(), nil
}

// parseAddr reads an address, or an IPv4 address as a number.
func parseAddr(s string) (netip.Addr, error) {
	if n, err := strconv.ParseUint(s, 10, 32); err == nil {
		return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}), nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, fmt.Errorf("%q: not an address", s)
	}
	return a, nil
}
