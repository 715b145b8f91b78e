// Package intel reads lists of indicators of compromise: plain lists, CSV, MISP
// and STIX JSON, and Zeek's intelligence files. It reads files only and detects
// their format by content.
//
//	list, err := intel.Read("feodo.csv")
//
// Addresses, networks, and addresses with a port become indicators. Domain names
// are counted, because flows without names cannot match them. Anything else in a
// list is an error if the list has no indicator at all, and is counted otherwise.
package intel

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flowbook/flowbook/pkg/detect"
)

// maxSize is the largest list that is read, in bytes.
const maxSize = 256 << 20

// List is a list, and what could not be used of it.
type List struct {
	detect.IntelList
	Skipped int    // entries that are neither addresses nor names
	First   string // of these, the first one and its place
}

// Read reads a list.
func Read(path string) (List, error) {
	info, err := os.Stat(path)
	if err != nil {
		return List{}, err
	}
	if info.Size() > maxSize {
		return List{}, fmt.Errorf("%s: has %d bytes, want at most %d", path, info.Size(), maxSize)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return List{}, err
	}
	l, err := Parse(text)
	if err != nil {
		return List{}, fmt.Errorf("%s: %w", path, err)
	}
	l.Name = filepath.Base(path)
	if l.Date == "" {
		l.Date = info.ModTime().UTC().Format(time.DateOnly)
	}
	return l, nil
}

// Parse reads a list from its text. Name is empty, and Date unless the text
// gives one.
func Parse(text []byte) (List, error) {
	sum := sha256.Sum256(text)
	l := List{IntelList: detect.IntelList{SHA256: hex.EncodeToString(sum[:])}}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	var err error
	switch trimmed := bytes.TrimSpace(text); {
	case len(trimmed) == 0:
		return l, errors.New("is empty")
	case trimmed[0] == '{' || trimmed[0] == '[':
		err = l.json(trimmed)
	case bytes.Contains(text, []byte("#fields\t")):
		err = l.zeek(text)
	default:
		err = l.lines(text)
	}
	if err != nil {
		return l, err
	}
	if len(l.Indicators) == 0 && l.Names == 0 {
		return l, fmt.Errorf("has no address, network or name; first entry: %s", l.First)
	}
	slices.SortFunc(l.Indicators, func(a, b detect.Indicator) int {
		if c := a.Network.Addr().Compare(b.Network.Addr()); c != 0 {
			return c
		}
		return a.Network.Bits() - b.Network.Bits()
	})
	return l, nil
}

var domain = regexp.MustCompile(`^(?i:\*?\.?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)+\.?)$`)

// add adds an entry: an address, a network, an address with a port or a name.
func (l *List) add(entry, note, place string) {
	entry = strings.Trim(strings.TrimSpace(entry), `"'`)
	// Lists are often defanged, so that nobody follows a link.
	entry = strings.NewReplacer("[.]", ".", "(.)", ".", "[:]", ":").Replace(entry)
	if p, port, ok := parseEntry(entry); ok {
		l.Indicators = append(l.Indicators, detect.Indicator{Network: p, Port: port, Note: note})
		return
	}
	if domain.MatchString(entry) {
		l.Names++
		return
	}
	if l.Skipped++; l.Skipped == 1 {
		l.First = fmt.Sprintf("%.60q (%s)", entry, place)
	}
}

func parseEntry(entry string) (netip.Prefix, uint16, bool) {
	if p, err := netip.ParsePrefix(entry); err == nil && p.Bits() > 0 {
		return p.Masked(), 0, true
	}
	if a, err := netip.ParseAddr(entry); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), 0, true
	}
	if ap, err := netip.ParseAddrPort(entry); err == nil && ap.Addr().Zone() == "" {
		a := ap.Addr().Unmap()
		return netip.PrefixFrom(a, a.BitLen()), ap.Port(), true
	}
	return netip.Prefix{}, 0, false
}

