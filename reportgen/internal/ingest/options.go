package ingest

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
)

// mapKeys are what [Options.Map] can say of a column.
var mapKeys = map[string]field{
	flow.ColTime: fieldTime, flow.ColSrc: fieldSrc, flow.ColDst: fieldDst, flow.ColPort: fieldPort,
	flow.ColProto: fieldProto, flow.ColUp: fieldUp, flow.ColDown: fieldDown,
	"total_bytes": fieldTotal, "src_port": fieldSrcPort, "end": fieldEnd, "duration": fieldDuration,
}

// MapKeys returns what [Options.Map] can name a column for, sorted: the
// columns of a flow file; total_bytes, of both directions, where a log has no
// down_bytes; and src_port, end, and duration in seconds, which help to join
// the two directions of a connection.
func MapKeys() []string { return slices.Sorted(maps.Keys(mapKeys)) }

// row checks the options against a format and returns the row that its files
// begin with.
func (opt Options) row(f Format) (rowReader, error) {
	switch {
	case len(opt.Map) > 0 && !f.takesMap:
		return rowReader{}, fmt.Errorf("a map of columns is for csv and parquet; %s logs name their columns themselves", f.Name)
	case len(opt.Map) == 0 && f.takesMap:
		return rowReader{}, fmt.Errorf("%s needs a map of columns, such as timestamp=Start,src_ip=SourceAddress; it can name %s", f.Name, strings.Join(MapKeys(), ", "))
	case (len(opt.Fields) > 0 || opt.Delimiter != 0) && !f.takesFields:
		return rowReader{}, fmt.Errorf("names of columns and a delimiter are for texts with columns; %s is not told by them", f.Name)
	case opt.Bytes != "" && opt.Bytes != PayloadBytes && opt.Bytes != IPBytes:
		return rowReader{}, fmt.Errorf("bytes %q are of no known kind; known are %s and %s", opt.Bytes, PayloadBytes, IPBytes)
	case opt.Bytes != "" && !f.takesBytes:
		return rowReader{}, fmt.Errorf("the kind of bytes is a choice for zeek logs; %s logs tell one kind", f.Name)
	}
	loc := opt.Location
	if loc == nil {
		loc = time.UTC
	}
	r := newRowReader(clock{loc})
	r.time.log = opt.LogLocation
	r.oneWay = f.oneWay || opt.OneWay
	return r, r.time.set(opt.Time)
}

// mappedTable is the table that [Options.Map] describes. What it does not name
// is looked for under the name that a flow file has for it.
func mappedTable(opt Options) (tableSpec, error) {
	spec := tableSpec{
		about:  "a table with the columns mapped",
		header: opt.Fields,
		advice: ", or --fields; --map says which is which",
		unset:  []string{"", "-", "NaN", "nan", "NULL", "null", "None", "NA", "N/A", "<NA>"},
		finest: 1e9,
	}
	for _, key := range slices.Sorted(maps.Keys(opt.Map)) {
		if _, ok := mapKeys[key]; !ok {
			return tableSpec{}, fmt.Errorf("a map of columns cannot name %q; it can name %s", key, strings.Join(MapKeys(), ", "))
		}
		if opt.Map[key] == "" {
			return tableSpec{}, fmt.Errorf("the map of columns names no column for %s", key)
		}
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
	return spec, nil
}

// mappedColumns are the columns that a table must have. The time must be
// mapped, since that of a flow file is told in another unit than logs have.
func (opt Options) mappedColumns() ([]string, error) {
	needed := slices.Clone(flow.Columns[:6])
	down, total := opt.Map[flow.ColDown] != "", opt.Map["total_bytes"] != ""
	switch {
	case opt.Map[flow.ColTime] == "":
		return nil, fmt.Errorf("the map of columns has no %s; name the column of the time, such as %s=Start", flow.ColTime, flow.ColTime)
	case opt.OneWay && (down || total):
		return nil, errors.New("rows of one direction have only up_bytes; leave down_bytes and total_bytes out of the map")
	case down && total:
		return nil, errors.New("the map of columns names both down_bytes and total_bytes; up_bytes are subtracted from the latter where the former are not told")
	case opt.OneWay:
		return append(needed, "src_port"), nil
	case total:
		return append(needed, "total_bytes"), nil
	}
	return append(needed, flow.ColDown), nil
}

// refuseText is the opening of a text where only Parquet will do.
func refuseText(in *lines, _ rowReader, _ Options) (Decoder, error) {
	if _, err := in.peek(); errors.Is(err, io.EOF) {
		return emptyFile{}, nil
	}
	return nil, errors.New("is no Parquet file; --from csv reads tables of text")
}
