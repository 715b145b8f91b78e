package ingest

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/flowbook/flowbook/pkg/flow"
)

// mapKeys are what [Options.Map] can say of a column.
var mapKeys = map[string]field{
	flow.ColTime: fieldTime, flow.ColSrc: fieldSrc, flow.ColDst: fieldDst, flow.ColPort: fieldPort,
	flow.ColProto: fieldProto, flow.ColUp: fieldUp, flow.ColDown: fieldDown,
	"total_bytes": fieldTotal, "end": fieldEnd, "date": fieldDate, "tcp_flags": fieldFlags,
	flow.ColDuration: fieldDuration, flow.ColSrcPort: fieldSrcPort, flow.ColUpPackets: fieldUpPackets, flow.ColDownPackets: fieldDownPackets,
	flow.ColState: fieldState, flow.ColName: fieldName,
}

// byName are the optional columns that a table needs no map for. A duration is
// not among them, since its unit is not certain.
var byName = []string{flow.ColSrcPort, flow.ColUpPackets, flow.ColDownPackets, flow.ColState, flow.ColName, "tcp_flags"}

// MapKeys returns what [Options.Map] can name a column for, sorted: the
// columns of a flow file, with duration in seconds; total_bytes, of both
// directions, for a log without down_bytes; date, for a log with the date and
// the time of day in two columns; end, of the flow; and tcp_flags.
func MapKeys() []string { return slices.Sorted(maps.Keys(mapKeys)) }

// SplitNames returns the names of columns in a text, which separates them by
// spaces or commas.
func SplitNames(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
}

// ParseDelimiter reads a delimiter: one character, or tab. The empty text is 0, for
// a delimiter that is detected.
func ParseDelimiter(text string) (byte, error) {
	switch {
	case text == "":
		return 0, nil
	case text == "tab" || text == `\t`:
		return '\t', nil
	case len(text) == 1 && !strings.ContainsAny(text, "\"\r\n"):
		return text[0], nil
	}
	return 0, fmt.Errorf("%q: is not one character; give one, or tab", text)
}

// row checks the options against a format and returns the row that its files
// begin with.
func (opt Options) row(f Format) (rowReader, error) {
	switch {
	case len(opt.Map) > 0 && !f.takesMap:
		return rowReader{}, fmt.Errorf("--map is only for csv and parquet; the columns of %s logs have standard names", f.Name)
	case len(opt.Map) == 0 && f.takesMap:
		return rowReader{}, fmt.Errorf("missing --map: %s has no standard columns; name them, such as timestamp=Start,src_ip=SourceAddress; the names are %s", f.Name, strings.Join(MapKeys(), ", "))
	case (len(opt.Fields) > 0 || opt.Delimiter != 0) && !f.takesFields:
		return rowReader{}, fmt.Errorf("--fields and --delimiter are only for text with columns, which %s is not", f.Name)
	case opt.Bytes != "" && !f.takesBytes:
		return rowReader{}, fmt.Errorf("--bytes is only for zeek and pcap; %s logs have one kind of byte count", f.Name)
	}
	loc := opt.Location
	if loc == nil {
		loc = time.UTC
	}
	r := newRowReader(clock{loc})
	r.time.log = opt.LogLocation
	r.oneWay = f.oneWay || opt.OneWay
	r.days = opt.Days
	if !opt.Now.IsZero() {
		r.lastDate = Date(floorDiv(opt.Now.Unix(), secondsPerDay)) + 1
	}
	for _, key := range slices.Sorted(maps.Keys(opt.Set)) {
		field, ok := mapKeys[key]
		switch {
		case !ok:
			return rowReader{}, fmt.Errorf("--set: unknown column %q; want one of %s", key, strings.Join(MapKeys(), ", "))
		case opt.Set[key] == "":
			return rowReader{}, fmt.Errorf("--set %s=: has no value; give one, such as %s=VALUE", key, key)
		}
		r.set[field] = []byte(opt.Set[key])
	}
	return r, r.time.set(opt.Time)
}

// withPartitions returns the row of a file whose folders are named as Hive names
// partitions, such as proto=tcp: what they say holds for each of its rows. A
// column of the map may be named so as well.
func (r rowReader) withPartitions(path string, opt Options) rowReader {
	for part := range strings.SplitSeq(filepath.ToSlash(filepath.Dir(path)), "/") {
		name, value, ok := strings.Cut(part, "=")
		if !ok || value == "" || value == "__HIVE_DEFAULT_PARTITION__" {
			continue
		}
		for key, f := range mapKeys {
			if mapped := opt.Map[key]; f != fieldTime && (mapped == name || mapped == "" && key == name && key != "date") {
				if text, err := url.PathUnescape(value); err == nil {
					r.set[f] = []byte(text)
				}
			}
		}
	}
	return r
}

