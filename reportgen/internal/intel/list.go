// Package intel reads lists of threat intelligence and matches them with a day
// of flows.
//
// [Read] reads a list of addresses, networks, names and ports from a file. The
// format is found out from the content:
//
//   - plain text, an indicator a line: 203.0.113.9, 198.51.100.0/24,
//     198.51.100.1-198.51.100.9, 203.0.113.9:4444, bad.example, 4444/tcp or a URL,
//     with comments after a space, # or ;
//   - hosts files, and what ipset saves,
//   - CSV with a header that names a column indicator, value, ip, address, network,
//     cidr, domain, name, host or port, and perhaps note, description or comment,
//   - the intelligence files of Zeek (#fields indicator indicator_type …),
//   - MISP events and attributes as JSON, and JSON arrays of indicators,
//   - STIX 2.1 bundles as JSON, of whose patterns comparisons joined by OR count.
//
// A line or value that cannot be read is an error with its place. Indicators of
// other kinds, such as hashes of files, and those that are revoked or not meant
// for detection are left out and counted.
//
//	list, err := intel.Read("feodo.csv")
//
// The rule threat-intel of package detect matches lists with a day.
package intel

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
)

// The most that a list may hold. The largest public lists of addresses have some
// hundred thousand entries in less than 20 MB.
const (
	maxBytes      = 128 << 20
	maxIndicators = 2_000_000
)

// List is a list, and a count of the indicators that are not used.
type List struct {
	detect.IntelList
	Format  string         // plain, csv, zeek, misp or stix
	LeftOut map[string]int // indicators that are not matched, by the reason
}

// String says what the list holds and where it comes from, as in
// "bad.csv: 1,203 addresses, networks and ports, 5 names (csv, 2024-03-19, SHA-256 0f3a…)".
func (l *List) String() string {
	about := l.Format
	if l.Date != "" {
		about += ", " + l.Date
	}
	s := fmt.Sprintf("%s: %s addresses, networks and ports, %s names (%s, SHA-256 %s)", l.Name, humanize.Comma(int64(len(l.Indicators))), humanize.Comma(int64(len(l.Names))), about, l.SHA256)
	for i, reason := range slices.Sorted(maps.Keys(l.LeftOut)) {
		if i == 0 {
			s += "; left out:"
		} else {
			s += ","
		}
		s += fmt.Sprintf(" %s %s", humanize.Comma(int64(l.LeftOut[reason])), reason)
	}
	return s
}

// The reasons for which indicators are not matched.
const (
	reasonOther    = "indicators of other kinds, such as hashes of files"
	reasonRevoked  = "revoked indicators"
	reasonContext  = "attributes that are not meant for detection"
	reasonPatterns = "patterns that need more than an address and a port"
	reasonURLs     = "URLs without the address of a server, whose names have other pages too"
)

// Read reads a list from a file.
func Read(path string) (_ *List, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(text) > maxBytes {
		return nil, fmt.Errorf("%s: larger than %d MB; split the list", path, maxBytes>>20)
	}
	l, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	l.Name = filepath.Base(path)
	if l.Date == "" {
		l.Date = info.ModTime().UTC().Format(time.DateOnly)
	}
	sum := sha256.Sum256(text)
	l.SHA256 = hex.EncodeToString(sum[:])
	return l, nil
}

// parse finds out the format of a list and reads it.
func parse(text []byte) (*List, error) {
	l := &List{LeftOut: map[string]int{}}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	var err error
	switch start := bytes.TrimLeft(text, " \t\r\n"); {
	case len(start) == 0:
		return nil, errors.New("the list is empty")
	case start[0] == '{' || start[0] == '[':
		err = l.readJSON(text)
	case bytes.HasPrefix(start, []byte("#fields")) || bytes.HasPrefix(start, []byte("#separator")) || bytes.Contains(start, []byte("\n#fields")):
		l.Format, err = "zeek", l.readZeek(text)
	default:
		if columns := csvColumns(text); columns != nil {
			l.Format, err = "csv", l.readCSV(text, columns)
		} else {
			l.Format, err = "plain", l.readPlain(text)
		}
	}
	if err != nil {
		return nil, err
	}
	if len(l.Indicators) == 0 && len(l.Names) == 0 && len(l.LeftOut) == 0 {
		return nil, errors.New("the list has no indicators")
	}
	return l, nil
}

