package intel

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"go4.org/netipx"

	"github.com/flowbook/flowbook/pkg/detect"
)

// addLine adds a line of plain text: an indicator, perhaps with a note after a
// space or tab, two addresses that are the ends of a range, a line of a hosts file,
// or a command of ipset.
func (l *List) addLine(line, note string) error {
	fields := strings.Fields(line)
	switch {
	case len(fields) > 1 && slices.Contains([]string{"create", "flush", "destroy"}, fields[0]):
		return nil
	case len(fields) > 2 && fields[0] == "add":
		fields = fields[2:]
	case len(fields) > 1 && isSink(fields[0]):
		return l.addHosts(fields[1:], note)
	}
	if len(fields) < 2 {
		return l.add(strings.Join(fields, ""), note, time.Time{})
	}
	if fields[1] == "-" && len(fields) > 2 {
		fields = slices.Delete(fields, 1, 2)
	}
	if isAddress(fields[1]) {
		return l.add(fields[0]+"-"+fields[1], strings.Join(append(fields[2:], note), " "), time.Time{})
	}
	return l.add(fields[0], strings.Join(append(fields[1:], note), " "), time.Time{})
}

// isSink says whether an address is one to which hosts files send blocked names.
func isSink(text string) bool {
	a, err := netip.ParseAddr(text)
	return err == nil && (a.IsUnspecified() || a.IsLoopback())
}

// addHosts adds the names of a line of a hosts file, except those of the machine
// itself.
func (l *List) addHosts(names []string, note string) error {
	for _, name := range names {
		if !isName(name) || strings.HasSuffix(name, ".localdomain") || strings.HasSuffix(name, ".local") {
			continue
		}
		if err := l.add(name, note, time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

// networksOf returns the networks of a range of addresses such as
// 198.51.100.1-198.51.100.9.
func networksOf(text string) []netip.Prefix {
	from, to, ok := strings.Cut(text, "-")
	if !ok {
		return nil
	}
	first, err1 := netip.ParseAddr(strings.TrimSpace(from))
	last, err2 := netip.ParseAddr(strings.TrimSpace(to))
	if err1 != nil || err2 != nil {
		return nil
	}
	return netipx.IPRangeFrom(first.Unmap(), last.Unmap()).Prefixes()
}

// schemePorts are the ports of URLs that name none.
var schemePorts = map[string]string{"http": "80", "https": "443", "ftp": "21"}

// addURL adds the server of a URL if it is an address. One with a name is left out:
// it serves other pages too, and malware is often stored on the site of another user.
func (l *List) addURL(text, note string, until time.Time) error {
	u, err := url.Parse(text)
	host := ""
	if err == nil {
		host = u.Hostname()
	}
	if !isAddress(host) {
		l.LeftOut[reasonURLs]++
		return nil
	}
	port := u.Port()
	if port == "" {
		port = schemePorts[strings.ToLower(u.Scheme)]
	}
	return l.add(endpoint(host, port), note, until)
}

func isAddress(text string) bool {
	_, err := netip.ParseAddr(text)
	return err == nil
}

// endpoint writes an address with its port, if there is one.
func endpoint(addr, port string) string {
	switch {
	case port == "" || port == "0":
		return addr
	case strings.Contains(addr, ":"):
		return "[" + addr + "]:" + port
	}
	return addr + ":" + port
}

// addRange adds the networks of a range of addresses.
func (l *List) addRange(networks []netip.Prefix, i detect.Indicator) {
	for _, n := range networks {
		i.Network = n
		l.Indicators = append(l.Indicators, i)
	}
}
