package ingest

import (
	"bytes"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/gopacket/gopacket/layers"

	"github.com/flowbook/flowbook/pkg/flow"
)

// count64 reads the count of a column, which may be unset.
func (r *rowReader) count64(from field) (n int64, set, ok bool) {
	v := r.values[from]
	if v == nil || r.points == nil {
		return r.countOf(v)
	}
	if r.points.seen != nil {
		r.points.seen[from].see(v)
	}
	if !r.points.text || !isThousands(v) {
		return r.countOf(v)
	}
	switch r.points.of(from) {
	case pointUnclear:
		return 0, true, false
	case pointThousands:
		n, ok := digits(bytes.Replace(v, []byte("."), nil, 1))
		return n, true, ok
	case pointGuessed:
		r.pointGuessed = true
	}
	return r.countOf(v)
}

// countOf reads a count that may be unset: digits, or one of the human-readable
// forms (see [writtenCount]).
func (r *rowReader) countOf(v []byte) (n int64, set, ok bool) {
	if v == nil {
		return 0, false, true
	}
	if n, ok := digits(v); ok {
		return n, true, true
	}
	n, rounded, ok := writtenCount(v)
	r.rounded = r.rounded || rounded
	return n, true, ok
}

// digits reads a number of digits alone.
func digits(v []byte) (n int64, ok bool) {
	if len(v) == 0 || len(v) > 19 {
		return 0, false
	}
	for _, c := range v {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0') // 19 digits may be more than fits, and are then negative
	}
	return n, n >= 0
}

// writtenCount reads a count as programs write it: with thousands separators
// (1,234 or 1'234 or 1 234), as a floating-point number (1234.0, 1.5E7), in
// hexadecimal (0x35), or in a larger unit (1.2 M, 3 KiB), which is rounded.
func writtenCount(v []byte) (n int64, rounded, ok bool) {
	s := strings.TrimSpace(string(v))
	if hex, found := cutPrefixFold(s, "0x"); found {
		u, err := strconv.ParseUint(hex, 16, 63)
		return int64(u), false, err == nil
	}
	s, factor := cutUnit(s)
	if whole, decimals, comma := strings.Cut(s, ","); comma && factor > 1 && len(decimals) != 3 && !strings.ContainsAny(decimals, ",.") {
		s = whole + "." + decimals // 1,5 M
	}
	s, ok = withoutSeparators(s)
	if !ok {
		return 0, false, false
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && factor == 1 {
		return n, false, n >= 0
	}
	x, err := strconv.ParseFloat(s, 64)
	x *= factor
	if err != nil || !(x >= 0 && x < math.MaxInt64/2) {
		return 0, false, false
	}
	if factor > 1 {
		return int64(math.Round(x)), true, true
	}
	return int64(x), false, x == math.Trunc(x)
}

// cutPrefixFold is strings.CutPrefix for ASCII in any case.
func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// cutUnit cuts a unit of bytes off a number, such as K, MB or GiB. Prefixes
// are decimal, as nfdump's, unless an i says that they are binary.
func cutUnit(s string) (number string, factor float64) {
	s = strings.TrimSuffix(strings.TrimSuffix(s, "ytes"), "yte") // of bytes
	number = strings.TrimRight(s, "KkMmGgTtPpiBb ")
	unit := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSpace(s[len(number):]), "B"), "b")
	base := 1000.
	if binary, ok := strings.CutSuffix(unit, "i"); ok && binary != "" {
		unit, base = binary, 1024
	}
	if unit == "" {
		return number, 1
	}
	power := strings.IndexByte("KMGTP", strings.ToUpper(unit)[0]) + 1
	if len(unit) != 1 || power == 0 {
		return s, 1
	}
	return number, math.Pow(base, float64(power))
}

// withoutSeparators takes thousands separators out of a number. Groups must
// have three digits, or those before the last two, as in India. A single point is a decimal point; two or more separate
// thousands.
func withoutSeparators(s string) (string, bool) {
	if i := strings.LastIndexByte(s, ','); i >= 0 && strings.Contains(s[:i], ".") { // 1.234,5
		s = strings.NewReplacer(".", ",", ",", ".").Replace(s)
	}
	for _, separator := range []string{",", "'", "’", "_", " ", "\u00a0", "\u2009", "\u202f", "."} {
		if !strings.Contains(s, separator) || separator == "." && strings.Count(s, ".") < 2 {
			continue
		}
		groups := strings.Split(s, separator)
		last := len(groups) - 1
		whole, _, decimal := strings.Cut(groups[last], ".")
		if decimal && separator == "." {
			return "", false
		}
		for i, g := range groups {
			if i == last {
				g = whole
			}
			lakhs := separator == "," && len(g) == 2 && len(groups) > 2 // 1,23,456
			if i == 0 && (len(g) < 1 || len(g) > 3) || i > 0 && len(g) != 3 && (i == last || !lakhs) {
				return "", false
			}
		}
		return strings.Join(groups, ""), true
	}
	return s, true
}

// port reads a port: a number, perhaps hexadecimal or with decimals, or the
// name of a service.
func port(v []byte) (uint16, bool) {
	if n, ok := digits(v); ok {
		return uint16(n), n <= math.MaxUint16
	}
	if len(v) == 0 {
		return 0, false
	}
	if n, _, ok := writtenCount(v); ok {
		return uint16(n), n <= math.MaxUint16
	}
	s := strings.ToLower(string(bytes.TrimSpace(v)))
	if p, ok := services()[s]; ok {
		return p, true
	}
	if a, b, ok := bothNames(s); ok { // 443 (https)
		p, ok := port([]byte(a))
		if !ok {
			p, ok = port([]byte(b))
		}
		return p, ok
	}
	a, b, ok := strings.Cut(s, "/") // 443/tcp, tcp/443
	switch {
	case ok && (b == "tcp" || b == "udp"):
		return port([]byte(a))
	case ok && (a == "tcp" || a == "udp"):
		return port([]byte(b))
	}
	return 0, false
}

