package ingest

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
)

// cefSpec describes traffic events in the Common Event Format of ArcSight or the Log
// Event Extended Format of QRadar.
//
// LEEF says which bytes the source sent. CEF has in and out, which vendors use
// differently: Fortinet, Check Point and PAN-OS since version 10 write what the source
// received as in, and PAN-OS before wrote what it sent. Events of other vendors are left
// out.
var cefSpec = keyValueSpec{
	about: "a log in CEF or LEEF",
	split: splitCEF,
	keys: [numFields][]string{
		fieldTime: {"StartTime", "start", "devTime"}, fieldEnd: {"end"}, fieldDuration: {"ElapsedTime", "FTNTFGTduration", "duration", "elapsed time in seconds"},
		fieldProto: {"proto"}, fieldSrc: {"src"}, fieldSrcPort: {"srcPort", "spt"}, fieldDst: {"dst"}, fieldPort: {"dstPort", "dpt"},
		fieldUp: {"srcBytes", "out"}, fieldDown: {"dstBytes", "in"},
		fieldUpPackets:   {"srcPackets", "PanOSPacketsSent", "FTNTFGTsentpkt", "packets sent"},
		fieldDownPackets: {"dstPackets", "PanOSPacketsReceived", "FTNTFGTrcvdpkt", "packets received"},
		fieldName:        {"FTNTFGThostname"},
	},
	take: takeCEF,
	total: func(d *keyValues, f *Flow) bool {
		return string(d.pairs[cefVendor]) == "Fortinet" && fortinetReport(d, f)
	},
}

var cefLine = regexp.MustCompile(`(^|\s)(CEF: ?[01]|LEEF: ?[12]\.\d)\|`)

// The keys under which splitCEF puts the header of an event.
const (
	cefVendor  = "(vendor)"
	cefVersion = "(version)"
	cefEvent   = "(event)" // its identifier
	cefName    = "(name)"  // of the event; only CEF has one
)

// splitCEF finds the pairs of an event. What a pair such as cn1Label=Duration says of
// cn1 is a key too, in lower case.
func splitCEF(line []byte, pairs map[string][]byte) {
	at := cefLine.FindIndex(line)
	if at == nil {
		return
	}
	leef := bytes.Contains(line[at[0]:at[1]], []byte("LEEF"))
	head := bytes.SplitN(line[at[1]:], []byte("|"), 7)
	pairs[cefVendor] = head[0]
	if leef {
		splitLEEF(head, bytes.Contains(line[at[0]:at[1]], []byte(":2")), pairs)
		return
	}
	if len(head) < 7 {
		return
	}
	pairs[cefVersion], pairs[cefEvent], pairs[cefName] = head[2], head[3], head[4]
	rest := head[6]
	for key, value := 0, -1; value < len(rest); { // where a key and its value begin
		next := value + 1
		for next < len(rest) && (rest[next] != '=' || next > 0 && rest[next-1] == '\\') {
			next++
		}
		end := len(rest)
		if next < len(rest) {
			end = max(bytes.LastIndexByte(rest[:next], ' '), 0)
		}
		if value >= 0 && value <= end {
			pairs[string(bytes.TrimSpace(rest[key:value-1]))] = bytes.TrimSpace(rest[value:end])
		}
		key, value = end, next+1
	}
	for key, label := range pairs {
		if of, ok := strings.CutSuffix(key, "Label"); ok {
			pairs[strings.ToLower(string(label))] = pairs[of]
		}
	}
}

// splitLEEF finds the pairs after the header of an event. Version 2 names what separates
// them; it is a tab by default, which PAN-OS replaces.
func splitLEEF(head [][]byte, second bool, pairs map[string][]byte) {
	if len(head) < 5 {
		return
	}
	pairs[cefVersion], pairs[cefEvent] = head[2], head[3]
	delimiter, rest := []byte("\t"), bytes.Join(head[4:], []byte("|"))
	if named, after, ok := bytes.Cut(rest, []byte("|")); ok && second && len(named) <= 4 && !bytes.Contains(named, []byte("=")) {
		rest = after
		if hex, ok := strings.CutPrefix(strings.TrimPrefix(string(named), "0"), "x"); ok {
			if c, err := strconv.ParseUint(hex, 16, 8); err == nil {
				named = []byte{byte(c)}
			}
		}
		if len(named) > 0 {
			delimiter = named
		}
	}
	if !bytes.Contains(rest, delimiter) && bytes.IndexByte(rest, '|') >= 0 {
		delimiter = []byte("|")
	}
	for pair := range bytes.SplitSeq(rest, delimiter) {
		if key, value, ok := bytes.Cut(pair, []byte("=")); ok {
			pairs[string(bytes.TrimSpace(key))] = bytes.TrimSpace(value)
		}
	}
}

