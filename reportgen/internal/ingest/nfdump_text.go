package ingest

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// nfdumpText decodes the human-readable output of nfdump: a date, a duration, a
// protocol, two addresses with an arrow between them, and then the columns that
// the header line names.
type nfdumpText struct {
	in      *lines
	row     rowReader
	columns []string // after the addresses; nil before the first header
	time    []byte   // memory of date and time as one text
	lasted  []byte   // memory of a duration of days as one text
	// memory of numbers written out
	up, down, upPackets, downPackets []byte
	rounded                          bool
}

var nfdumpNames = [numFields]string{
	fieldTime: "date first seen", fieldDuration: "duration", fieldProto: "proto",
	fieldSrc: "source address", fieldSrcPort: "source port", fieldDst: "destination address", fieldPort: "destination port",
	fieldUp: "bytes", fieldDown: "bytes out",
}

// named returns the row with names for its fields.
func (r rowReader) named(names [numFields]string) rowReader {
	r.names = names
	return r
}

// nfdumpColumns are the columns that may follow the addresses.
var nfdumpColumns = []string{
	"Flags", "Tos", "Packets", "Bytes", "Flows", "pps", "bps", "Bpp", "Out Pkt", "In Pkt", "Out Byte", "In Byte", "Label", "label",
}

// The columns of the formats that nfdump -q prints without a header, by how
// many they are.
var nfdumpQuiet = map[int][]string{
	3: {"Packets", "Bytes", "Flows"},                                      // line
	5: {"Flags", "Tos", "Packets", "Bytes", "Flows"},                      // long
	8: {"Flags", "Tos", "Packets", "Bytes", "pps", "bps", "Bpp", "Flows"}, // extended
}

// isNfdumpText says whether a line is the header, or a row, of a text.
func isNfdumpText(line []byte) bool {
	return bytes.HasPrefix(line, []byte("Date ")) || bytes.Contains(line, []byte("->")) || bytes.Contains(line, []byte("<->"))
}

func (d *nfdumpText) Read() (Flow, error) {
	for {
		line, whole, err := d.in.next()
		if err != nil {
			return Flow{}, err
		}
		switch {
		case len(bytes.TrimSpace(line)) == 0 || nfdumpTail(line):
		case bytes.HasPrefix(line, []byte("Date ")):
			if err := d.header(string(line)); err != nil {
				return Flow{}, fmt.Errorf("line %d: %w", d.in.n, err)
			}
		default:
			d.row.values, d.rounded = [numFields][]byte{}, false
			if bad := d.split(line, whole); bad != nil {
				return Flow{}, bad
			}
			f, err := joinedFlow(&d.row, d.in.n)
			f.BytesRounded = f.BytesRounded || d.rounded
			return f, err
		}
	}
}

// header finds the columns that follow the addresses. Users may have changed the
// number of blanks between them.
func (d *nfdumpText) header(line string) error {
	_, rest, ok := strings.Cut(strings.Join(strings.Fields(line), " "), "Dst IP Addr:Port")
	if !ok {
		return fmt.Errorf("the header %s has no Dst IP Addr:Port: print the records with nfdump -o long or -o csv", excerpt([]byte(line)))
	}
	d.columns = nil
next:
	for rest = strings.TrimSpace(rest); rest != ""; rest = strings.TrimSpace(rest) {
		for _, name := range nfdumpColumns {
			if after, ok := strings.CutPrefix(rest, name); ok && (after == "" || after[0] == ' ') {
				d.columns, rest = append(d.columns, name), after
				continue next
			}
		}
		return fmt.Errorf("the header has a column at %s that is not known: print the records with nfdump -o long or -o csv", excerpt([]byte(rest)))
	}
	return nil
}

