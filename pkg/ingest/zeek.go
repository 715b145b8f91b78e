package ingest

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"regexp"
	"strconv"
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
)

// zeekField is a field of Zeek's connection log that a flow needs.
type zeekField int

const (
	zeekTime zeekField = iota
	zeekOrig
	zeekResp
	zeekPort
	zeekProto
	zeekUp
	zeekDown
	zeekUpIP
	zeekDownIP
	zeekFields // how many there are

	zeekNeeded = zeekUpIP // those before it must be in the log
)

var zeekNames = [zeekFields]string{
	"ts", "id.orig_h", "id.resp_h", "id.resp_p", "proto", "orig_bytes", "resp_bytes", "orig_ip_bytes", "resp_ip_bytes",
}

// zeekConnLog matches conn.log and what Zeek's and Corelight's rotation makes
// of the name: conn.00:00:00-01:00:00.log.gz, conn_20240419_00:00:00.log. It
// does not match conn-summary.*.log, which is text for people, nor
// open_conn.log, whose rows come again in conn.log once they are closed.
var zeekConnLog = regexp.MustCompile(`^conn([._-]?[0-9].*)?\.(log|json|ndjson)(\.gz)?$`)

func isZeekConnLog(base string) bool { return zeekConnLog.MatchString(base) }

// openZeek tells by the first character whether the log is TSV or JSON.
func openZeek(in *lines, c clock) (Decoder, error) {
	start, err := in.peek()
	row := zeekRow{clock: c, addrs: map[string]netip.Addr{}}
	switch {
	case err == io.EOF:
		return emptyFile{}, nil
	case err != nil:
		return nil, err
	case start[0] == '#':
		return &zeekTSV{in: in, row: row}, nil
	case start[0] == '{':
		return &zeekJSON{in: in, row: row}, nil
	case start[0] == '[':
		return nil, fmt.Errorf("line %d: starts with %q: a JSON array; write one object a line (jq -c '.[]')", in.n+1, start)
	}
	return nil, fmt.Errorf("line %d: starts with %q, neither a header of a Zeek log (#separator, #fields) nor a JSON object: "+
		"the top of the file is missing, or it is no Zeek log; put the # lines of another conn.log of the same sensor before it", in.n+1, start)
}

// emptyFile is the decoder of a file without rows.
type emptyFile struct{}

func (emptyFile) Read() (Flow, error) { return Flow{}, io.EOF }

// zeekRow turns the fields of a row into a flow.
type zeekRow struct {
	clock  clock
	values [zeekFields][]byte // nil where the log says that the value is not set
	addrs  map[string]netip.Addr
	bad    RowError // the error last returned, kept so that a row costs no memory
}

// flow returns the flow of the values. The originator of the connection is
// its source and the responder its destination.
//
// Bytes are orig_bytes and resp_bytes, the payload, as in the flow logs that
// they are compared with; Zeek leaves them unset where it saw no payload
// state, as for a lone reset. They are then 0 and not orig_ip_bytes, which
// count headers: a column that means two things would be worse than one that
// says how often it does not know.
//
// Zeek takes the payload of TCP from sequence numbers, and its manual warns
// that it may be wrong: one reset with a stray number makes gigabytes of a
// connection of three packets. Where the log has orig_ip_bytes and
// resp_ip_bytes, the sizes of the packets seen, a payload beyond them is
// taken down to them.
func (z *zeekRow) flow(line int64) (Flow, error) {
	f := Flow{Line: line}
	var err error
	if f.Proto, err = z.proto(line); err != nil {
		return Flow{}, err
	}
	var ok bool
	if f.Date, f.Time, ok = z.time(); !ok {
		return Flow{}, z.unreadable(line, BadTime, zeekTime)
	}
	if f.Src, ok = z.addr(zeekOrig); !ok {
		return Flow{}, z.unreadable(line, BadAddress, zeekOrig)
	}
	if f.Dst, ok = z.addr(zeekResp); !ok {
		return Flow{}, z.unreadable(line, BadAddress, zeekResp)
	}
	port, err := strconv.ParseUint(string(z.values[zeekPort]), 10, 16)
	if err != nil {
		return Flow{}, z.unreadable(line, BadPort, zeekPort)
	}
	f.Port = uint16(port)
	if f.Up, err = z.bytes(line, zeekUp, zeekUpIP, &f); err != nil {
		return Flow{}, err
	}
	if f.Down, err = z.bytes(line, zeekDown, zeekDownIP, &f); err != nil {
		return Flow{}, err
	}
	return f, nil
}

