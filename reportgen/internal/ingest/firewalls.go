package ingest

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
)

// keyValues decodes logs of Fortinet's firewalls: key=value pairs, some in quotes.
type keyValues struct {
	in     *lines
	row    rowReader
	values map[string][]byte // of the line
	joined []byte
}

// fortinetInterim ends the identifiers of reports of sessions that go on.
const fortinetInterim = "000020"

var fortinetNames = [numFields]string{
	fieldEnd: "eventtime or date", fieldTime: "eventtime or date", fieldDuration: "duration", fieldProto: "proto", fieldSrc: "srcip", fieldSrcPort: "srcport",
	fieldDst: "dstip", fieldPort: "dstport", fieldUp: "sentbyte", fieldDown: "rcvdbyte", fieldUpPackets: "sentpkt", fieldDownPackets: "rcvdpkt",
	fieldName: "hostname",
}

// openFortinet opens a traffic log of Fortinet. Its times are those at which a
// session ended.
func openFortinet(in *lines, r rowReader, _ Options) (decoder, error) {
	in, err := unwrapped(in)
	if err != nil {
		return nil, err
	}
	if _, err := in.peek(); errors.Is(err, io.EOF) {
		return emptyFile{}, nil
	} else if err != nil {
		return nil, err
	}
	first, err := in.first()
	if err != nil {
		return nil, err
	}
	if !bytes.Contains(first, []byte("=")) {
		return nil, errors.New("line 1: has no key=value: this is not a log of Fortinet")
	}
	r.time.finest = 1e9
	return &keyValues{in: in, row: r.named(fortinetNames), values: map[string][]byte{}}, nil
}