// split finds the values of a row.
func (d *nfdumpText) split(line []byte, whole bool) error {
	var words [32][]byte
	n := 0
	for w := range bytes.FieldsSeq(line) {
		if n == len(words) {
			break
		}
		words[n], n = w, n+1
	}
	if n > 3 && len(words[2]) > 1 && words[2][len(words[2])-1] == 'd' { // 1d 02:03:04.500
		d.lasted = append(append(append(d.lasted[:0], words[2]...), ' '), words[3]...)
		words[2] = d.lasted
		n--
		copy(words[3:n], words[4:])
	}
	const addresses = 7 // date, time, duration, protocol, source, arrow, destination
	if n < addresses || !bytes.Equal(words[5], []byte("->")) && !bytes.Equal(words[5], []byte("<->")) {
		return d.short(line, whole)
	}
	d.time = append(append(append(d.time[:0], words[0]...), ' '), words[1]...)
	v := &d.row.values
	v[fieldTime], v[fieldDuration], v[fieldProto] = d.time, words[2], words[3]
	v[fieldSrc], v[fieldSrcPort] = addrPort(words[4])
	v[fieldDst], v[fieldPort] = addrPort(words[6])
	if d.columns == nil {
		columns, ok := nfdumpQuiet[n-addresses]
		if !ok {
			return d.short(line, whole)
		}
		d.columns = columns
	}
	return d.counts(words[addresses:n], line, whole)
}

// counts finds the bytes among the words after the addresses. In bytes are
// those of the record itself, from source to destination, and out bytes those
// of the answer.
func (d *nfdumpText) counts(words [][]byte, line []byte, whole bool) error {
	v := &d.row.values
	for _, column := range d.columns {
		if len(words) == 0 {
			if strings.EqualFold(column, "label") { // a row need have none
				break
			}
			return d.short(line, whole)
		}
		word := words[0]
		words = words[1:]
		unit := float64(0)
		if len(words) > 0 && len(words[0]) == 1 {
			if unit = scale(words[0][0]); unit > 0 {
				words = words[1:]
			}
		}
		switch column {
		case "Flags":
			v[fieldFlags] = word
		case "Packets", "In Pkt":
			d.upPackets = d.number(d.upPackets[:0], word, unit)
			v[fieldUpPackets] = d.upPackets
		case "Out Pkt":
			d.downPackets = d.number(d.downPackets[:0], word, unit)
			v[fieldDownPackets] = d.downPackets
		case "Bytes", "In Byte":
			d.up = d.number(d.up[:0], word, unit)
			v[fieldUp] = d.up
		case "Out Byte":
			d.down = d.number(d.down[:0], word, unit)
			v[fieldDown] = d.down
		}
	}
	return nil
}

// scale is the factor of a unit letter, and 0 of any other. nfdump scales by
// thousands.
func scale(unit byte) float64 {
	switch unit {
	case 'K':
		return 1e3
	case 'M':
		return 1e6
	case 'G':
		return 1e9
	case 'T':
		return 1e12
	}
	return 0
}

// number writes out a number that may be rounded to a unit, as in 1.2 M. It copies
// any other word unchanged, so that the error shows the original text.
func (d *nfdumpText) number(b, word []byte, unit float64) []byte {
	x, err := strconv.ParseFloat(string(word), 64)
	if unit == 0 || err != nil || x < 0 || x*unit > math.MaxInt64/2 {
		return append(b, word...)
	}
	d.rounded = true
	return strconv.AppendInt(b, int64(math.Round(x*unit)), 10)
}

// addrPort cuts address and port, between which nfdump puts a colon after
// IPv4 and a point after IPv6.
func addrPort(word []byte) (addr, port []byte) {
	// The labelled CTU data have two ports after the IPv4 addresses of IGMP.
	if before, after, ok := bytes.Cut(word, []byte(":")); ok && bytes.IndexByte(before, '.') > 0 {
		port, _, _ = bytes.Cut(after, []byte(":"))
		return before, port
	}
	by := byte(':')
	if bytes.Count(word, []byte(":")) > 1 && bytes.LastIndexByte(word, '.') > bytes.LastIndexByte(word, ':') {
		by = '.'
	}
	i := bytes.LastIndexByte(word, by)
	if i < 0 {
		return word, nil
	}
	return word[:i], word[i+1:]
}

// short is the error of a row that is not as the header has it.
func (d *nfdumpText) short(line []byte, whole bool) error {
	if !whole {
		return d.row.leaveOut(d.in.n, cutOff, excerpt(line)+" has no line end: the log is truncated, or was being written")
	}
	return d.row.leaveOut(d.in.n, fieldCount, excerpt(line))
}
