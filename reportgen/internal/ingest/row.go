package ingest

import (
	"bytes"
	"hash/fnv"
	"net/netip"
	"strconv"

	"github.com/flowbook/flowbook/pkg/flow"
)

// field is what a flow, or the making of one, takes from a row of a log.
type field int

const (
	fieldTime field = iota
	fieldSrc
	fieldDst
	fieldPort
	fieldProto
	fieldUp
	fieldDown
	fieldUpMost   // bytes of the packets, which bound those of the payload
	fieldDownMost // the same of the other direction
	fieldTotal    // bytes of both directions, in logs that tell only one beside it
	fieldSrcPort
	fieldEnd
	fieldDuration // in seconds with decimals
	fieldFlags    // TCP flags, as a number
	fieldObserver // who saw the row: an interface or an exporter
	fieldDir      // the log's sign for the direction
	fieldStatus   // whether the row holds a flow at all
	numFields
)

// rowReader turns the texts of a log's row into a flow. It is reused from row to row.
type rowReader struct {
	time   timeReader
	names  [numFields]string // what the log calls its fields; empty for those it has not
	values [numFields][]byte // nil where the log says that the value is not set
	oneWay bool              // rows tell one direction of a connection only
	addrs  map[string]netip.Addr
	bad    RowError // the error last returned, kept so that a row costs no memory
}

func newRowReader(c clock) rowReader {
	return rowReader{time: timeReader{clock: c}, addrs: map[string]netip.Addr{}}
}

// flow returns the flow of the values.
func (r *rowReader) flow(line int64) (Flow, error) {
	f := Flow{Line: line}
	var err error
	if f.Proto, err = r.proto(line); err != nil {
		return Flow{}, err
	}
	var ok bool
	if f.Date, f.Time, ok = r.time.read(r.values[fieldTime]); !ok {
		return Flow{}, r.unreadable(line, BadTime, fieldTime)
	}
	if f.Src, ok = r.addr(fieldSrc); !ok {
		return Flow{}, r.unreadable(line, BadAddress, fieldSrc)
	}
	if f.Dst, ok = r.addr(fieldDst); !ok {
		return Flow{}, r.unreadable(line, BadAddress, fieldDst)
	}
	if f.Port, ok = port(r.values[fieldPort]); !ok {
		return Flow{}, r.unreadable(line, BadPort, fieldPort)
	}
	if err := r.srcPort(line, &f); err != nil {
		return Flow{}, err
	}
	if err := r.bytes(line, &f); err != nil {
		return Flow{}, err
	}
	return f, nil
}

func (r *rowReader) proto(line int64) (flow.Proto, error) {
	switch v := r.values[fieldProto]; string(v) {
	case "tcp", "TCP", "6":
		return flow.TCP, nil
	case "udp", "UDP", "17":
		return flow.UDP, nil
	case "icmp": // by far the most frequent of the others
		return 0, r.leaveOut(line, OtherProtocol, "icmp")
	case "":
		return 0, r.leaveOut(line, NoValue, r.names[fieldProto])
	default:
		if p, err := flow.ParseProto(string(bytes.ToLower(v))); err == nil {
			return p, nil
		}
		return 0, r.leaveOut(line, OtherProtocol, excerpt(v))
	}
}

// srcPort reads the port of the source, and how long the flow lasted. Only
// the rows of one direction must have the port, without which they cannot
// find each other.
func (r *rowReader) srcPort(line int64, f *Flow) error {
	v := r.values[fieldSrcPort]
	var ok bool
	if f.SrcPort, ok = port(v); !ok && (r.oneWay || v != nil) {
		return r.unreadable(line, BadPort, fieldSrcPort)
	}
	if !r.oneWay {
		return nil
	}
	f.OneWay, f.Observer = true, observer(r.values[fieldObserver])
	if f.Duration, ok = r.duration(f); !ok {
		return r.leaveOut(line, BadTime, r.names[fieldEnd]+r.names[fieldDuration]+" "+excerpt(append(r.values[fieldEnd], r.values[fieldDuration]...)))
	}
	return nil
}

// observer makes a short mark of a name, never 0 but for none. Two names may
// have the same mark, one pair in 255.
func observer(name []byte) uint8 {
	if name == nil {
		return 0
	}
	h := fnv.New32a()
	h.Write(name) // never fails
	return uint8(h.Sum32()%255) + 1
}

// port reads a port number.
func port(v []byte) (uint16, bool) {
	if v == nil {
		return 0, false // an error of strconv would cost memory
	}
	n, err := strconv.ParseUint(string(whole(v)), 10, 16)
	return uint16(n), err == nil
}

// whole takes off the .0 that spreadsheets and dataframes add to the numbers
// of a column with missing values.
func whole(v []byte) []byte { return bytes.TrimSuffix(v, []byte(".0")) }

// maxAddrs bounds the addresses that are remembered.
const maxAddrs = 1 << 16

// addr reads an address. Logs repeat addresses, and a look-up is cheaper than
// reading one again.
func (r *rowReader) addr(from field) (netip.Addr, bool) {
	v := r.values[from]
	if a, ok := r.addrs[string(v)]; ok {
		return a, true
	}
	a, err := flow.ParseAddr(string(v))
	if err != nil {
		return netip.Addr{}, false
	}
	if len(r.addrs) >= maxAddrs {
		clear(r.addrs)
	}
	r.addrs[string(v)] = a
	return a, true
}

// bytes reads the bytes of both directions and notes in f what is not as it
// should be.
func (r *rowReader) bytes(line int64, f *Flow) (err error) {
	if f.Up, err = r.direction(line, fieldUp, fieldUpMost, f); err != nil || r.oneWay {
		return err
	}
	if r.names[fieldTotal] == "" {
		f.Down, err = r.direction(line, fieldDown, fieldDownMost, f)
		return err
	}
	total, set, ok := count64(r.values[fieldTotal])
	switch {
	case !ok || set && total < f.Up:
		return r.unreadable(line, BadBytes, fieldTotal)
	case !set || r.values[fieldUp] == nil:
		f.BytesUnknown = true
	default:
		f.Down = total - f.Up
	}
	return nil
}

// direction reads the bytes of one direction, bounded by those of its packets
// where the log has them.
func (r *rowReader) direction(line int64, from, packets field, f *Flow) (int64, error) {
	n, set, ok := count64(r.values[from])
	if !ok {
		return 0, r.unreadable(line, BadBytes, from)
	}
	if !set {
		f.BytesUnknown = true
		return 0, nil
	}
	most, _, ok := count64(r.values[packets])
	if !ok {
		return 0, r.unreadable(line, BadBytes, packets)
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
	n, err := strconv.ParseInt(string(whole(v)), 10, 64)
	return n, true, err == nil && n >= 0
}

// unreadable is the error of a field that cannot be read, or is not set.
func (r *rowReader) unreadable(line int64, reason Reason, from field) error {
	v := r.values[from]
	if v == nil {
		return r.leaveOut(line, NoValue, r.names[from])
	}
	return r.leaveOut(line, reason, r.names[from]+" "+excerpt(v))
}

func (r *rowReader) leaveOut(line int64, reason Reason, detail string) error {
	r.bad = RowError{Line: line, Reason: reason, Detail: detail}
	return &r.bad
}

// excerpt quotes the start of what stood in a log.
func excerpt(b []byte) string {
	const most = 60
	if len(b) > most {
		return strconv.Quote(string(b[:most])) + "…"
	}
	return strconv.Quote(string(b))
}
