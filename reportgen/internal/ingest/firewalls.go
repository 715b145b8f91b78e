package ingest

import (
	"bytes"
	"regexp"

	"github.com/flowbook/flowbook/pkg/flow"
)

// fortinetInterim ends the identifiers of reports of sessions that go on.
const fortinetInterim = "000020"

// fortinetLong is after how long FortiOS reports on a session that goes on, in hundredths of a second.
const fortinetLong = 2 * int64(flow.Minute)

// isFortinetInterim reports whether a record is an interim report of a session that is too short to have
// several. It counts less than the record of the end.
func isFortinetInterim(id, duration []byte, perSec int64) bool {
	n, ok := digits(duration)
	return bytes.HasSuffix(id, []byte(fortinetInterim)) && (!ok || n/perSec*int64(flow.Second) < fortinetLong)
}

// fortinetSpec describes traffic logs of Fortinet's firewalls. Their times are those at
// which a session ended.
var fortinetSpec = keyValueSpec{
	about: "a log of Fortinet",
	split: splitPairs,
	keys: [numFields][]string{
		fieldEnd: {"eventtime", "date"}, fieldDuration: {"duration"}, fieldProto: {"proto"}, fieldSrc: {"srcip"}, fieldSrcPort: {"srcport"},
		fieldDst: {"dstip"}, fieldPort: {"dstport"}, fieldUp: {"sentbyte"}, fieldDown: {"rcvdbyte"}, fieldUpPackets: {"sentpkt"}, fieldDownPackets: {"rcvdpkt"},
		fieldName: {"hostname"},
	},
	extra: []string{"type", "logid", "eventtime", "date", "time", "tz", "action"},
	take:  takeFortinet,
	total: fortinetReport,
}

// fortinetReport reports whether there may be several reports of a session.
func fortinetReport(_ *keyValues, f *Flow) bool { return f.Duration.Hundredths() >= fortinetLong }

func takeFortinet(d *keyValues) (action string, err error) {
	kv, v := d.pairs, &d.row.values
	switch kind := kv["type"]; {
	case len(kind) > 0 && string(kind) != "traffic":
		return "", d.leaveOut(otherLog, "type "+excerpt(kind))
	case isFortinetInterim(kv["logid"], v[fieldDuration], 1):
		return "", d.leaveOut(interim, "logid "+string(kv["logid"]))
	}
	if kv["eventtime"] == nil && kv["date"] != nil {
		d.joined = append(append(append(d.joined[:0], kv["date"]...), ' '), kv["time"]...)
		if tz := kv["tz"]; tz != nil {
			d.joined = append(append(d.joined, ' '), zoneOf(tz)...)
		}
		v[fieldEnd] = d.joined
	}
	if v[fieldDuration] == nil {
		v[fieldDuration] = zeroText
	}
	return string(kv["action"]), nil
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
	// The names of the log service (Cortex Data Lake, now Strata Logging Service).
	for f, name := range map[field]string{
		fieldSrc: "SourceAddress", fieldDst: "DestinationAddress", fieldSrcPort: "SourcePort", fieldPort: "DestinationPort", fieldUp: "BytesSent", fieldDown: "BytesReceived",
		fieldProto: "Protocol", fieldState: "Action", fieldTotal: "Bytes", fieldUpPackets: "PacketsSent", fieldDownPackets: "PacketsReceived", fieldTime: "SessionStartTime", fieldDuration: "SessionDuration", fieldStatus: "LogType", fieldDir: "Subtype",
	} {
		s.names[f] = append(s.names[f], name)
	}
	s.longer, s.other = true, func(fields [][]byte) string {
		if len(fields) < 5 || bytes.EqualFold(fields[3], []byte("TRAFFIC")) || !paloAltoKind.Match(fields[3]) {
			return ""
		}
		return "type " + excerpt(fields[3])
	}
	return s, nil
}

// paloAltoKind is how PAN-OS names a log.
var paloAltoKind = regexp.MustCompile(`^[A-Z][A-Z-]+$`)

var paloAltoNames = [numFields]string{
	fieldSrc: "source address", fieldDst: "destination address", fieldSrcPort: "source port", fieldPort: "destination port", fieldProto: "protocol",
	fieldState: "action", fieldTotal: "bytes", fieldUp: "bytes sent", fieldDown: "bytes received", fieldTime: "start time", fieldDuration: "elapsed time",
	fieldUpPackets: "packets sent", fieldDownPackets: "packets received",
}

func paloAltoFlow(r *rowReader, line int64) (Flow, error) {
	if kind := r.values[fieldStatus]; !bytes.EqualFold(kind, []byte("TRAFFIC")) {
		return Flow{}, r.leaveOut(line, otherLog, "type "+excerpt(kind))
	}
	if subtype := r.values[fieldDir]; string(subtype) == "start" {
		return Flow{}, r.leaveOut(line, interim, "subtype start")
	}
	f, err := r.flow(line)
	if err != nil {
		return f, err
	}
	f.State = actionState(string(r.values[fieldState]), &f)
	return f, nil
}
