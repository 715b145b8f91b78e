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
				if folder && !formatOf(name).Wants(filepath.Base(file)) {
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
		return formatOf(names[0]), nil
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
				return formatOf("parquet"), nil
			}
		}
	}
	return formatOf("csv"), nil
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
	if name, _ := sniffLine([]byte(strings.Join(t.Columns(), ","))); name != "" && formatOf(name).table != nil {
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
	vpcLine      = regexp.MustCompile(`^(\S+T\S+ (\S+ )?)?[2-9] (\d{12}|unknown|-) eni-\S+ `)
	paloAltoLine = regexp.MustCompile(`(^|\s)\S+,"?\d{4}/\d\d/\d\d \d\d:\d\d:\d\d"?,[^,]*,"?TRAFFIC"?,`)
	fortinetLine = regexp.MustCompile(`(^|[\s,"])(devid|logid|eventtime)=.*\bsrcip=`)
	silkLine     = regexp.MustCompile(`^\s*[\da-fA-F.:]+\|\s*[\da-fA-F.:]+\|\s*\d+\|\s*\d+\|\s*\d+\|\s*\d+\|\s*\d+\|[FSRPAUEC ]*\|\d{4}/\d\d/\d\dT`)
	ugrLine      = regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,[\d.]+,[^,]+,[^,]+,\d+,\d+,[A-Z0-9-]+,[.A-Z]{6},\d+,\d+,\d+,\d+(,|$)`)
)

// sniffLine returns the format of a line, and whether it is known that the log is
// of that format, or of none.
func sniffLine(line []byte) (name string, done bool) {
	text := strings.ToLower(string(line))
	switch {
	case strings.TrimSpace(text) == "":
		return "", false
	case strings.HasPrefix(text, "#path"):
		if !strings.HasSuffix(strings.TrimSpace(text), "conn") {
			return "", true
		}
		return "zeek", true
	case strings.HasPrefix(text, "#fields"):
		if name := sniffColumns(text); name == "zeek" {
			return name, true
		}
		return "", true
	case strings.HasPrefix(text, "#"):
		return "", false
	}
	objects := line
	for range 4 { // text before the object may have braces too
		i := bytes.IndexByte(objects, '{')
		if i < 0 {
			break
		}
		if name := sniffObject(objects[i:]); name != "" {
			return name, true
		}
		objects = objects[i+1:]
	}
	for i := range formats {
		if formats[i].line != nil && formats[i].line(line) {
			return formats[i].Name, true
		}
	}
	if bytes.IndexByte(line, '{') >= 0 {
		return "", false
	}
	name = sniffColumns(text)
	return name, name != ""
}

// sniffColumns returns the format of a table by the names of its columns, in lower
// case, or "".
func sniffColumns(line string) string {
	for i := range formats {
		for _, columns := range formats[i].columns {
			if !slices.ContainsFunc(columns, func(column string) bool { return !strings.Contains(line, column) }) {
				return formats[i].Name
			}
		}
	}
	return ""
}

// unwrapObject returns the object that exports put in another one.
func unwrapObject(v *fastjson.Value) *fastjson.Value {
	for _, wrapper := range append(slices.Clone(commonWrappers), "zeek", "conn", "suricata", "eve", "fields", "fortinet", "fgt") {
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

// isZeekObject reports whether an object is a row of Zeek's connection log.
func isZeekObject(v *fastjson.Value, _ []byte) bool {
	return (has(v, "id", "orig_h") || v.Exists("id_orig_h")) && slices.ContainsFunc(zeekConnOnly, func(key string) bool { return v.Exists(key) })
}

// isEVEEvent returns a function that reports whether an object is an event of EVE of a kind.
func isEVEEvent(kind string) func(*fastjson.Value, []byte) bool {
	return func(v *fastjson.Value, _ []byte) bool { return string(v.GetStringBytes("event_type")) == kind }
}

// has reports whether an object has a value at a path, of objects or of one key with dots.
func has(v *fastjson.Value, path ...string) bool {
	return v.Exists(path...) || v.Exists(strings.Join(path, "."))
}

// sniffObject returns the format of a JSON object, or "".
func sniffObject(text []byte) string {
	v, err := fastjson.ParseBytes(text)
	if err != nil || v.Type() != fastjson.TypeObject {
		return ""
	}
	v = unwrapObject(v)
	for i := range formats {
		if formats[i].object != nil && formats[i].object(v, text) {
			return formats[i].Name
		}
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
