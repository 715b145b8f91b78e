package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/valyala/fastjson"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// Detect returns the format of logs by the content of their files. Files in folders
// are ignored if their format is unknown, or if they do not have a usual name of their
// format where others do; a file named in paths must have a known
// format. If the logs have several formats, the error names the format of each
// file.
func Detect(paths []string, opt Options) (Format, error) {
	if len(opt.Map) > 0 {
		return detectTable(paths)
	}
	// A file of each format, and one of those that have no usual name of their format.
	found, unusual := map[string]string{}, map[string]string{}
	for _, path := range paths {
		if path == stdin {
			return Format{}, errors.New("standard input: its format cannot be detected; name it with --from")
		}
		files, folder, err := filesOf(path)
		if err != nil {
			return Format{}, err
		}
		for _, file := range files {
			name, err := sniff(file)
			switch {
			case err != nil && !folder:
				return Format{}, fmt.Errorf("%s: %w", file, err)
			case name == "" && !folder:
				return Format{}, fmt.Errorf("%s: %s", file, unknownFormat(file))
			case err == nil && name != "":
				into := found
				if folder && !formats[name].Wants(filepath.Base(file)) {
					into = unusual
				}
				if _, ok := into[name]; !ok {
					into[name] = file
				}
			}
		}
	}
	if len(found) == 0 {
		found = unusual
	}
	names := slices.Sorted(maps.Keys(found))
	switch len(names) {
	case 0:
		return Format{}, fmt.Errorf("%s: no file is a log of a known format; name the format with --from, which can be %s", strings.Join(paths, ", "), strings.Join(Formats(), ", "))
	case 1:
		return formats[names[0]], nil
	}
	var each []string
	for _, name := range names {
		each = append(each, found[name]+" is "+name)
	}
	return Format{}, fmt.Errorf("the logs are of several formats (%s); name one with --from", strings.Join(each, ", "))
}

// detectTable returns the format of tables whose columns are mapped.
func detectTable(paths []string) (Format, error) {
	for _, path := range paths {
		files, _, err := filesOf(path)
		if err != nil {
			return Format{}, err
		}
		for _, file := range files {
			if start, err := startOf(file); err == nil && bytes.HasPrefix(start, []byte("PAR1")) {
				return formats["parquet"], nil
			}
		}
	}
	return formats["csv"], nil
}

// filesOf returns a file, or the files below a folder.
func filesOf(path string) (files []string, folder bool, err error) {
	if path == stdin {
		return nil, false, nil
	}
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return []string{path}, false, err
	}
	_, files, err = walk(Format{Wants: func(string) bool { return false }}, path)
	slices.Sort(files)
	return files, true, err
}

// startOf returns the first bytes of a file.
func startOf(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, 16)
	n, err := io.ReadFull(f, b)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	return b[:n], nil
}

// sniffed is how many lines of a file are looked at.
const sniffed = 50

// sniff returns the name of the format of a file, or "" if it is not known.
func sniff(file string) (string, error) {
	start, err := startOf(file)
	if err != nil {
		return "", err
	}
	if bytes.HasPrefix(start, []byte("PAR1")) {
		return sniffParquet(file)
	}
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	in, err := newLines(f)
	if err != nil {
		return "", err
	}
	defer in.Close()
	if start, _ := in.r.Peek(20); isCapture(start) {
		if exportsIn(in.r) {
			return "netflow", nil
		}
		return "pcap", nil
	} else if isIPFIX(start) {
		return "netflow", nil
	} else if isNfcapd(start) {
		return "nfdump", nil
	}
	if _, err := in.peek(); err != nil {
		return "", nil // the format of an empty or corrupt file is unknown
	}
	first, whole, err := in.firstPart()
	if err != nil {
		return "", err
	}
	if isDocument(first, whole) {
		return sniffDocument(in), nil
	}
	if carryingColumn(first) >= 0 {
		if in, err = unwrapped(in); err != nil {
			return "", err
		}
	}
	likely := "" // what the log is if no line says more
	for range sniffed {
		line, _, err := in.next()
		if err != nil {
			return likely, nil // the end, or an error before a line that decides
		}
		if name, done := sniffLine(line); done {
			return name, nil
		}
		if bytes.Contains(line, []byte(`"event_type":`)) { // of EVE, without a flow so far
			likely = "eve"
		}
	}
	return likely, nil
}