var isoDate = regexp.MustCompile(`\d{4}-\d{2}-\d{2}`)

// lines reads a plain list or CSV. Comments begin with # or ;, and the first
// comment with a date says of when the list is.
func (l *List) lines(text []byte) error {
	var body bytes.Buffer
	var places []int
	scanner := bufio.NewScanner(bytes.NewReader(text))
	scanner.Buffer(nil, 1<<20)
	lastComment := ""
	for n := 1; scanner.Scan(); n++ {
		line := strings.TrimSpace(scanner.Text())
		switch {
		case line == "":
		case line[0] == '#' || line[0] == ';' || strings.HasPrefix(line, "//"):
			lastComment = strings.TrimLeft(line, "#;/ ")
			if l.Date == "" {
				l.Date = isoDate.FindString(line)
			}
		default:
			if len(places) == 0 && strings.Count(lastComment, ",") > 0 && strings.Count(lastComment, ",") == strings.Count(line, ",") {
				body.WriteString(lastComment + "\n") // the header of a table in a comment
				places = append(places, n)
			}
			body.WriteString(line + "\n")
			places = append(places, n)
		}
	}
	if err := scanner.Err(); err != nil {
		return err
	}
	comma := ','
	if first, _, _ := strings.Cut(body.String(), "\n"); !strings.Contains(first, ",") {
		for _, c := range []rune{';', '\t'} {
			if strings.ContainsRune(first, c) {
				comma = c
			}
		}
		if comma == ',' {
			for i, line := range strings.Split(strings.TrimSuffix(body.String(), "\n"), "\n") {
				entry, note, _ := strings.Cut(line, " ") // a note may follow
				l.add(entry, strings.Trim(note, " #;"), fmt.Sprintf("line %d", places[i]))
			}
			return nil
		}
	}
	r := csv.NewReader(&body)
	r.Comma, r.FieldsPerRecord, r.LazyQuotes, r.TrimLeadingSpace = comma, -1, true, true
	rows, err := r.ReadAll()
	if err != nil {
		return err
	}
	return l.table(rows, func(i int) string { return fmt.Sprintf("line %d", places[min(i, len(places)-1)]) })
}

// Columns of a table that hold indicators, ports and notes, best first.
var (
	valueColumns = []string{"indicator", "ioc_value", "ioc", "dst_ip", "ip", "ip_address", "address", "cidr", "network", "value", "src_ip", "host", "domain"}
	portColumns  = []string{"dst_port", "port"}
	noteColumns  = []string{"malware", "malware_printable", "threat", "tags", "description", "comment", "note", "category"}
)

// table reads rows, the first of which may be a header.
func (l *List) table(rows [][]string, place func(int) string) error {
	header := map[string]int{}
	for i, name := range rows[0] {
		header[strings.ToLower(strings.Trim(strings.TrimSpace(name), `"# `))] = i
	}
	column := func(names []string) int {
		for _, name := range names {
			if i, ok := header[name]; ok {
				return i
			}
		}
		return -1
	}
	value, port, note := column(valueColumns), column(portColumns), column(noteColumns)
	from := 1
	if value < 0 {
		from, port, note = 0, -1, -1
		value = slices.IndexFunc(rows[0], func(cell string) bool { _, _, ok := parseEntry(strings.TrimSpace(cell)); return ok })
	}
	if value < 0 {
		return fmt.Errorf("no column of the table holds addresses; name one of its columns %s", strings.Join(valueColumns[:6], ", "))
	}
	cell := func(row []string, i int) string {
		if i < 0 || i >= len(row) {
			return ""
		}
		return strings.TrimSpace(row[i])
	}
	for i, row := range rows[from:] {
		before := len(l.Indicators)
		l.add(cell(row, value), cell(row, note), place(i+from))
		if n, err := strconv.ParseUint(cell(row, port), 10, 16); err == nil && len(l.Indicators) > before && l.Indicators[before].Port == 0 {
			l.Indicators[before].Port = uint16(n)
		}
	}
	return nil
}

