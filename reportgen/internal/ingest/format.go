package ingest

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/valyala/fastjson"
)

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

	// What a log of this format is recognised by, if --from does not name it: a line; sets of
	// words in the line with the names of columns, in lower case; a JSON object, whose text is
	// the last argument. Formats without these need --from. See [Detect].
	line    func([]byte) bool
	columns [][]string
	object  func(*fastjson.Value, []byte) bool

	// open begins to read a log of lines.
	open func(*lines, rowReader, Options) (decoder, error)
	// table, where the format is also written as Parquet, says which columns of
	// a table a flow needs.
	table func(Options) (tableSpec, error)
}

// formats are all formats, in the order in which a log is compared with them.
var formats = []Format{
	{
		Name:   "cef",
		About:  "traffic events in CEF (of Palo Alto Networks, Fortinet and Check Point) or LEEF",
		Wants:  hasExtension("log", "txt", "cef", "leef"),
		Wanted: "*.log, *.txt, *.cef, *.leef",
		line:   cefLine.Match,
		open:   openKeyValues(&cefSpec),
	},
	{
		Name:   "juniper",
		About:  "sessions of Juniper's SRX (RT_FLOW) in structured syslog",
		Wants:  hasExtension("log", "txt"),
		Wanted: "*.log, *.txt",
		line:   juniperLine.Match,
		open:   openKeyValues(&juniperSpec),
	},
	{
		Name:   "fortinet",
		About:  "traffic logs of Fortinet's FortiGate, key=value, or the same as CSV or JSON",
		Wants:  hasExtension("log", "txt", "csv", "json", "ndjson", "jsonl"),
		Wanted: "*.log, *.txt, *.csv, *.json, *.ndjson, *.jsonl",
		line:   fortinetLine.Match,
		object: func(v *fastjson.Value, _ []byte) bool {
			return v.Exists("srcip") && v.Exists("dstip") && (v.Exists("logid") || v.Exists("devid"))
		},
		open: openKeyValues(&fortinetSpec),
	},
	{
		Name:        "paloalto",
		About:       "traffic logs of Palo Alto Networks' PAN-OS, in the CSV form of syslog, or CSV and JSON of its log service",
		Wants:       hasExtension("log", "csv", "txt", "json", "ndjson", "jsonl"),
		Wanted:      "*.log, *.csv, *.txt, *.json, *.ndjson, *.jsonl",
		line:        paloAltoLine.Match,
		columns:     [][]string{{"source address", "destination address", "bytes sent"}, {"sourceaddress", "destinationaddress", "bytessent", "sessionstarttime"}},
		takesFields: true,
		open:        openTable(paloAltoTable),
	},
	{
		Name:    "gcp",
		About:   "VPC flow logs of Google Cloud, as Cloud Logging exports them",
		Wants:   hasExtension("json", "ndjson", "jsonl", "log", "csv"),
		Wanted:  "*.json, *.ndjson, *.jsonl, *.log, *.csv",
		columns: [][]string{{"connection.src_ip", "connection.dest_ip", "bytes_sent"}},
		object: func(v *fastjson.Value, _ []byte) bool {
			return v.Exists("connection", "src_ip") || v.Exists("connection", "dest_ip")
		},
		oneWay: true,
		open:   openGCP,
	},
	{
		Name:    "azure",
		About:   "flow logs of Azure's network security groups and virtual networks, and traffic analytics",
		Wants:   hasExtension("json", "csv"),
		Wanted:  "*.json, *.csv",
		columns: [][]string{{"srcip", "destip", "destport", "l4protocol", "flowstarttime"}},
		object:  func(_ *fastjson.Value, text []byte) bool { return isAzure(text) },
		open:    openAzure,
	},
	{
		Name:   "oci",
		About:  "VCN flow logs of Oracle Cloud, as JSON",
		Wants:  hasExtension("json", "ndjson", "jsonl", "log"),
		Wanted: "*.json, *.ndjson, *.jsonl, *.log",
		object: func(v *fastjson.Value, _ []byte) bool {
			return v.Exists("logContent", "data", "sourceAddress") || v.Exists("data", "sourceAddress") && v.Exists("data", "bytesOut")
		},
		oneWay: true,
		open:   openOCI,
	},
	{
		Name:   "eve",
		About:  "flow events of Suricata's EVE log (eve.json)",
		Wants:  isEVE,
		Wanted: "eve.json, eve-*.json, *.eve.json, *.suricata.json",
		object: isEVEEvent("flow"),
		open:   openEVE("flow"),
	},
	{
		Name:   "eve-netflow",
		About:  "netflow events of Suricata's EVE log (eve.json)",
		Wants:  isEVE,
		Wanted: "eve.json, eve-*.json, *.eve.json, *.suricata.json",
		object: isEVEEvent("netflow"),
		oneWay: true,
		open:   openEVE("netflow"),
	},
	{
		Name:    "ocsf",
		About:   "network activity of the Open Cybersecurity Schema Framework, as JSON or Parquet",
		Wants:   hasExtension("json", "ndjson", "jsonl", "parquet"),
		Wanted:  "*.json, *.ndjson, *.jsonl, *.parquet",
		columns: [][]string{{"class_uid", "src_endpoint.ip", "dst_endpoint.ip"}},
		object:  func(v *fastjson.Value, _ []byte) bool { return v.Exists("class_uid") },
		open:    openOCSF,
		table:   ocsfTable,
	},
	{
		Name:    "nfdump",
		About:   "files of nfcapd (nfdump 1.6 and 1.7), and output of nfdump as text, CSV or JSON",
		Wants:   isNfdump,
		Wanted:  "*.txt, *.csv, *.json, *.nfdump, nfcapd.*",
		line:    func(line []byte) bool { return nfdumpPiped.Match(line) || isNfdumpText(line) },
		columns: [][]string{{"ts,te,td,sa,da"}, {"firstseen", "srcaddr", "dstaddr"}},
		object:  func(v *fastjson.Value, _ []byte) bool { return has(v, "src4_addr") || has(v, "src6_addr") },
		oneWay:  true,
		open:    openNfdump,
	},
	{
		Name:   "collector",
		About:  "records of GoFlow2, Akvorado, pmacct, Logstash, nProbe, ntopng or IPFIXcol2, as JSON, CSV or Parquet",
		Wants:  hasExtension("json", "ndjson", "jsonl", "csv", "log", "parquet"),
		Wanted: "*.json, *.ndjson, *.jsonl, *.csv, *.log, *.parquet",
		columns: [][]string{
			{"ipv4_src_addr", "ipv4_dst_addr"}, {"sourceipv4address", "destinationipv4address"}, {"sourceipv6address", "destinationipv6address"}, {"time_flow_start", "src_addr", "dst_addr"},
			{"time_received", "src_addr", "dst_addr"}, {"timereceived", "srcaddr", "dstaddr"}, {"ip_src", "ip_dst", "bytes"}, {"src_ip", "dst_ip", "timestamp_start", "bytes"},
		},
		object: func(v *fastjson.Value, _ []byte) bool {
			return has(v, "netflow", "ipv4_src_addr") || has(v, "netflow", "ipv6_src_addr")
		},
		takesFields: true,
		open:        openTable(collectorTable),
		table:       collectorTable,
	},
	{
		Name:    "ecs",
		About:   "events of the Elastic Common Schema, as JSON, or as CSV that Kibana exported",
		Wants:   hasExtension("json", "ndjson", "jsonl", "log", "csv"),
		Wanted:  "*.json, *.ndjson, *.jsonl, *.log, *.csv",
		columns: [][]string{{"source.ip", "destination.ip", "@timestamp"}},
		object:  func(v *fastjson.Value, _ []byte) bool { return isECS(v) },
		open:    openECS,
		table:   ecsTable,
	},
	{
		Name:    "zeek",
		About:   "Zeek's connection log (conn.log), as TSV, JSON lines, CSV or Parquet",
		Wants:   isZeekConnLog,
		Wanted:  "conn.log, conn.*.log, conn_<date>.log, each also as .gz or .json",
		columns: [][]string{{"orig_h", "resp_h", "orig_bytes", "proto"}, {"src_ip", "dst_ip", "src_bytes", "dst_bytes", "conn_state"}},
		object:  isZeekObject,
		open:    openZeek,
		table:   zeekTable,

		takesBytes: true,
		oneLog:     true,
	},
	{
		Name:        "silk",
		About:       "output of SiLK's rwcut",
		Wants:       hasExtension("txt", "rwcut", "csv"),
		Wanted:      "*.txt, *.rwcut, *.csv",
		line:        silkLine.Match,
		columns:     [][]string{{"sip", "dip", "sport", "stime"}, {"sip|", "dip|"}},
		takesFields: true,
		oneWay:      true,
		open:        openTable(silkTable),
	},
	{
		Name:        "binetflow",
		About:       "bidirectional flows of Argus (binetflow, ra), delimited by commas, tabs or other characters",
		Wants:       hasExtension("binetflow", "biargus", "csv", "tsv"),
		Wanted:      "*.binetflow, *.biargus, *.csv, *.tsv",
		columns:     [][]string{{"starttime", "srcaddr", "dstaddr"}, {"stime", "saddr", "daddr"}, {"stime", "srcip", "dstip", "sbytes"}},
		takesFields: true,
		open:        openTable(binetflowTable),
	},
	{
		Name:        "vpc",
		About:       "AWS VPC flow logs in the default or a custom format, as text or Parquet",
		Wants:       hasExtension("log", "txt", "parquet"),
		Wanted:      "*.log, *.txt, *.parquet",
		line:        vpcLine.Match,
		columns:     [][]string{{"srcaddr", "dstaddr", "protocol", "start"}, {"sourceaddress", "destinationaddress", "protocol", "numbytes"}},
		takesFields: true,
		oneWay:      true,
		open:        openTable(vpcTable),
		table:       vpcTable,
	},
	{
		Name:        "cicflowmeter",
		About:       "CSV of CICFlowMeter",
		Wants:       hasExtension("csv"),
		Wanted:      "*.csv",
		columns:     [][]string{{"fwd pkt", "flow duration"}, {"fwd packet", "flow duration"}, {"tot_fwd_pkts", "flow_duration"}},
		takesFields: true,
		open:        openTable(cicTable),
		table:       cicTable,
	},
	{
		Name:        "nfstream",
		About:       "CSV of NFStream",
		Wants:       hasExtension("csv", "parquet"),
		Wanted:      "*.csv, *.parquet",
		columns:     [][]string{{"src2dst_bytes", "dst2src_bytes", "bidirectional_first_seen_ms"}},
		takesFields: true,
		open:        openTable(nfstreamTable),
		table:       nfstreamTable,
	},
	{
		Name:        "ugr16",
		About:       "CSV of the UGR'16 data",
		Wants:       hasExtension("csv"),
		Wanted:      "*.csv",
		line:        ugrLine.Match,
		takesFields: true,
		oneWay:      true,
		open:        openTable(ugrTable),
	},
	{
		Name:   "netflow",
		About:  "NetFlow v5, v9 and IPFIX, in captures of what exporters send or in IPFIX files",
		Wants:  hasExtension("pcap", "pcapng", "cap", "ipfix"),
		Wanted: "*.pcap, *.pcapng, *.cap, *.ipfix",
		oneWay: true,
		open:   openExports,
	},
	{
		Name:   "pcap",
		About:  "packet captures, pcap or pcapng, split into connections the way Zeek does",
		Wants:  hasExtension("pcap", "pcapng", "cap"),
		Wanted: "*.pcap, *.pcapng, *.cap",
		open:   openCapture,
		whole:  true,

		takesBytes: true,
	},
	{
		Name:        "csv",
		About:       "any table as CSV or JSON objects; --map names its columns",
		Wants:       hasExtension("csv", "tsv", "txt", "json", "ndjson", "jsonl"),
		Wanted:      "*.csv, *.tsv, *.txt, *.json, *.ndjson, *.jsonl",
		takesMap:    true,
		takesFields: true,
		open:        openTable(mappedTable),
		table:       mappedTable,
	},
	{
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
	var names []string
	for i := range formats {
		names = append(names, formats[i].Name)
	}
	slices.Sort(names)
	return names
}

// FormatList lists the formats with what each is, one a line, for help texts.
func FormatList() string {
	var b strings.Builder
	for _, name := range Formats() {
		fmt.Fprintf(&b, "  %-12s %s\n", name, formatOf(name).About)
	}
	return b.String()
}

// Lookup returns the format of the given name. The error of an unknown name
// lists the known ones.
func Lookup(name string) (Format, error) {
	f := formatOf(name)
	if f.Name == "" {
		return f, fmt.Errorf("unknown format %q; want %s", name, strings.Join(Formats(), ", "))
	}
	return f, nil
}

// formatOf returns the format of a name, or the zero Format.
func formatOf(name string) Format {
	i := slices.IndexFunc(formats, func(f Format) bool { return f.Name == name })
	if i < 0 {
		return Format{}
	}
	return formats[i]
}
