// Package geoconvert converts databases of countries and owners from other formats to
// MMDB files.
//
// [Read] reads one file and detects its format by content: legacy GeoIP .dat
// files (country and ASNum editions, IPv4 and IPv6), the geoip and geoip6
// texts that come with Tor, and CSV of networks or ranges. It returns a [Table],
// which [Table.WriteMMDB] writes. [Convert] makes one MMDB of several files, such
// as geoip and geoip6.
package geoconvert

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"

	"github.com/dustin/go-humanize"
	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
	"go4.org/netipx"

	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/reportgen/internal/dates"
	"github.com/flowbook/flowbook/reportgen/internal/wholefile"
)

// Entry is what is known of a network: its country's code, its owner, or both.
type Entry struct {
	Network netip.Prefix
	Country string // ISO 3166-1 alpha-2, or empty
	Owner   geo.Owner
	place   string // file and line, for errors
}

// Table is networks and their countries or owners, in any order. If networks
// overlap, the more specific one counts.
type Table struct {
	Entries []Entry
	Unknown int // networks of the source that it says nothing of
}

// Read reads a file's content; name stands for it in errors, which also say
// the line or the node.
func Read(name string, data []byte) (Table, error) {
	if len(data) == 0 {
		return Table{}, fmt.Errorf("%s: the file is empty", name)
	}
	// No text holds a zero byte, and every .dat has many.
	if bytes.IndexByte(data, 0) >= 0 {
		return readLegacy(name, data)
	}
	return readText(name, data)
}

// mmdbMarker comes before the metadata of an MMDB.
var mmdbMarker = []byte("\xab\xcd\xefMaxMind.com")

// Convert reads files, such as those of IPv4 and of IPv6, and writes one MMDB that appears complete or not at all. Its
// build date is $SOURCE_DATE_EPOCH, or 2024-01-01.
func Convert(paths []string, out string) (Table, error) {
	var table Table
	built, err := buildDate()
	if err != nil {
		return table, err
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return table, err
		}
		if bytes.Contains(data, mmdbMarker) {
			return table, fmt.Errorf("%s: already an MMDB; use it as it is", path)
		}
		t, err := Read(path, data)
		if err != nil {
			return table, err
		}
		table.add(t)
	}
	return table, wholefile.Write(out, 0o666, func(w io.Writer) error { return table.WriteMMDB(w, built) })
}

// Summary says what the table has, in a line.
func (t *Table) Summary() string {
	return fmt.Sprintf("%s, %s networks; %s left out because the input says nothing about them", t.kind(),
		humanize.Comma(int64(len(t.Entries))), humanize.Comma(int64(t.Unknown)))
}

// defaultBuilt is the build date of converted databases, 2024-01-01.
const defaultBuilt = 1704067200

// buildDate returns the build date that a converted database states, in seconds since
// 1970: $SOURCE_DATE_EPOCH, or 2024-01-01.
func buildDate() (int64, error) {
	built, err := dates.Epoch()
	switch {
	case err != nil:
		return 0, err
	case built.IsZero():
		return defaultBuilt, nil
	case built.Unix() == 0:
		return 0, fmt.Errorf("%s=0: an MMDB cannot state this date", dates.EpochVariable)
	}
	return built.Unix(), nil
}

// add adds the entries of another table.
func (t *Table) add(o Table) {
	t.Entries = append(t.Entries, o.Entries...)
	t.Unknown += o.Unknown
}

// kind is the type that the MMDB states: GeoLite2-Country or GeoLite2-ASN, so
// that every reader of those opens it, or one of Flowbook's own where entries
// have both.
func (t *Table) kind() string {
	countries, owners := false, false
	for _, e := range t.Entries {
		countries = countries || e.Country != ""
		owners = owners || e.Owner != (geo.Owner{})
	}
	switch {
	case countries && owners:
		return "Flowbook-Country-ASN"
	case owners:
		return "GeoLite2-ASN"
	}
	return "GeoLite2-Country"
}

// WriteMMDB writes the table as an MMDB that states it was built at that time, in
// seconds since 1970. The same entries give the same bytes. It is an error if
// there are none, or if two entries of one network differ.
func (t *Table) WriteMMDB(w io.Writer, built int64) error {
	if len(t.Entries) == 0 {
		return fmt.Errorf("no network with a country or an owner to write")
	}
	tree, err := mmdbwriter.New(mmdbwriter.Options{
		BuildEpoch:              built,
		DatabaseType:            t.kind(),
		Description:             map[string]string{"en": "Converted by Flowbook"},
		Languages:               []string{"en"},
		DisableIPv4Aliasing:     true,
		IncludeReservedNetworks: true,
	})
	if err != nil {
		return fmt.Errorf("making the MMDB: %w", err)
	}
	// What is inserted later wins, so the more specific come later.
	entries := slices.SortedStableFunc(slices.Values(t.Entries), func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Network.Bits(), b.Network.Bits()), a.Network.Addr().Compare(b.Network.Addr()))
	})
	for i, e := range entries {
		if i > 0 && e.Network == entries[i-1].Network {
			if before := entries[i-1]; e.Country != before.Country || e.Owner != before.Owner {
				return fmt.Errorf("%s: %s is %s, but %s at %s; keep one of them", e.place, e.Network, e.what(), before.what(), before.place)
			}
			continue
		}
		if err := tree.Insert(netipx.PrefixIPNet(e.Network), e.record()); err != nil {
			return fmt.Errorf("%s: %s: %w", e.place, e.Network, err)
		}
	}
	if _, err := tree.WriteTo(w); err != nil {
		return fmt.Errorf("writing the MMDB: %w", err)
	}
	return nil
}

// what describes an entry for an error.
func (e Entry) what() string {
	if e.Owner == (geo.Owner{}) {
		return e.Country
	}
	return fmt.Sprintf("%s AS%d %s", e.Country, e.Owner.ASN, e.Owner.Name)
}

func (e Entry) record() mmdbtype.Map {
	m := mmdbtype.Map{}
	if e.Country != "" {
		m["country"] = mmdbtype.Map{
			"iso_code": mmdbtype.String(e.Country),
			"names":    mmdbtype.Map{"en": mmdbtype.String(geo.CountryName(e.Country))},
		}
	}
	if e.Owner.ASN != 0 {
		m["autonomous_system_number"] = mmdbtype.Uint32(uint32(e.Owner.ASN))
	}
	if e.Owner.Name != "" {
		m["autonomous_system_organization"] = mmdbtype.String(e.Owner.Name)
	}
	return m
}