// sniffParquet returns the format of a Parquet file by the names of its columns.
func sniffParquet(file string) (string, error) {
	t, err := flowfile.OpenTable(file)
	if err != nil {
		return "", err
	}
	defer t.Close()
	if name, _ := sniffLine([]byte(strings.Join(t.Columns(), ","))); name != "" && formats[name].table != nil {
		return name, nil
	}
	if !slices.ContainsFunc(flow.Columns, func(name string) bool { return !slices.Contains(t.Columns(), name) }) {
		return "", errors.New("is a flow file, which all other commands read; it needs no import")
	}
	return "", errors.New("is a Parquet file; name its columns with --map")
}

// sniffDocument looks at the records of a JSON document.
func sniffDocument(in *lines) string {
	s := newJSONStream(in)
	for range sniffed {
		text, err := s.next()
		if err != nil {
			return ""
		}
		if name := sniffObject(text); name != "" {
			return name
		}
	}
	return ""
}

var (
	vpcLine  = regexp.MustCompile(`^(\S+T\S+ (\S+ )?)?[2-9] (\d{12}|unknown|-) eni-\S+ `)
	panLine  = regexp.MustCompile(`(^|\s)\S+,"?\d{4}/\d\d/\d\d \d\d:\d\d:\d\d"?,[^,]*,"?TRAFFIC"?,`)
	fortLine = regexp.MustCompile(`(^|\s|,)(devid|logid|eventtime)=.*\bsrcip=`)
	ugrLine  = regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,[\d.]+,[^,]+,[^,]+,\d+,\d+,[A-Z0-9-]+,[.A-Z]{6},\d+,\d+,\d+,\d+(,|$)`)
)

// sniffLine returns the format of a line, and whether it is known that the log is
// of that format, or of none.
func sniffLine(line []byte) (name string, done bool) {
	text := string(line)
	has := hasColumns(text)
	switch {
	case strings.TrimSpace(text) == "":
		return "", false
	case strings.HasPrefix(text, "#path"):
		if !strings.HasSuffix(strings.TrimSpace(text), "conn") {
			return "", true
		}
		return "zeek", true
	case strings.HasPrefix(text, "#fields"):
		if has("orig_h", "resp_h", "orig_bytes", "proto") {
			return "zeek", true
		}
		return "", true
	case strings.HasPrefix(text, "#"):
		return "", false
	case cefLine.Match(line):
		return "cef", true
	case juniperLine.Match(line):
		return "juniper", true
	case bytes.IndexByte(line, '{') >= 0:
		for range 4 { // text before the object may have braces too
			i := bytes.IndexByte(line, '{')
			if i < 0 {
				break
			}
			if name := sniffObject(line[i:]); name != "" {
				return name, true
			}
			line = line[i+1:]
		}
		return "", false
	case vpcLine.MatchString(text):
		return "vpc", true
	case panLine.MatchString(text):
		return "paloalto", true
	case fortLine.MatchString(text):
		return "fortinet", true
	case nfdumpPiped.Match(line):
		return "nfdump", true
	case ugrLine.MatchString(text):
		return "ugr16", true
	}
	name = sniffColumns(text)
	return name, name != ""
}

// hasColumns returns a function that reports whether a line has all of some names, in
// any case.
func hasColumns(line string) func(columns ...string) bool {
	line = strings.ToLower(line)
	return func(columns ...string) bool {
		return !slices.ContainsFunc(columns, func(column string) bool { return !strings.Contains(line, column) })
	}
}

// sniffColumns returns the format of a table by the names of its columns, or "".
func sniffColumns(line string) string {
	has := hasColumns(line)
	switch {
	case has("orig_h", "resp_h", "orig_bytes", "proto"), has("src_ip", "dst_ip", "src_bytes", "dst_bytes", "conn_state"):
		return "zeek"
	case has("source.ip", "destination.ip", "@timestamp"):
		return "ecs"
	case isNfdumpText([]byte(line)), has("ts,te,td,sa,da"), has("firstseen", "srcaddr", "dstaddr"):
		return "nfdump"
	case has("sip", "dip", "sport", "stime"), has("sip|", "dip|"):
		return "silk"
	case has("starttime", "srcaddr", "dstaddr"), has("stime", "saddr", "daddr"), has("stime", "srcip", "dstip", "sbytes"):
		return "binetflow"
	case has("ipv4_src_addr", "ipv4_dst_addr"), has("sourceipv4address", "destinationipv4address"), has("time_flow_start", "src_addr", "dst_addr"),
		has("time_received", "src_addr", "dst_addr"), has("timereceived", "srcaddr", "dstaddr"), has("ip_src", "ip_dst", "bytes"), has("src_ip", "dst_ip", "timestamp_start", "bytes"):
		return "collector"
	case has("srcip", "destip", "destport", "l4protocol", "flowstarttime"):
		return "azure"
	case has("srcaddr", "dstaddr", "protocol", "start"), has("sourceaddress", "destinationaddress", "protocol", "numbytes"):
		return "vpc"
	case has("fwd pkt", "flow duration"), has("fwd packet", "flow duration"):
		return "cicflowmeter"
	case has("source address", "destination address", "bytes sent"):
		return "paloalto"
	}
	return ""
}

// unwrapObject returns the object that exports put in another one.
func unwrapObject(v *fastjson.Value) *fastjson.Value {
	for _, wrapper := range append(slices.Clone(commonWrappers), "zeek", "conn", "suricata", "eve", "fields") {
		inner := v.Get(wrapper)
		if inner != nil && inner.Type() == fastjson.TypeObject && !isECS(v) && (wrapper != "fields" || isECS(inner)) {
			v = inner
		}
	}
	return v
}

// isECS reports whether an object is an event of ECS about two hosts.
func isECS(v *fastjson.Value) bool {
	return v.Exists("@timestamp") && (v.Exists("source", "ip") || v.Exists("source.ip") || v.Exists("client", "ip") || v.Exists("client.ip"))
}

// sniffCloud returns the cloud whose flow log an object is of, or "".
func sniffCloud(v *fastjson.Value, text []byte) string {
	switch {
	case v.Exists("connection", "src_ip"), v.Exists("connection", "dest_ip"):
		return "gcp"
	case isAzure(text):
		return "azure"
	case v.Exists("logContent", "data", "sourceAddress"), v.Exists("data", "sourceAddress") && v.Exists("data", "bytesOut"):
		return "oci"
	}
	return ""
}

// sniffObject returns the format of a JSON object, or "".
func sniffObject(text []byte) string {
	v, err := fastjson.ParseBytes(text)
	if err != nil || v.Type() != fastjson.TypeObject {
		return ""
	}
	v = unwrapObject(v)
	has := func(path ...string) bool { return v.Exists(path...) || v.Exists(strings.Join(path, ".")) }
	if name := sniffCloud(v, text); name != "" {
		return name
	}
	switch {
	case string(v.GetStringBytes("event_type")) == "flow":
		return "eve"
	case string(v.GetStringBytes("event_type")) == "netflow":
		return "eve-netflow"
	case v.Exists("class_uid"):
		return "ocsf"
	case has("src4_addr") || has("src6_addr"):
		return "nfdump"
	case has("netflow", "ipv4_src_addr") || has("netflow", "ipv6_src_addr"):
		return "collector"
	case isECS(v):
		return "ecs"
	case (has("id", "orig_h") || v.Exists("id_orig_h")) && slices.ContainsFunc(zeekConnOnly, func(key string) bool { return v.Exists(key) }):
		return "zeek"
	}
	if line := carriedLine(v); len(line) > 0 {
		name, _ := sniffLine(line)
		return name
	}
	var keys []string // of a table written as objects
	v.GetObject().Visit(func(key []byte, _ *fastjson.Value) { keys = append(keys, strings.ReplaceAll(string(key), "{", "")) })
	name, _ := sniffLine([]byte(strings.Join(keys, ",")))
	return name
}
