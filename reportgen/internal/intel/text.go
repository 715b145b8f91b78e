package intel

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
)

// dateInComment finds the date of a list in the comments before its first
// indicator.
var dateInComment = regexp.MustCompile(`\b(\d{4}-\d{2}-\d{2})\b`)

func (l *List) dateFrom(comment string) {
	if m := dateInComment.FindString(comment); m != "" && l.Date == "" && len(l.Indicators) == 0 {
		if _, err := time.Parse(time.DateOnly, m); err == nil {
			l.Date = m
		}
	}
}

// readPlain reads an indicator a line. What follows # or ; is its note.
func (l *List) readPlain(text []byte) error {
	return lines(text, func(_ int, line string) error {
		value, note := line, ""
		if i := strings.IndexAny(line, "#;"); i >= 0 {
			value, note = line[:i], line[i+1:]
		}
		if strings.TrimSpace(value) == "" {
			l.dateFrom(note)
			return nil
		}
		err := l.addLine(value, note)
		if err != nil && len(l.Indicators) == 0 && strings.ContainsAny(line, ",\t|") {
			err = fmt.Errorf("%w; if this is a table, begin it with the names of its columns, such as ip,port,note", err)
		}
		return err
	})
}

// columns are the places of the columns of a CSV file; -1 if there is none.
type columns struct {
	value, port, note, kind int
	toIDs                   int // of MISP: whether the indicator is meant for detection
	width                   int
	separator               rune
}

// csvColumns reads the header of a CSV file. It is nil if the text has none.
func csvColumns(text []byte) *columns {
	for line := range strings.Lines(string(text[:min(len(text), 64<<10)])) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") && !strings.Contains(line, ",") {
			continue
		}
		for _, separator := range ",;\t|" {
			names := strings.Split(strings.ToLower(strings.TrimLeft(line, "# ")), string(separator))
			for i, n := range names {
				names[i] = strings.Trim(strings.TrimSpace(n), `"`)
			}
			at := func(known ...string) int {
				return slices.IndexFunc(names, func(n string) bool { return slices.Contains(known, n) })
			}
			c := columns{value: at("indicator", "ioc", "ioc_value", "value", "observable", "ip", "ip_address", "dst_ip", "dstip", "address", "network", "cidr", "domain", "name", "host", "hostname"),
				port: at("port", "dst_port", "dstport"), note: at("note", "description", "comment", "tags", "malware", "threat"), kind: at("type", "ioc_type", "indicator_type", "indicator type"),
				toIDs: at("to_ids"), width: len(names), separator: separator}
			if c.value >= 0 || c.port >= 0 && len(names) > 1 {
				return &c
			}
		}
		if !strings.HasPrefix(line, "#") {
			return nil
		}
	}
	return nil
}

// readCSV reads rows under a header.
func (l *List) readCSV(text []byte, c *columns) error {
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.TrimLeadingSpace = c.separator, -1, true
	r.LazyQuotes = true // headers in comments have quotes after the #
	header := false
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		line, _ := r.FieldPos(0)
		if strings.HasPrefix(row[0], "#") && len(row) != c.width || len(row) == 1 && strings.TrimSpace(row[0]) == "" {
			l.dateFrom(strings.Join(row, " "))
			continue
		}
		if !header {
			header = true
			continue
		}
		if len(row) != c.width {
			return fmt.Errorf("line %d: %d columns; the header has %d", line, len(row), c.width)
		}
		if err := l.addRow(row, c); err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
}

func (l *List) addRow(row []string, c *columns) error {
	at := func(i int) string {
		if i < 0 {
			return ""
		}
		return strings.TrimSpace(row[i])
	}
	value, port, kind := at(c.value), at(c.port), strings.ToLower(at(c.kind))
	switch {
	case at(c.toIDs) == "0" || strings.EqualFold(at(c.toIDs), "false"):
		l.LeftOut[reasonContext]++
		return nil
	case value == "" && port == "":
		return errors.New("the row has no indicator")
	case value == "":
		if !strings.Contains(port, "/") {
			port += "/tcp"
		}
		value, port = port, ""
	}
	if addr, p, ok := strings.Cut(value, "|"); ok && port == "" { // MISP's ip-dst|port
		value, port = addr, p
	}
	err := l.add(endpoint(value, port), at(c.note), time.Time{})
	if err != nil && kind != "" && !addressKind.MatchString(kind) {
		l.LeftOut[reasonOther]++
		return nil
	}
	return err
}

// addressKind matches the types of indicators that must be addresses, networks, ports
// or names.
var addressKind = regexp.MustCompile(`\b(?:ip|ipv4|ipv6|addr|address|cidr|network|subnet|domain|host|hostname|fqdn|port)\b`)

// readZeek reads a file of Zeek's intelligence framework.
func (l *List) readZeek(text []byte) error {
	value, kind, note := -1, -1, -1
	width := 0
	return lines(text, func(_ int, line string) error {
		if names, ok := strings.CutPrefix(line, "#fields\t"); ok {
			fields := strings.Split(names, "\t")
			width = len(fields)
			value, kind, note = slices.Index(fields, "indicator"), slices.Index(fields, "indicator_type"), slices.Index(fields, "meta.desc")
			if value < 0 || kind < 0 {
				return errors.New("the fields do not include indicator and indicator_type")
			}
			return nil
		}
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			l.dateFrom(line)
			return nil
		}
		fields := strings.Split(line, "\t")
		if value < 0 {
			return errors.New("an indicator before #fields")
		}
		if len(fields) != width {
			return fmt.Errorf("%d fields; #fields names %d", len(fields), width)
		}
		about := ""
		if note >= 0 && fields[note] != "-" {
			about = fields[note]
		}
		switch fields[kind] {
		case "Intel::ADDR", "Intel::SUBNET", "Intel::DOMAIN":
			return l.add(fields[value], about, time.Time{})
		}
		if !strings.HasPrefix(fields[kind], "Intel::") {
			return fmt.Errorf("unknown indicator_type %q", fields[kind])
		}
		l.LeftOut[reasonOther]++
		return nil
	})
}