func (z *zeekRow) proto(line int64) (flow.Proto, error) {
	switch v := z.values[zeekProto]; string(v) {
	case "tcp":
		return flow.TCP, nil
	case "udp":
		return flow.UDP, nil
	case "icmp": // by far the most frequent of the others
		return 0, z.leaveOut(line, OtherProtocol, "icmp")
	case "":
		return 0, z.leaveOut(line, NoValue, "proto")
	default:
		return 0, z.leaveOut(line, OtherProtocol, excerpt(v))
	}
}

// time reads ts as Zeek writes it: seconds since 1970 with decimals, whole
// milliseconds (JSON::TS_MILLIS), or ISO 8601 (JSON::TS_ISO8601). As seconds,
// a number of milliseconds would be beyond the year 5138, which tells the two
// apart.
func (z *zeekRow) time() (Date, flow.Time, bool) {
	v := z.values[zeekTime]
	whole, decimals, _ := bytes.Cut(v, []byte("."))
	seconds, err := strconv.ParseInt(string(whole), 10, 64)
	if err != nil {
		t, err := time.Parse(time.RFC3339Nano, string(v))
		if err != nil || t.Unix() < 0 || t.Unix() >= maxSeconds {
			return 0, 0, false
		}
		date, at := z.clock.at(t.Unix(), flow.Time(t.Nanosecond()/1e7))
		return date, at, true
	}
	hundredths, ok := hundredths(decimals)
	if seconds >= maxSeconds {
		seconds, hundredths = seconds/1000, flow.Time(seconds%1000/10)
	}
	if !ok || seconds < 0 || whole[0] == '-' || seconds >= maxSeconds {
		return 0, 0, false
	}
	date, at := z.clock.at(seconds, hundredths)
	return date, at, true
}

// maxSeconds is in the year 5138.
const maxSeconds = 1e11

// hundredths reads the first two of the decimals of a number; the rest must
// be digits too. Cutting instead of rounding keeps a flow in its second.
func hundredths(decimals []byte) (flow.Time, bool) {
	var h flow.Time
	for i := range max(len(decimals), 2) {
		var digit byte
		if i < len(decimals) {
			if digit = decimals[i] - '0'; digit > 9 {
				return 0, false
			}
		}
		if i < 2 {
			h = h*10 + flow.Time(digit)
		}
	}
	return h, true
}

// maxAddrs bounds the addresses that are remembered.
const maxAddrs = 1 << 16

// addr reads an address. Logs repeat addresses, and a look-up is cheaper than
// reading one again.
func (z *zeekRow) addr(field zeekField) (netip.Addr, bool) {
	v := z.values[field]
	if a, ok := z.addrs[string(v)]; ok {
		return a, true
	}
	a, err := flow.ParseAddr(string(v))
	if err != nil {
		return netip.Addr{}, false
	}
	if len(z.addrs) >= maxAddrs {
		clear(z.addrs)
	}
	z.addrs[string(v)] = a
	return a, true
}

// bytes reads the payload of one direction, bounded by the bytes of its
// packets where the log has them, and notes in f what is not as it should be.
func (z *zeekRow) bytes(line int64, payload, packets zeekField, f *Flow) (int64, error) {
	n, set, ok := count64(z.values[payload])
	if !ok {
		return 0, z.unreadable(line, BadBytes, payload)
	}
	if !set {
		f.BytesUnknown = true
		return 0, nil
	}
	most, _, ok := count64(z.values[packets])
	if !ok {
		return 0, z.unreadable(line, BadBytes, packets)
	}
	// No bytes of packets beside a payload means that they were not counted.
	if most > 0 && n > most {
		f.BytesCapped = true
		return most, nil
	}
	return n, nil
}

// count64 reads a count that may be unset.
func count64(v []byte) (n int64, set, ok bool) {
	if v == nil {
		return 0, false, true
	}
	n, err := strconv.ParseInt(string(v), 10, 64)
	return n, true, err == nil && n >= 0
}

// unreadable is the error of a field that cannot be read, or is not set.
func (z *zeekRow) unreadable(line int64, reason Reason, field zeekField) error {
	v := z.values[field]
	if v == nil {
		return z.leaveOut(line, NoValue, zeekNames[field])
	}
	return z.leaveOut(line, reason, zeekNames[field]+" "+excerpt(v))
}

func (z *zeekRow) leaveOut(line int64, reason Reason, detail string) error {
	z.bad = RowError{Line: line, Reason: reason, Detail: detail}
	return &z.bad
}

// excerpt quotes the start of what stood in a log.
func excerpt(b []byte) string {
	const most = 60
	if len(b) > most {
		return strconv.Quote(string(b[:most])) + "…"
	}
	return strconv.Quote(string(b))
}
