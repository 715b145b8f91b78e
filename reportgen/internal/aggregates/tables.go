package aggregates

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// The tables of aggregates.
const (
	Conversations = "conversations"
	HalfHours     = "half_hours"
	Largest       = "largest"
	Rejected      = "rejected"
	sources       = "sources"
)

// UnusedProtocol is the reason of the table rejected for flows of protocols that
// profiles leave out.
const UnusedProtocol = "protocol"

// The columns of conversations, in the order in which they are read.
const (
	cSrc = iota
	cDst
	cProto
	cPort
	cFlows
	cUp
	cDown
	cMaxUp
	cMaxDown
	cFirst
	cLast
	cSeconds
	cSecondFlows
	cSizes
	cSizeFlows
	cSizesRounded
	cDurations
	cDurationFlows
	cDurationsRounded
	cLongest
	cLasted
	cPacketFlows
	cUpPackets
	cDownPackets
	cNames
	cNameFlows
	cStates // and one for each further state
)

// columns are the columns of each table.
var columns = map[string][]flowfile.RecordColumn{
	Conversations: {
		text("src_ip"), text("dst_ip"), number("proto"), number("port"), number("flows"), number("up_bytes"), number("down_bytes"),
		number("max_up_bytes"), number("max_down_bytes"), number("first"), number("last"),
		list("seconds"), list("second_flows"), list("sizes"), list("size_flows"), number("sizes_rounded"),
		maybe(list("durations")), maybe(list("duration_flows")), maybe(number("durations_rounded")), maybe(number("longest")),
		maybe(number("lasted")), maybe(number("packet_flows")), maybe(number("up_packets")), maybe(number("down_packets")),
		{Name: "names", IsText: true, IsList: true, Missing: true}, maybe(list("name_flows")),
		maybe(number("established")), maybe(number("refused")), maybe(number("unanswered")), maybe(number("reset")),
		maybe(number("open")), maybe(number("other")),
	},
	HalfHours: {text("src_ip"), number("half_hour"), number("flows"), number("up_bytes"), number("down_bytes")},
	Largest: {
		text("src_ip"), text("dst_ip"), number("proto"), number("port"), number("timestamp"), number("up_bytes"), number("down_bytes"),
	},
	Rejected: {text("reason"), text("column"), number("rows"), maybe(text("file")), maybe(number("row")), maybe(text("value"))},
	sources:  {text("name"), text("sha256"), number("rows")},
}

func text(name string) flowfile.RecordColumn {
	return flowfile.RecordColumn{Name: name, IsText: true}
}
func number(name string) flowfile.RecordColumn { return flowfile.RecordColumn{Name: name} }
func list(name string) flowfile.RecordColumn {
	return flowfile.RecordColumn{Name: name, IsList: true}
}

func maybe(c flowfile.RecordColumn) flowfile.RecordColumn {
	c.Missing = true
	return c
}

// errNoTable is the error of a folder without a table.
var errNoTable = errors.New("no such table; make it with the statements of reportgen profile --sql")

// filesOf returns the files of a table in a folder.
func filesOf(dir, table string) (files []string, err error) {
	path := filepath.Join(dir, table+".parquet")
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		return []string{path}, nil
	}
	for _, folder := range []string{filepath.Join(dir, table), path} {
		if files, err := filesIn(folder); len(files) > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
			return files, err
		}
	}
	if _, err := os.Stat(dir); err != nil {
		return nil, err
	}
	if table == Rejected || table == sources {
		return nil, nil
	}
	return nil, fmt.Errorf("%s: %s: %w", dir, table, errNoTable)
}

// filesIn returns the Parquet files in the folder of a table. Trino and Athena write files
// without an extension, or with that of gzip: then all files count, except those with the
// names of hidden files.
func filesIn(folder string) (named []string, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var others []string
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		switch {
		case e.IsDir() || strings.HasPrefix(e.Name(), ".") || strings.HasPrefix(e.Name(), "_"):
		case strings.HasSuffix(e.Name(), ".parquet"):
			named = append(named, path)
		default:
			others = append(others, path)
		}
	}
	if len(named) > 0 {
		return named, nil
	}
	return others, nil
}
