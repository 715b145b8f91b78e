package ingest

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// nfdumpText decodes the human-readable output of nfdump, whose header line names the
// columns: those of line, long, extended, biline and bilong, or the ones that a user
// chose with fmt:. Between the columns there may be other characters.
type nfdumpText struct {
	in      *lines
	row     rowReader
	columns []nfdumpColumn // nil before the first header
	joined  [3][]byte      // memory of dates and durations of two words as one text
	numbers [4][]byte      // memory of numbers written out
	rounded bool
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

// nfdumpColumn is a column of the text.
type nfdumpColumn struct {
	name  string
	field field // numFields if a flow does not need it
	form  nfdumpForm
	slot  int // of the memory that a value needs
}

// nfdumpForm says how values of a column are written.
type nfdumpForm int

const (
	oneWord    nfdumpForm = iota
	dateTime              // two words
	spanOfTime            // one word, or two if it has days
	scaled                // a number, perhaps with a unit in a word of its own
	withPort              // an address and a port
	anyWords              // words to the end of the line, or none
)

// nfdumpColumns are the columns that a text may have, in the names of versions 1.6
// and 1.7 (output_fmt.c of nfdump).
var nfdumpColumns = append([]nfdumpColumn{
	{"Date first seen (raw)", fieldTime, oneWord, 0}, {"First seen raw", fieldTime, oneWord, 0},
	{"Date last seen (raw)", fieldEnd, oneWord, 0}, {"Last seen raw", fieldEnd, oneWord, 0},
	{"Date flow received (raw)", numFields, oneWord, 0}, {"Received raw", numFields, oneWord, 0},
	{"Date flow received GMT", numFields, dateTime, 2}, {"Date flow received", numFields, dateTime, 2}, {"Event Time", numFields, dateTime, 2}, {"Event time", numFields, dateTime, 2},
	{"Date flow start", fieldTime, dateTime, 0}, {"Date first seen", fieldTime, dateTime, 0}, {"Date last seen", fieldEnd, dateTime, 1},
	{"Duration", fieldDuration, spanOfTime, 2}, {"Proto", fieldProto, oneWord, 0},
	{"Src IP Addr:Port", fieldSrc, withPort, 0}, {"Dst IP Addr:Port", fieldDst, withPort, 0},
	{"Src IP Addr", fieldSrc, oneWord, 0}, {"Dst IP Addr", fieldDst, oneWord, 0}, {"Src Pt", fieldSrcPort, oneWord, 0}, {"Dst Pt", fieldPort, oneWord, 0},
	{"Flags", fieldFlags, oneWord, 0}, {"Router IP", fieldObserver, oneWord, 0},
	{"Packets", fieldUpPackets, scaled, 0}, {"In Pkt", fieldUpPackets, scaled, 0}, {"Out Pkt", fieldDownPackets, scaled, 1},
	{"Bytes", fieldUp, scaled, 2}, {"In Byte", fieldUp, scaled, 2}, {"Out Byte", fieldDown, scaled, 3},
	{"Label", numFields, anyWords, 0}, {"label", numFields, anyWords, 0},
}, unused(scaled, "Flows pps bps Bpp bpp", "Tos STos DTos Input Output Fwd Dir Bfd End Count engine Ver SMask DMask SVlan DVlan SC DC STor DTor SGT Event XEvent Conn-ID XsPort XdPort ICMP-T ICMP-C Frag",
	"Src AS", "Dst AS", "Next AS", "Prev AS", "Exp ID", "Next-hop IP", "BGP next-hop IP", "X-late Src IP", "X-late Dst IP", "X-Src IP Addr:Port", "X-Dst IP Addr:Port", "Src Network", "Dst Network",
	"I-VRF-ID", "E-VRF-ID", "Pb-Start", "Pb-End", "Pb-Step", "Pb-Size", "Flow Flags", "In src MAC Addr", "In dst MAC Addr", "Out src MAC Addr", "Out dst MAC Addr")...)

// unused returns columns that a flow does not need: those of a form, separated by
// blanks, those of one word, and others.
func unused(form nfdumpForm, formed, words string, others ...string) (all []nfdumpColumn) {
	for _, name := range strings.Fields(formed) {
		all = append(all, nfdumpColumn{name, numFields, form, 0})
	}
	for _, name := range append(others, strings.Fields(words)...) {
		all = append(all, nfdumpColumn{name, numFields, oneWord, 0})
	}
	return all
}

// nfdumpQuiet are the columns of the formats that nfdump -q prints without a header,
// by how many words a row has.
var nfdumpQuiet = map[int]string{
	9:  nfdumpStart + "Packets Bytes Flows",                       // line
	11: nfdumpStart + "Flags Tos Packets Bytes Flows",             // long
	14: nfdumpStart + "Flags Tos Packets Bytes pps bps Bpp Flows", // extended
}

const nfdumpStart = "Date first seen Duration Proto Src IP Addr:Port Dst IP Addr:Port "

// isNfdumpText says whether a line is the header, or a row, of a text. A row without a
// header begins with a date or with seconds since 1970.
func isNfdumpText(line []byte) bool {
	return isNfdumpHeader(line) || nfdumpRow.Match(line)
}

var nfdumpRow = regexp.MustCompile(`^(\d{4}-\d\d-\d\d |\d{10}\.).*->`)

func isNfdumpHeader(line []byte) bool {
	return bytes.HasPrefix(line, []byte("Date f")) || bytes.Contains(line, []byte("Src IP Addr")) && bytes.Contains(line, []byte("Dst IP Addr"))
}

func (d *nfdumpText) Read() (Flow, error) {
	for {
		line, whole, err := d.in.next()
		if err != nil {
			return Flow{}, err
		}
		switch {
		case len(bytes.TrimSpace(line)) == 0 || nfdumpTail(line):
		case isNfdumpHeader(line):
			if d.columns, err = nfdumpHeader(string(line)); err != nil {
				return Flow{}, fmt.Errorf("line %d: %w", d.in.n, err)
			}
		default:
			d.row.values, d.rounded = [numFields][]byte{}, false
			if !d.split(line) {
				return Flow{}, d.short(line, whole)
			}
			f, err := joinedFlow(&d.row, d.in.n)
			f.BytesRounded = f.BytesRounded || d.rounded
			return f, err
		}
	}
}

// nfdumpHeader finds the columns that a header names. Users may have changed the number
// of blanks between them.
func nfdumpHeader(line string) (columns []nfdumpColumn, err error) {
	const advice = "print the records with nfdump -o long, -o csv or -o json"
	has := [numFields]bool{}
next:
	for rest := nfdumpSeparated(strings.Join(strings.Fields(line), " ")); rest != ""; rest = nfdumpSeparated(rest) {
		for _, c := range nfdumpColumns {
			after, ok := strings.CutPrefix(rest, c.name)
			if ok && (after == "" || strings.Trim(after[:1], separators) == "") {
				columns, rest = append(columns, c), after
				if c.field < numFields {
					has[c.field] = true
				}
				has[fieldSrcPort] = has[fieldSrcPort] || c.name == "Src IP Addr:Port"
				has[fieldPort] = has[fieldPort] || c.name == "Dst IP Addr:Port"
				continue next
			}
		}
		return nil, fmt.Errorf("the header has a column at %s that is not known: %s", excerpt([]byte(rest)), advice)
	}
	has[fieldTime] = has[fieldTime] || has[fieldEnd] && has[fieldDuration]
	for _, c := range slices.Backward(nfdumpColumns) {
		switch c.field {
		case fieldTime, fieldProto, fieldSrc, fieldSrcPort, fieldDst, fieldPort, fieldUp:
			if !has[c.field] {
				return nil, fmt.Errorf("the header %s has no %s: %s", excerpt([]byte(line)), c.name, advice)
			}
		}
	}
	return columns, nil
}

// separators are the characters between columns.
const separators = " \t,;|"

// nfdumpSeparated skips the characters between columns.
func nfdumpSeparated(s string) string {
	s = strings.TrimLeft(s, separators)
	for _, arrow := range []string{"<->", "->"} {
		s = strings.TrimLeft(strings.TrimPrefix(s, arrow), separators)
	}
	return s
}

func isSeparator(c byte) bool { return c == ' ' || c == '\t' || c == ',' || c == ';' || c == '|' }

// split finds the values of a row, and reports whether it has all of them.
func (d *nfdumpText) split(line []byte) bool {
	var memory [64][]byte
	words := nfdumpWords(memory[:0], line)
	if d.columns == nil {
		header, ok := nfdumpQuiet[len(words)]
		if !ok || !bytes.Contains(line, []byte("->")) {
			return false
		}
		d.columns, _ = nfdumpHeader(header) // which is known
	}
	for i := range d.columns {
		c := &d.columns[i]
		if c.form == anyWords {
			return true
		}
		word, used := d.value(c, words)
		if used == 0 {
			return false
		}
		words = words[used:]
		if c.field < numFields {
			d.row.values[c.field] = word
		}
	}
	return true
}

// value returns the value of a column and how many words it takes, 0 if there are too
// few.
func (d *nfdumpText) value(c *nfdumpColumn, words [][]byte) (word []byte, used int) {
	if len(words) == 0 || c.form == dateTime && len(words) == 1 {
		return nil, 0
	}
	word = words[0]
	switch c.form {
	case dateTime, spanOfTime:
		if c.form == dateTime || len(words) > 1 && len(word) > 1 && word[len(word)-1] == 'd' { // 1d 02:03:04.500
			d.joined[c.slot] = append(append(append(d.joined[c.slot][:0], word...), ' '), words[1]...)
			return d.joined[c.slot], 2
		}
	case scaled:
		unit := float64(0)
		if len(words) > 1 && len(words[1]) == 1 {
			unit = scale(words[1][0])
		}
		if c.field < numFields {
			d.numbers[c.slot] = d.number(d.numbers[c.slot][:0], word, unit)
			word = d.numbers[c.slot]
		}
		if unit > 0 {
			return word, 2
		}
	case withPort:
		port := fieldSrcPort
		if c.field == fieldDst {
			port = fieldPort
		}
		word, d.row.values[port] = addrPort(word)
	}
	return word, 1
}

// nfdumpWords cuts a row into words. It skips arrows, and the colon after the address in
// a format such as %sa:%sp.
func nfdumpWords(words [][]byte, line []byte) [][]byte {
	for len(words) < cap(words) {
		for len(line) > 0 && isSeparator(line[0]) {
			line = line[1:]
		}
		n := 0
		for n < len(line) && !isSeparator(line[n]) {
			n++
		}
		if n == 0 {
			break
		}
		word := line[:n]
		line = line[n:]
		if end := len(word) - 1; end > 0 && word[end] == ':' && word[end-1] != ':' {
			word = word[:end]
		}
		if s := string(word); s != "->" && s != "<->" && s != ":" {
			words = append(words, word)
		}
	}
	return words
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