// add adds an indicator as text: an address, a network, an address and a port,
// a port, or a name.
func (l *List) add(text, note string, until time.Time) error {
	text = refang(strings.Trim(strings.TrimSpace(text), `"'`))
	i := detect.Indicator{Note: strings.TrimSpace(note), Until: until}
	if len(l.Indicators) >= maxIndicators {
		return fmt.Errorf("more than %d indicators; split the list", maxIndicators)
	}
	address, errAddress := netip.ParseAddr(text)
	network, errNetwork := netip.ParsePrefix(text)
	server, errServer := netip.ParseAddrPort(text)
	port, proto, isPort := parsePort(text)
	networks := networksOf(text)
	switch {
	case errAddress == nil:
		i.Network = single(address)
	case errNetwork == nil && (network.Addr().Is4In6() || network.Bits() == 0):
		return fmt.Errorf("%q is not an IPv4 or IPv6 network with a prefix length of at least 1", text)
	case errNetwork == nil:
		i.Network = network.Masked()
	case errServer == nil && server.Port() != 0:
		i.Network, i.Port = single(server.Addr()), server.Port()
	case len(networks) > 0:
		l.addRange(networks, i)
		return nil
	case isPort:
		i.Port, i.Proto = port, proto
	case strings.Contains(text, "://"):
		return l.addURL(text, note, until)
	case otherKind.MatchString(text):
		l.LeftOut[reasonOther]++
		return nil
	case isName(text):
		if len(l.Names) >= maxIndicators {
			return fmt.Errorf("more than %d names; split the list", maxIndicators)
		}
		name := strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(text, "*."), "."))
		l.Names = append(l.Names, detect.ListedName{Name: name, Note: i.Note, Until: until})
		return nil
	default:
		return fmt.Errorf("%q is not an address, a network, an address and port, a port such as 4444/tcp, or a name", text)
	}
	l.Indicators = append(l.Indicators, i)
	return nil
}

func single(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	return netip.PrefixFrom(a, a.BitLen())
}

// otherKind matches addresses of mail and hashes of files.
var otherKind = regexp.MustCompile(`^(?:[^@\s]+@[^@\s]+|[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}|[0-9a-fA-F]{128})$`)

// refang undoes how reports keep addresses from being clicked on.
func refang(text string) string {
	return strings.NewReplacer("[.]", ".", "(.)", ".", "[:]", ":", "hxxp", "http").Replace(text)
}

// parsePort reads "4444/tcp", "tcp/4444" and "udp/53".
func parsePort(text string) (port uint16, proto flow.Proto, ok bool) {
	a, b, found := strings.Cut(text, "/")
	if !found {
		return 0, 0, false
	}
	if _, err := strconv.Atoi(a); err != nil {
		a, b = b, a
	}
	n, err := strconv.ParseUint(a, 10, 16)
	proto, err1 := flow.ParseProto(strings.ToLower(b))
	return uint16(n), proto, err == nil && err1 == nil && n > 0
}

// isName reports whether text is a host name: two or more labels of letters,
// digits, hyphens and underscores, the last one not a number.
func isName(text string) bool {
	labels := strings.Split(strings.TrimSuffix(strings.TrimPrefix(text, "*."), "."), ".")
	if len(labels) < 2 || len(text) > 253 {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || strings.Trim(strings.ToLower(l), "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" && isASCII(l) {
			return false
		}
	}
	return strings.Trim(labels[len(labels)-1], "0123456789") != ""
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// lines calls each with the number and the text of each line.
func lines(text []byte, each func(n int, line string) error) error {
	s := bufio.NewScanner(bytes.NewReader(text))
	s.Buffer(nil, 1<<20)
	n := 0
	for s.Scan() {
		n++
		if err := each(n, s.Text()); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := s.Err(); err != nil {
		return fmt.Errorf("line %d: %w", n+1, err)
	}
	return nil
}
