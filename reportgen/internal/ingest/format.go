package ingest

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
)

// Flow is a flow record and the day to whose hours its time refers.
type Flow struct {
	flow.Record
	Date Date
	Line int64 // line number in its file, from 1
	// File is the number of its file among those read, from 0. Of rows that are the
	// same in several files, a [Sorter] keeps those of one.
	File uint16
	// Known says that the row was imported before, as [Options].Known has it.
	Known bool
	// BytesUnknown says that the log gave no byte count for one or both
	// directions; Up or Down is then 0.
	BytesUnknown bool
	// BytesCapped says that the log claims more bytes, in one or both
	// directions, than its packets held; Up or Down is then the bytes of the
	// packets.
	BytesCapped bool
	// Relative says that the log counts times from the start of a capture, so that
	// its first day is 1970-01-01.
	Relative bool
	// BytesRounded says that the log rounds the bytes of a direction, such as
	// to 1.2 M.
	BytesRounded bool
	// Summed says that the row adds up the connections of an interval.
	Summed bool
	// PointGuessed says that a count such as 2.000 is taken for 2, though it may be 2,000.
	PointGuessed bool
	// DetailLost says that a value of an optional column cannot be read.
	DetailLost bool
	// DirectionGuessed says that the log does not know who opened the
	// connection, and that Src and Dst are as [opener] has it.
	DirectionGuessed bool
	// TimeGuessed says that the times are derived from when an exporter sent the record,
	// which does not have them.
	TimeGuessed bool
	// Tunnelled says that the flow is one inside a tunnel, such as VXLAN or GRE, which
	// is not a flow itself.
	Tunnelled bool
	// Sampling says that only one of so many packets was counted. It is 0 if all
	// were.
	Sampling uint32

	// OneWay says that the row describes the packets from Src to Dst only: those
	// from Dst to Src, if there were any, are another row. [Sorter.Pair] joins
	// the two. Opener, Observer and Flags help with that.
	OneWay    bool
	Patient   bool // the next part may come five minutes later, as Azure's do
	Part      bool // the row may be one of several of a connection, of both directions; Pair joins them
	Opener    Opener
	Observer  uint8 // a mark of who saw the row, of several that may see the same; 0 if unknown
	Flags     uint8 // TCP flags of the packets from Src; 0 if unknown
	DownFlags uint8 // TCP flags of the packets from Dst; 0 if unknown
}

// decoder reads the rows of one file.
//
// Read returns the next flow, or
//   - io.EOF at the end of the file,
//   - a *rowError, not wrapped, if one row is left out: the next Read goes on
//     with the row after it, and may overwrite the error,
//   - any other error, which names the line, if the rest of the file cannot be
//     read.
type decoder interface {
	Read() (Flow, error)
}

// Format is a kind of log.
type Format struct {
	// Name is what the format is asked for by, such as "zeek".
	Name string
	// About says in one line what the format is.
	About string
	// Wants says whether a file of this name, found in a folder, is a log of
	// this format. Files that are named one by one are always read.
	Wants func(base string) bool
	// Wanted describes, for messages, the names that Wants accepts.
	Wanted string

	takesMap    bool // it takes Options.Map
	takesFields bool // it takes Options.Fields and Options.Delimiter
	takesBytes  bool // it takes Options.Bytes
	oneWay      bool // its rows describe one direction only
	whole       bool // its flows depend on where the file ends
	oneLog      bool // a file holds one log, so that one of other records only is refused
	// open begins to read a log of lines.
	open func(*lines, rowReader, Options) (decoder, error)
	// table, where the format is also written as Parquet, says which columns of
	// a table a flow needs.
	table func(Options) (tableSpec, error)
}