// mappedTable is the table that [Options.Map] describes. What it does not name
// is looked for under the name that a flow file has for it.
func mappedTable(opt Options) (tableSpec, error) {
	spec := tableSpec{
		about:  "a table read with --map",
		mapped: true,
		header: opt.Fields,
		advice: ", or with --fields, and check the names in --map",
		flow:   mappedFlow,
		unset:  []string{"", "-", "NaN", "nan", "NULL", "null", "None", "NA", "N/A", "<NA>"},
		finest: 1e9,

		icmpForm: icmpWritten,
	}
	mapped := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(opt.Map)) {
		if _, ok := mapKeys[key]; !ok {
			return tableSpec{}, fmt.Errorf("--map: unknown column %q of a flow file; want %s", key, strings.Join(MapKeys(), ", "))
		}
		if opt.Map[key] == "" {
			return tableSpec{}, fmt.Errorf("--map: %s= without a column of the log", key)
		}
		if other := mapped[opt.Map[key]]; other != "" {
			return tableSpec{}, fmt.Errorf("--map: column %q is both %s and %s; name it once", opt.Map[key], other, key)
		}
		mapped[opt.Map[key]] = key
		spec.names[mapKeys[key]] = []string{opt.Map[key]}
	}
	needed, err := opt.mappedColumns()
	if err != nil {
		return tableSpec{}, err
	}
	for _, key := range needed {
		f := mapKeys[key]
		spec.names[f] = []string{cmp.Or(opt.Map[key], key)}
		spec.needed = append(spec.needed, f)
	}
	for _, key := range byName {
		if f := mapKeys[key]; spec.names[f] == nil {
			spec.names[f] = []string{key}
		}
	}
	return spec, nil
}

// mappedFlow reads a row whose state is in the words of Flowbook, Zeek or Argus.
func mappedFlow(r *rowReader, line int64) (Flow, error) {
	f, err := r.flow(line)
	if err != nil {
		return f, err
	}
	word := string(r.values[fieldState])
	state, known := zeekStates[word]
	if !known {
		if state, err = flow.ParseState(strings.ToLower(word)); err != nil {
			if state = argusState(f.Proto, word); argusFlags(&f, word) {
				state = flagsState(&f)
			}
		}
	}
	if state != flow.UnknownState {
		f.State = state
	}
	return f, nil
}

// mappedColumns returns the columns that a table must have. The time must be
// mapped, since flow files and logs have times in different units.
func (opt Options) mappedColumns() ([]string, error) {
	needed := slices.DeleteFunc(slices.Clone(flow.Columns[:6]), func(name string) bool { return opt.Set[name] != "" })
	down, total := opt.Map[flow.ColDown] != "", opt.Map["total_bytes"] != ""
	switch {
	case opt.Map[flow.ColTime] == "" && opt.Map["end"] != "" && opt.Map[flow.ColDuration] != "":
		needed = needed[1:] // the start is the end less the duration
	case opt.Map[flow.ColTime] == "":
		return nil, fmt.Errorf("the map of columns has no %s; name the column of the time, such as %s=Start, or those of end and duration", flow.ColTime, flow.ColTime)
	}
	switch {
	case opt.OneWay && (down || total):
		return nil, errors.New("rows of one direction have only up_bytes; leave down_bytes and total_bytes out of the map")
	case down && total:
		return nil, errors.New("the map of columns names both down_bytes and total_bytes; map only one of them (without down_bytes, they are total_bytes less up_bytes)")
	case opt.OneWay:
		return append(needed, "src_port"), nil
	case opt.Set[flow.ColDown] != "":
		return needed, nil
	case total:
		return append(needed, "total_bytes"), nil
	}
	return append(needed, flow.ColDown), nil
}

// refuseText opens a text file if only Parquet is accepted.
func refuseText(in *lines, _ rowReader, _ Options) (decoder, error) {
	if _, err := in.peek(); errors.Is(err, io.EOF) {
		return emptyFile{}, nil
	}
	return nil, errors.New("not a Parquet file; --from csv reads tables of text")
}