func (d *keyValues) Read() (Flow, error) {
	for {
		line, whole, err := d.in.next()
		if err != nil {
			return Flow{}, err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		clear(d.values)
		if d.split(line); !whole && d.values["rcvdbyte"] == nil {
			return Flow{}, d.row.leaveOut(d.in.n, cutOff, excerpt(line)+" has no line end: the log is truncated, or was being written")
		}
		return d.flow()
	}
}

// split finds the pairs of a line.
func (d *keyValues) split(line []byte) {
	for len(line) > 0 {
		i := bytes.IndexByte(line, '=')
		if i < 0 {
			return
		}
		key := line[bytes.LastIndexAny(line[:i], " ,\t|;>")+1 : i]
		line = line[i+1:]
		end := bytes.IndexAny(line, " ,\t")
		if len(line) > 0 && line[0] == '"' {
			if end = bytes.IndexByte(line[1:], '"'); end >= 0 {
				d.values[string(key)], line = line[1:1+end], line[end+2:]
				continue
			}
		}
		if end < 0 {
			end = len(line)
		}
		d.values[string(key)], line = line[:end], line[end:]
	}
}

func (d *keyValues) flow() (Flow, error) {
	r, kv := &d.row, d.values
	switch kind := kv["type"]; {
	case len(kind) > 0 && string(kind) != "traffic":
		return Flow{}, r.leaveOut(d.in.n, otherLog, "type "+excerpt(kind))
	case bytes.HasSuffix(kv["logid"], []byte(fortinetInterim)):
		return Flow{}, r.leaveOut(d.in.n, interim, "logid "+string(kv["logid"]))
	}
	v := &r.values
	*v = [numFields][]byte{}
	for f, name := range fortinetNames {
		if name != "" {
			v[f] = kv[name]
		}
	}
	if v[fieldEnd] = kv["eventtime"]; v[fieldEnd] == nil && kv["date"] != nil {
		d.joined = append(append(append(d.joined[:0], kv["date"]...), ' '), kv["time"]...)
		if tz := kv["tz"]; tz != nil {
			d.joined = append(append(d.joined, ' '), zoneOf(tz)...)
		}
		v[fieldEnd] = d.joined
	}
	v[fieldTime] = nil
	if v[fieldDuration] == nil {
		v[fieldDuration] = []byte("0")
	}
	f, err := r.flow(d.in.n)
	if err != nil {
		return f, err
	}
	switch action := string(kv["action"]); action {
	case "deny", "blocked":
		f.State = flow.Refused
	case "client-rst", "server-rst":
		f.State = flow.Reset
	case "close":
		f.State = flow.Established
	case "timeout", "accept":
		if f.State = flow.Open; f.DownPackets == 0 && f.Down == 0 {
			f.State = flow.Unanswered
		}
	}
	return f, nil
}

// zoneOf returns the offset in a time zone such as UTC+2:00 in two digits of hours, as
// other logs write it.
func zoneOf(tz []byte) []byte {
	for _, name := range []string{"UTC", "GMT"} {
		offset, named := bytes.CutPrefix(tz, []byte(name))
		if named && len(offset) >= 2 && (len(offset) == 2 || offset[2] == ':') { // a sign and one digit
			return append([]byte{offset[0], '0'}, offset[1:]...)
		}
		if named && len(offset) > 0 {
			return offset
		}
	}
	return tz
}

// paloAltoColumns are the columns of PAN-OS traffic logs that a flow needs, by their
// place.
var paloAltoColumns = map[int]field{
	7: fieldSrc, 8: fieldDst, 24: fieldSrcPort, 25: fieldPort, 29: fieldProto, 30: fieldState, 31: fieldTotal, 32: fieldUp, 33: fieldDown,
	35: fieldTime, 36: fieldDuration, 44: fieldUpPackets, 45: fieldDownPackets,
}

// paloAltoTable is the table of traffic logs of PAN-OS as syslog has them, without a
// line that names the columns: the first may have the prefix of syslog.
func paloAltoTable(Options) (tableSpec, error) {
	s := tableSpec{about: "a traffic log of PAN-OS", unset: []string{""}, flow: paloAltoFlow,
		needed: []field{fieldTime, fieldSrc, fieldDst, fieldPort, fieldProto, fieldUp, fieldDown}}
	for i := range 47 {
		s.header = append(s.header, "column "+string(rune('A'+i/26))+string(rune('a'+i%26)))
	}
	s.header[3], s.header[4] = "type", "subtype"
	s.names[fieldStatus], s.names[fieldDir] = []string{"type"}, []string{"subtype"}
	for i, f := range paloAltoColumns {
		s.header[i] = paloAltoNames[f]
		s.names[f] = []string{paloAltoNames[f]}
	}
	// The names of the CSV that firewalls and Panorama export.
	for f, name := range map[field]string{fieldProto: "IP Protocol", fieldDuration: "Elapsed Time (sec)", fieldStatus: "Type", fieldDir: "Threat/Content Type"} {
		s.names[f] = append(s.names[f], name)
	}
	s.longer = true
	return s, nil
}

var paloAltoNames = [numFields]string{
	fieldSrc: "source address", fieldDst: "destination address", fieldSrcPort: "source port", fieldPort: "destination port", fieldProto: "protocol",
	fieldState: "action", fieldTotal: "bytes", fieldUp: "bytes sent", fieldDown: "bytes received", fieldTime: "start time", fieldDuration: "elapsed time",
	fieldUpPackets: "packets sent", fieldDownPackets: "packets received",
}

func paloAltoFlow(r *rowReader, line int64) (Flow, error) {
	if kind := r.values[fieldStatus]; string(kind) != "TRAFFIC" {
		return Flow{}, r.leaveOut(line, otherLog, "type "+excerpt(kind))
	}
	if subtype := r.values[fieldDir]; string(subtype) == "start" {
		return Flow{}, r.leaveOut(line, interim, "subtype start")
	}
	f, err := r.flow(line)
	if err != nil {
		return f, err
	}
	switch action := string(r.values[fieldState]); {
	case action == "deny" || strings.HasPrefix(action, "drop"):
		f.State = flow.Refused
	case strings.HasPrefix(action, "reset"):
		f.State = flow.Reset
	case action == "allow" && f.DownPackets == 0 && f.Down == 0:
		f.State = flow.Unanswered
	case action == "allow":
		f.State = flow.Established
	}
	return f, nil
}
