package ingest

import (
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
		return rowReader{}, fmt.Errorf("%s needs a map of columns, such as src_ip=SourceAddress; it can name %s", f.Name, strings.Join(MapKeys(), ", "))
	case (len(opt.Fields) > 0 || opt.Delimiter != 0) && !f.takesFields:
		return rowReader{}, fmt.Errorf("names of columns and a delimiter are for texts with columns; %s is not told by them", f.Name)
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

// mappedTable is the table that [Options.Map] describes.
func mappedTable(opt Options) (tableSpec, error) {
	spec := tableSpec{
		about:  "a table with the columns mapped",
		header: opt.Fields,
		advice: ", or --fields",
		unset:  []string{"", "-", "NaN", "nan", "NULL", "null", "None", "NA", "N/A", "<NA>"},
		finest: 1e9,
	}
	for _, key := range slices.Sorted(maps.Keys(opt.Map)) {
		f, ok := mapKeys[key]
		if !ok {
			return tableSpec{}, fmt.Errorf("a map of columns cannot name %q; it can name %s", key, strings.Join(MapKeys(), ", "))
		}
		if opt.Map[key] == "" {
			return tableSpec{}, fmt.Errorf("the map of columns names no column for %s", key)
		}
		spec.names[f] = []string{opt.Map[key]}
		spec.needed = append(spec.needed, f)
	}
	needed := slices.Clone(flow.Columns[:6])
	if opt.OneWay {
		needed = append(needed, "src_port")
	}
	for _, key := range needed {
		if opt.Map[key] == "" {
			return tableSpec{}, fmt.Errorf("the map of columns has no %s; a flow needs %s", key, strings.Join(needed, ", "))
		}
	}
	down, total := opt.Map[flow.ColDown] != "", opt.Map["total_bytes"] != ""
	switch {
	case opt.OneWay && (down || total):
		return tableSpec{}, errors.New("rows of one direction have only up_bytes; leave down_bytes and total_bytes out of the map")
	case !opt.OneWay && down == total:
		return tableSpec{}, errors.New("the map of columns needs either down_bytes or total_bytes, from which up_bytes are subtracted; " +
			"where each row tells one direction of a connection, say so (one-way) and name src_port")
	}
	return spec, nil
}

// refuseText is the opening of a text where only Parquet will do.
func refuseText(in *lines, _ rowReader, _ Options) (Decoder, error) {
	if _, err := in.peek(); errors.Is(err, io.EOF) {
		return emptyFile{}, nil
	}
	return nil, errors.New("is no Parquet file; --from csv reads tables of text")
}
