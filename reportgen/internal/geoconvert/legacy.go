package geoconvert

import (
	"bytes"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/flowbook/flowbook/pkg/geo"
)

// The editions of legacy .dat files that say countries or owners, by the
// number in the file's last bytes, and where the countries of a tree begin
// (GeoIP.h of MaxMind's GeoIP C library).
const (
	countryEdition   = 1
	asnEdition       = 9
	countryEditionV6 = 12
	asnEditionV6     = 21

	countryBegin = 16_776_960
)

// structureInfo is how many bytes at the end may hold the edition.
const structureInfo = 20

// legacyCountries are the countries of a .dat by number. Number 0 is unknown.
const legacyCountries = "-- AP EU AD AE AF AG AI AL AM CW AO AQ AR AS AT AU AW AZ BA BB BD BE BF BG BH BI BJ BM BN BO BR " +
	"BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CX CY CZ DE DJ DK DM DO DZ EC EE " +
	"EG EH ER ES ET FI FJ FK FM FO FR SX GA GB GD GE GF GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM " +
	"HN HR HT HU ID IE IL IN IO IQ IR IS IT JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK " +
	"LR LS LT LU LV LY MA MC MD MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG " +
	"NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RU RW SA SB SC SD SE " +
	"SG SH SI SJ SK SL SM SN SO SR ST SV SY SZ TC TD TF TG TH TJ TK TM TN TO TL TR TT TV TW TZ UA UG " +
	"UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT RS ZA ZM ME ZW A1 A2 O1 AX GG IM JE BL MF BQ SS O1"

// legacy is an open .dat file: a binary tree over the bits of an address. A
// node is two numbers of three bytes, least first: for the bit 0 and the bit
// 1, another node or, from leaves on, a leaf.
type legacy struct {
	name      string
	data      []byte
	edition   byte
	leaves    int
	countries []string
	steps     int // nodes still allowed to be walked
	table     Table
}

func readLegacy(name string, data []byte) (Table, error) {
	l := &legacy{name: name, data: data, edition: countryEdition, leaves: countryBegin, countries: strings.Fields(legacyCountries)}
	if err := l.readStructure(); err != nil {
		return Table{}, err
	}
	// A tree has each of its nodes once. Twice as many steps reveal a damaged
	// file, whose branches lead back, before they fill the memory.
	l.steps = 2 * len(data) / 6
	root := netip.IPv4Unspecified()
	if l.edition == countryEditionV6 || l.edition == asnEditionV6 {
		root = netip.IPv6Unspecified()
	}
	if err := l.walk(0, netip.PrefixFrom(root, 0)); err != nil {
		return Table{}, err
	}
	if len(l.table.Entries) == 0 {
		return Table{}, fmt.Errorf("%s: the file holds no country and no owner", name)
	}
	return l.table, nil
}

// readStructure finds the edition: three bytes 255 near the end, then its
// number. A file without is of the oldest country edition.
func (l *legacy) readStructure() error {
	tail := l.data[max(0, len(l.data)-structureInfo):]
	i := bytes.LastIndex(tail, []byte{255, 255, 255})
	if i < 0 || i+3 >= len(tail) {
		return nil
	}
	l.edition = tail[i+3]
	if l.edition >= 106 {
		l.edition -= 105 // Numbers of before 2003.
	}
	switch l.edition {
	case countryEdition, countryEditionV6:
		return nil
	case asnEdition, asnEditionV6:
		if i+7 > len(tail) {
			return fmt.Errorf("%s: the file ends before it says how large its tree is", l.name)
		}
		l.leaves = number(tail[i+4:])
		return nil
	}
	return fmt.Errorf("%s: a binary file of GeoIP edition %d; only country and ASNum editions of .dat files can be converted", l.name, l.edition)
}

// number reads three bytes, least first.
func number(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

// walk visits the nodes below a node, which represents a network.
func (l *legacy) walk(node int, network netip.Prefix) error {
	at := node * 6
	if l.steps--; l.steps < 0 || at+6 > len(l.data) || network.Bits() >= network.Addr().BitLen() {
		return fmt.Errorf("%s: not a GeoIP .dat file, or a damaged one: node %d (%s) points outside the tree", l.name, node, network)
	}
	for bit := range 2 {
		half := child(network, bit)
		next := number(l.data[at+3*bit:])
		var err error
		if next < l.leaves {
			err = l.walk(next, half)
		} else {
			err = l.leaf(next-l.leaves, half)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// child is the lower or upper half of a network.
func child(p netip.Prefix, bit int) netip.Prefix {
	b := p.Addr().AsSlice()
	b[p.Bits()/8] |= byte(bit) << (7 - p.Bits()%8)
	a, _ := netip.AddrFromSlice(b)
	return netip.PrefixFrom(a, p.Bits()+1)
}

// leaf enters a network: value is a country's number, or where its owner's
// name begins behind the tree. 0 is unknown.
func (l *legacy) leaf(value int, network netip.Prefix) error {
	if value == 0 {
		l.table.Unknown++
		return nil
	}
	e := Entry{Network: network, place: l.name}
	if l.edition == asnEdition || l.edition == asnEditionV6 {
		start := l.leaves*6 + value
		end := -1
		if start < len(l.data) {
			end = bytes.IndexByte(l.data[start:], 0)
		}
		if end < 0 {
			return fmt.Errorf("%s: damaged: the owner of %s is beyond the end of the file", l.name, network)
		}
		owner, err := parseOwner(latin1(l.data[start : start+end]))
		if err != nil {
			return fmt.Errorf("%s: the owner of %s: %w", l.name, network, err)
		}
		if owner.ASN == 0 { // AS0 is reserved (RFC 7607).
			l.table.Unknown++
			return nil
		}
		e.Owner = owner
	} else {
		if value >= len(l.countries) {
			return fmt.Errorf("%s: not a GeoIP .dat file, or a damaged one: %s is in country number %d, and there are %d", l.name, network, value, len(l.countries))
		}
		e.Country = l.countries[value]
	}
	l.table.Entries = append(l.table.Entries, e)
	return nil
}

// parseOwner reads "AS15169 Google LLC".
func parseOwner(s string) (geo.Owner, error) {
	asn, name, _ := strings.Cut(s, " ")
	n, err := parseASN(asn)
	if err != nil {
		return geo.Owner{}, err
	}
	return geo.Owner{ASN: n, Name: strings.TrimSpace(name)}, nil
}

// parseASN reads 15169 or AS15169; a number has 32 bits (RFC 6793).
func parseASN(s string) (uint, error) {
	digits := strings.TrimPrefix(strings.ToUpper(s), "AS")
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%q: not an AS number, such as AS15169", s)
	}
	return uint(n), nil
}

// latin1 reads ISO 8859-1, in which the names of .dat files are.
func latin1(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return s.String()
}