// zeek reads Zeek's intelligence files.
func (l *List) zeek(text []byte) error {
	var fields []string
	for n, line := range strings.Split(string(text), "\n") {
		line = strings.TrimRight(line, "\r")
		if rest, ok := strings.CutPrefix(line, "#fields\t"); ok {
			fields = strings.Split(rest, "\t")
			continue
		}
		if line == "" || line[0] == '#' || fields == nil {
			continue
		}
		cells := strings.Split(line, "\t")
		of := func(name string) string {
			if i := slices.Index(fields, name); i >= 0 && i < len(cells) && cells[i] != "-" {
				return cells[i]
			}
			return ""
		}
		l.add(of("indicator"), strings.TrimSpace(of("meta.source")+" "+of("meta.desc")), fmt.Sprintf("line %d", n+1))
	}
	if fields == nil {
		return errors.New("has no #fields line")
	}
	return nil
}

// json reads MISP events and feeds, STIX bundles, and lists of strings.
func (l *List) json(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	for {
		var v any
		if err := dec.Decode(&v); err != nil {
			if dec.InputOffset() > 0 && !dec.More() {
				return nil
			}
			return fmt.Errorf("not JSON: %w", err)
		}
		l.value(v, "")
		if !dec.More() {
			return nil
		}
	}
}

// stixValue finds the addresses and names of a STIX pattern.
var stixValue = regexp.MustCompile(`(?:ipv[46]-addr|domain-name):value\s*(?:=|ISSUBSET)\s*'([^']+)'`)

// mispTypes are the types of MISP attributes, and of STIX objects, that hold an
// address or a name.
var mispTypes = []string{"ip-src", "ip-dst", "ip-src|port", "ip-dst|port", "domain", "hostname", "domain|ip", "ipv4-addr", "ipv6-addr", "domain-name"}

func (l *List) value(v any, note string) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			if s, ok := item.(string); ok {
				l.add(s, note, "a JSON array")
			} else {
				l.value(item, note)
			}
		}
	case map[string]any:
		text := func(key string) string { s, _ := v[key].(string); return s }
		for _, key := range []string{"info", "name"} {
			if s := text(key); s != "" {
				note = s
			}
		}
		for _, key := range []string{"date", "modified", "created"} {
			if d := isoDate.FindString(text(key)); d > l.Date {
				l.Date = d
			}
		}
		kind := text("type")
		switch {
		case kind == "indicator" && text("pattern") != "":
			for _, m := range stixValue.FindAllStringSubmatch(text("pattern"), -1) {
				l.add(m[1], note, "a STIX pattern")
			}
			return
		case slices.Contains(mispTypes, kind) && text("value") != "":
			own := note
			if s := text("comment"); s != "" {
				own = s
			}
			entry := text("value")
			if a, port, ok := strings.Cut(entry, "|"); ok {
				if kind == "domain|ip" {
					l.add(port, own, "a MISP attribute")
					entry = a
				} else if addr, err := netip.ParseAddr(a); err == nil {
					if n, err := strconv.ParseUint(port, 10, 16); err == nil {
						entry = netip.AddrPortFrom(addr, uint16(n)).String()
					}
				}
			}
			l.add(entry, own, "a MISP attribute")
			return
		}
		keys := make([]string, 0, len(v))
		for key := range v {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for _, key := range keys {
			switch v[key].(type) {
			case map[string]any:
				l.value(v[key], note)
			case []any:
				if _, strings := firstString(v[key]); !strings || key == "value" || key == "list" || key == "ips" {
					l.value(v[key], note)
				}
			}
		}
	}
}

// firstString says whether a JSON array begins with a string: arrays of objects
// are looked into, and arrays of strings are labels mostly.
func firstString(v any) (string, bool) {
	items, _ := v.([]any)
	if len(items) == 0 {
		return "", false
	}
	s, ok := items[0].(string)
	return s, ok
}