func takeCEF(d *keyValues) (action string, err error) {
	kv, v := d.pairs, &d.row.values
	vendor := string(kv[cefVendor])
	switch {
	case vendor == "":
		return "", d.leaveOut(badMessage, excerpt(d.line)+": neither CEF nor LEEF")
	case kv[cefName] == nil: // LEEF
	case vendor == "Palo Alto Networks":
		major, _, _ := strings.Cut(string(kv[cefVersion]), ".")
		if n, err := strconv.Atoi(major); err == nil && n < 10 {
			v[fieldUp], v[fieldDown] = v[fieldDown], v[fieldUp]
		}
	case vendor == "Fortinet":
		if v[fieldEnd] = kv["FTNTFGTeventtime"]; v[fieldEnd] != nil {
			v[fieldTime] = nil
		}
	case vendor == "Check Point":
		if v[fieldTime] == nil {
			v[fieldTime] = kv["rt"]
		}
	default:
		return "", d.leaveOut(otherLog, "an event of "+excerpt(kv[cefVendor])+", whose byte counts have no known direction")
	}
	kind, subtype := string(d.first("Type", "cat", cefName)), string(d.first("Subtype", cefEvent))
	switch {
	case vendor != "Check Point" && !strings.HasPrefix(strings.ToLower(kind), "traffic"):
		return "", d.leaveOut(otherLog, "event "+excerpt([]byte(kind)))
	case subtype == "start":
		return "", d.leaveOut(interim, "subtype start")
	case isFortinetInterim(kv["FTNTFGTlogid"], v[fieldDuration], 1):
		return "", d.leaveOut(interim, "logid "+string(kv["FTNTFGTlogid"]))
	case v[fieldUp] == nil && v[fieldDown] == nil:
		return "", d.leaveOut(eventOnly, excerpt(d.line))
	}
	return string(d.first("act", "action")), nil
}

// juniperSpec describes the sessions of Juniper's SRX firewalls (RT_FLOW) in structured
// syslog (RFC 5424). Their times are those of the line, at which a session ended.
var juniperSpec = keyValueSpec{
	about: "structured syslog of an SRX",
	split: splitPairs,
	keys: [numFields][]string{
		fieldEnd: {"(time of the line)"}, fieldDuration: {"elapsed-time"}, fieldProto: {"protocol-id"}, fieldSrc: {"source-address"}, fieldSrcPort: {"source-port"},
		fieldDst: {"destination-address"}, fieldPort: {"destination-port"}, fieldUp: {"bytes-from-client"}, fieldDown: {"bytes-from-server"},
		fieldUpPackets: {"packets-from-client"}, fieldDownPackets: {"packets-from-server"},
	},
	take: takeJuniper,
}

var (
	juniperLine = regexp.MustCompile(`RT_FLOW_SESSION_(CREATE|CLOSE|DENY)(_LS)?\W.*\bsource-address="`)
	isoTime     = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*`)
)

func takeJuniper(d *keyValues) (action string, err error) {
	v := &d.row.values
	_, kind, ok := bytes.Cut(d.line, []byte("RT_FLOW_SESSION_"))
	if !ok || d.pairs["source-address"] == nil {
		return "", d.leaveOut(otherLog, excerpt(d.line))
	}
	v[fieldEnd] = isoTime.Find(d.line)
	if v[fieldDuration] == nil {
		v[fieldDuration] = zeroText
	}
	reason := string(d.pairs["reason"])
	switch {
	case bytes.HasPrefix(kind, []byte("CREATE")):
		return "", d.leaveOut(eventOnly, "RT_FLOW_SESSION_CREATE")
	case bytes.HasPrefix(kind, []byte("DENY")):
		v[fieldUp], v[fieldDown] = zeroText, zeroText
		return "deny", nil
	case strings.Contains(reason, "RST"):
		return "reset", nil
	case strings.Contains(reason, "FIN"):
		return "close", nil
	}
	return "accept", nil
}