// bothNames divides a text such as TCP (6).
func bothNames(s string) (name, inner string, ok bool) {
	name, inner, ok = strings.Cut(s, "(")
	inner, closed := strings.CutSuffix(inner, ")")
	return strings.TrimSpace(name), strings.TrimSpace(inner), ok && closed && name != "" && !strings.Contains(inner, "(")
}

// services are the ports by the name of their service, as IANA assigns them: of
// several ports with one name the lowest, but that of /etc/services, which ra and others
// read, for HTTP.
var services = sync.OnceValue(func() map[string]uint16 {
	names := map[string]uint16{
		"http-alt": 8080, "webcache": 8080, "dns": 53, "www": 80, "www-http": 80, "rdp": 3389, "smb": 445, "postgres": 5432, "smtps": 465,
	} // and what firewalls call them
	add := func(port uint16, text string) { // such as 443(https)
		_, name, found := strings.Cut(strings.TrimSuffix(text, ")"), "(")
		if _, taken := names[name]; found && !taken {
			names[name] = port
		}
	}
	for p := range math.MaxUint16 + 1 {
		add(uint16(p), layers.TCPPort(p).String())
		add(uint16(p), layers.UDPPort(p).String())
	}
	return names
})

// overUDP are the protocols on top of UDP that Argus and firewalls name instead of it.
var overUDP = []string{"rtp", "rtcp", "udt", "quic"}

// protocol reads a protocol by name or number. It returns false if the text is
// neither.
func protocol(v []byte) (flow.Proto, bool) {
	switch string(v) {
	case "tcp", "TCP", "6":
		return flow.TCP, true
	case "udp", "UDP", "17":
		return flow.UDP, true
	case "icmp", "ICMP", "1": // by far the most frequent of the others
		return 1, true
	}
	s := strings.TrimPrefix(strings.ToLower(string(bytes.TrimSpace(v))), "ipproto_")
	if name, inner, ok := bothNames(s); ok { // TCP (6)
		if p, ok := protocol([]byte(name)); ok {
			return p, true
		}
		s = inner
	}
	if slices.Contains(overUDP, s) {
		return flow.UDP, true
	}
	if s == "tcp" || s == "tcp4" || s == "tcp6" {
		return flow.TCP, true
	}
	if s == "udp" || s == "udp4" || s == "udp6" {
		return flow.UDP, true
	}
	if p, ok := otherProtocols[s]; ok {
		return p, true
	}
	if p, err := flow.ParseProto(s); err == nil {
		return p, true
	}
	n, _, ok := writtenCount([]byte(s))
	return flow.Proto(n), ok && n <= math.MaxUint8
}

// notIP stands for protocols below IP, such as ARP, and unknown ones. IANA reserves it.
const notIP flow.Proto = 255

// otherProtocols are names that logs use for protocols other than TCP and UDP,
// by their IANA number.
var otherProtocols = map[string]flow.Proto{
	"icmp": 1, "igmp": 2, "ipip": 4, "ipencap": 4, "ip": 4, "ipnip": 4, "egp": 8, "igp": 9, "ipv6": 41, "ipv6-route": 43, "ipv6-frag": 44, "rsvp": 46, "gre": 47,
	"esp": 50, "ah": 51, "icmp6": 58, "icmpv6": 58, "ipv6-icmp": 58, "icmp-v6": 58, "ipv6-nonxt": 59, "ipv6-opts": 60, "eigrp": 88, "ospf": 89, "ospfigp": 89, "pim": 103,
	"vrrp": 112, "l2tp": 115, "sctp": 132, "udplite": 136, "udp-lite": 136, "ipinip": 4, "hopopt": 0, "unas": notIP, "idp": 22, "dccp": 33, "mobile": 55, "sun-nd": 77, "ib": notIP,
	"arp": notIP, "rarp": notIP, "llc": notIP, "lldp": notIP, "stp": notIP, "ipx": notIP, "ipx/spx": notIP, "eth": notIP, "man": notIP, "ethernet": notIP, "other": notIP, "unknown_transport": notIP, "unknown": notIP,
}

// dotted reads IPv4 as most logs write it.
func dotted(v []byte) (netip.Addr, bool) {
	var four [4]byte
	n, digits, dots := 0, 0, 0
	for _, c := range v {
		switch {
		case c >= '0' && c <= '9' && (digits == 0 || n > 0):
			n, digits = 10*n+int(c-'0'), digits+1
			if n > 255 {
				return netip.Addr{}, false
			}
		case c == '.' && digits > 0 && dots < 3:
			four[dots] = byte(n)
			n, digits, dots = 0, 0, dots+1
		default:
			return netip.Addr{}, false
		}
	}
	four[3] = byte(n)
	return netip.AddrFrom4(four), dots == 3 && digits > 0
}

// aboutBytes guesses a number that may not be readable from its digits.
func aboutBytes(v []byte) int64 {
	if n, _, ok := writtenCount(v); ok {
		return n
	}
	whole := string(v)
	if strings.Count(whole, ".") == 1 {
		whole, _, _ = strings.Cut(whole, ".")
	}
	n, err := strconv.ParseInt(strings.Map(func(c rune) rune {
		if c < '0' || c > '9' {
			return -1
		}
		return c
	}, whole), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// excerpt quotes the start of what a log has.
func excerpt(b []byte) string {
	const most = 60
	if len(b) > most {
		return strconv.Quote(string(b[:most])) + "…"
	}
	return strconv.Quote(string(b))
}