var formats = map[string]Format{
	"zeek": {
		Name:   "zeek",
		About:  "Zeek's connection log (conn.log), as TSV, JSON lines, CSV or Parquet",
		Wants:  isZeekConnLog,
		Wanted: "conn.log, conn.*.log, conn_<date>.log, each also as .gz or .json",
		open:   openZeek,
		table:  zeekTable,

		takesBytes: true,
		oneLog:     true,
	},
	"binetflow": {
		Name:        "binetflow",
		About:       "bidirectional flows of Argus (binetflow, ra), delimited by commas, tabs or other characters",
		Wants:       hasExtension("binetflow", "biargus", "csv", "tsv"),
		Wanted:      "*.binetflow, *.biargus, *.csv, *.tsv",
		takesFields: true,
		open:        openTable(binetflowTable),
	},
	"nfdump": {
		Name:   "nfdump",
		About:  "files of nfcapd (nfdump 1.6 and 1.7), and output of nfdump as text, CSV or JSON",
		Wants:  isNfdump,
		Wanted: "*.txt, *.csv, *.json, *.nfdump, nfcapd.*",
		oneWay: true,
		open:   openNfdump,
	},
	"netflow": {
		Name:   "netflow",
		About:  "NetFlow v5, v9 and IPFIX, in captures of what exporters send or in IPFIX files",
		Wants:  hasExtension("pcap", "pcapng", "cap", "ipfix"),
		Wanted: "*.pcap, *.pcapng, *.cap, *.ipfix",
		oneWay: true,
		open:   openExports,
	},
	"eve": {
		Name:   "eve",
		About:  "flow events of Suricata's EVE log (eve.json)",
		Wants:  isEVE,
		Wanted: "eve.json, eve-*.json, *.eve.json, *.suricata.json",
		open:   openEVE("flow"),
	},
	"eve-netflow": {
		Name:   "eve-netflow",
		About:  "netflow events of Suricata's EVE log (eve.json)",
		Wants:  isEVE,
		Wanted: "eve.json, eve-*.json, *.eve.json, *.suricata.json",
		oneWay: true,
		open:   openEVE("netflow"),
	},
	"vpc": {
		Name:        "vpc",
		About:       "AWS VPC flow logs in the default or a custom format, as text or Parquet",
		Wants:       hasExtension("log", "txt", "parquet"),
		Wanted:      "*.log, *.txt, *.parquet",
		takesFields: true,
		oneWay:      true,
		open:        openTable(vpcTable),
		table:       vpcTable,
	},
	"ecs": {
		Name:   "ecs",
		About:  "events of the Elastic Common Schema, as JSON, or as CSV of Kibana",
		Wants:  hasExtension("json", "ndjson", "jsonl", "log", "csv"),
		Wanted: "*.json, *.ndjson, *.jsonl, *.log, *.csv",
		open:   openECS,
		table:  ecsTable,
	},
	"azure": {
		Name:   "azure",
		About:  "flow logs of Azure, of network security groups or virtual networks, and traffic analytics",
		Wants:  hasExtension("json", "csv"),
		Wanted: "*.json, *.csv",
		open:   openAzure,
	},
	"gcp": {
		Name:   "gcp",
		About:  "VPC flow logs of Google Cloud, as Cloud Logging exports them",
		Wants:  hasExtension("json", "ndjson", "jsonl", "log"),
		Wanted: "*.json, *.ndjson, *.jsonl, *.log",
		oneWay: true,
		open:   openGCP,
	},
	"oci": {
		Name:   "oci",
		About:  "VCN flow logs of Oracle Cloud, as JSON",
		Wants:  hasExtension("json", "ndjson", "jsonl", "log"),
		Wanted: "*.json, *.ndjson, *.jsonl, *.log",
		oneWay: true,
		open:   openOCI,
	},
	"ocsf": {
		Name:   "ocsf",
		About:  "network activity of the Open Cybersecurity Schema Framework, as JSON",
		Wants:  hasExtension("json", "ndjson", "jsonl"),
		Wanted: "*.json, *.ndjson, *.jsonl",
		open:   openOCSF,
	},
	"fortinet": {
		Name:   "fortinet",
		About:  "traffic logs of Fortinet's FortiGate, key=value",
		Wants:  hasExtension("log", "txt"),
		Wanted: "*.log, *.txt",
		open:   openKeyValues(&fortinetSpec),
	},
	"paloalto": {
		Name:        "paloalto",
		About:       "traffic logs of Palo Alto Networks' PAN-OS, CSV as in syslog",
		Wants:       hasExtension("log", "csv", "txt"),
		Wanted:      "*.log, *.csv, *.txt",
		takesFields: true,
		open:        openTable(paloAltoTable),
	},
	"cef": {
		Name:   "cef",
		About:  "traffic events in CEF (of Palo Alto Networks, Fortinet and Check Point) or LEEF",
		Wants:  hasExtension("log", "txt", "cef", "leef"),
		Wanted: "*.log, *.txt, *.cef, *.leef",
		open:   openKeyValues(&cefSpec),
	},
	"juniper": {
		Name:   "juniper",
		About:  "sessions of Juniper's SRX (RT_FLOW) in structured syslog",
		Wants:  hasExtension("log", "txt"),
		Wanted: "*.log, *.txt",
		open:   openKeyValues(&juniperSpec),
	},
	"collector": {
		Name:        "collector",
		About:       "records of GoFlow2, Akvorado, pmacct, Logstash, nProbe or ntopng, as JSON, CSV or Parquet",
		Wants:       hasExtension("json", "ndjson", "jsonl", "csv", "log", "parquet"),
		Wanted:      "*.json, *.ndjson, *.jsonl, *.csv, *.log, *.parquet",
		takesFields: true,
		open:        openTable(collectorTable),
		table:       collectorTable,
	},
	"silk": {
		Name:        "silk",
		About:       "output of SiLK's rwcut",
		Wants:       hasExtension("txt", "rwcut", "csv"),
		Wanted:      "*.txt, *.rwcut, *.csv",
		takesFields: true,
		oneWay:      true,
		open:        openTable(silkTable),
	},
	"cicflowmeter": {
		Name:        "cicflowmeter",
		About:       "CSV of CICFlowMeter",
		Wants:       hasExtension("csv"),
		Wanted:      "*.csv",
		takesFields: true,
		open:        openTable(cicTable),
		table:       cicTable,
	},
	"ugr16": {
		Name:        "ugr16",
		About:       "CSV of the UGR'16 data",
		Wants:       hasExtension("csv"),
		Wanted:      "*.csv",
		takesFields: true,
		oneWay:      true,
		open:        openTable(ugrTable),
	},
	"pcap": {
		Name:   "pcap",
		About:  "packet captures, pcap or pcapng, split into connections the way Zeek does",
		Wants:  hasExtension("pcap", "pcapng", "cap"),
		Wanted: "*.pcap, *.pcapng, *.cap",
		open:   openCapture,
		whole:  true,

		takesBytes: true,
	},
	"csv": {
		Name:        "csv",
		About:       "any table as CSV or JSON objects; --map names its columns",
		Wants:       hasExtension("csv", "tsv", "txt", "json", "ndjson", "jsonl"),
		Wanted:      "*.csv, *.tsv, *.txt, *.json, *.ndjson, *.jsonl",
		takesMap:    true,
		takesFields: true,
		open:        openTable(mappedTable),
		table:       mappedTable,
	},
	"parquet": {
		Name:     "parquet",
		About:    "any table as Parquet; --map names its columns",
		Wants:    hasExtension("parquet", "parq", "pq"),
		Wanted:   "*.parquet, *.parq, *.pq",
		takesMap: true,
		open:     refuseText,
		table:    mappedTable,
	},
}

// packed are the extensions of files that are unpacked in reading.
var packed = []string{".gz", ".zst", ".bz2", ".xz"}

// hasExtension returns a function that says whether a file has one of the
// extensions, packed or not.
func hasExtension(extensions ...string) func(base string) bool {
	return func(base string) bool {
		base = strings.ToLower(base)
		for _, p := range packed {
			base = strings.TrimSuffix(base, p)
		}
		return slices.Contains(extensions, strings.TrimPrefix(filepath.Ext(base), "."))
	}
}

// Formats returns the names of all formats, sorted.
func Formats() []string {
	return slices.Sorted(maps.Keys(formats))
}

// FormatList lists the formats with what each is, one a line, for help texts.
func FormatList() string {
	var b strings.Builder
	for _, name := range Formats() {
		fmt.Fprintf(&b, "  %-12s %s\n", name, formats[name].About)
	}
	return b.String()
}

// Lookup returns the format of the given name. The error of an unknown name
// lists the known ones.
func Lookup(name string) (Format, error) {
	f, ok := formats[name]
	if !ok {
		return Format{}, fmt.Errorf("unknown format %q; want %s", name, strings.Join(Formats(), ", "))
	}
	return f, nil
}
