package ingest

import (
	"bytes"
	"cmp"
	"hash/fnv"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
)

// field is what a flow, or the making of one, takes from a row of a log.
type field int

const (
	fieldTime field = iota // start of the flow; with fieldDate, its time of day
	fieldDate
	fieldSrc
	fieldDst
	fieldPort
	fieldProto
	fieldUp
	fieldDown
	fieldUpMost   // bytes of the packets, which bound those of the payload
	fieldDownMost // the same of the other direction
	fieldTotal    // bytes of both directions, in logs that have only one beside it
	fieldSrcPort
	fieldEnd
	fieldDuration // in seconds with decimals
	fieldUpPackets
	fieldDownPackets
	fieldTotalPackets
	fieldFlags     // TCP flags of the packets from the source, or of all packets
	fieldDownFlags // TCP flags of the packets from the destination
	fieldState     // how the connection went, in the words of the log
	fieldName      // what the client asked for
	fieldUID       // identifies a connection in the logs of one folder
	fieldObserver  // who saw the row: an interface or an exporter
	fieldDir       // the log's sign for the direction
	fieldSampling  // how many packets there were for each that was counted
	fieldStatus    // whether the row holds a flow at all
	numFields
)

// rowReader turns the texts of a row of a log into a flow. It is reused from
// row to row.
type rowReader struct {
	time         timeReader
	names        [numFields]string // what the log calls its fields; empty for those it has not
	values       [numFields][]byte // nil if the log has no value
	set          [numFields][]byte // values of Options.Set, for fields without a value
	perSec       float64           // units a second of durations; 0 means seconds
	oneWay       bool              // rows describe one direction of a connection only
	rounded      bool              // a number of the row was rounded by the log
	days         []Date            // chosen days, which are plausible whatever they are
	lastDate     Date              // the last plausible date; 0 if all are
	dated        bool              // a row with a time was read
	relative     bool              // times count from the start of a capture
	icmpForm     icmpForm          // where the type and code of ICMP are
	hosts        *zeekHosts        // names by uid; may be nil
	lost         bool              // a value of an optional column cannot be read
	points       *points           // what a point in counts separates; nil means decimals
	pointGuessed bool              // that was guessed for a number of the row
	addrs        map[string]netip.Addr
	joined       []byte   // memory of a date and a time of day as one text
	bad          rowError // the error last returned, kept so that a row costs no memory
}

func newRowReader(c clock) rowReader {
	return rowReader{time: timeReader{clock: c}, addrs: map[string]netip.Addr{}}
}

// flow returns the flow of the values.
func (r *rowReader) flow(line int64) (Flow, error) {
	f := Flow{Line: line}
	r.rounded, r.lost, r.pointGuessed = false, false, false
	for i, v := range &r.set {
		if v != nil && r.values[i] == nil {
			r.values[i] = v
		}
	}
	var err error
	if f.Proto, err = r.proto(line); err != nil {
		return Flow{}, err
	}
	if err := r.times(line, &f); err != nil {
		return Flow{}, err
	}
	var ok bool
	if f.Src, ok = r.addr(fieldSrc); !ok {
		return Flow{}, r.unreadable(line, badAddress, fieldSrc)
	}
	if f.Dst, ok = r.addr(fieldDst); !ok {
		return Flow{}, r.unreadable(line, badAddress, fieldDst)
	}
	if f.Proto == flow.ICMP && f.Src.Is6() {
		f.Proto = flow.ICMPv6 // which Zeek and others call icmp too
	}
	if err := r.ports(line, &f); err != nil {
		return Flow{}, err
	}
	f.OneWay = r.oneWay
	if err := r.bytes(line, &f); err != nil {
		return Flow{}, err
	}
	r.packets(&f)
	f.Observer = observer(r.values[fieldObserver])
	if f.Name = hostName(r.values[fieldName]); f.Name == "" {
		f.Name = r.hosts.name(r.values[fieldUID])
	}
	f.BytesRounded, f.DetailLost, f.PointGuessed = r.rounded, r.lost, r.pointGuessed
	return f, nil
}

func (r *rowReader) proto(line int64) (flow.Proto, error) {
	v := r.values[fieldProto]
	if len(v) == 0 {
		return 0, r.leaveOut(line, noValue, r.name(fieldProto))
	}
	switch p, ok := protocol(v); {
	case !ok:
		return 0, r.leaveOut(line, badProtocol, r.name(fieldProto)+" "+excerpt(v))
	default:
		return r.carried(line, p)
	}
}

// carried leaves out what is not a protocol on top of IP, or is not known: many logs
// write 0 for it.
func (r *rowReader) carried(line int64, p flow.Proto) (flow.Proto, error) {
	if p == notIP || p == 0 {
		v := r.values[fieldProto]
		if v == nil {
			v = strconv.AppendUint(nil, uint64(p), 10)
		}
		return 0, r.leaveOut(line, otherProtocol, excerpt(v))
	}
	return p, nil
}

// times reads when a flow began and how long it lasted. A log that has no start
// has the end and the duration.
func (r *rowReader) times(line int64, f *Flow) error {
	start := r.start()
	lasted, known, ok := r.lasted()
	if !ok && (r.oneWay || start == nil) {
		return r.unreadable(line, badTime, fieldDuration)
	}
	r.lost = r.lost || !ok
	ended, hasEnd, ok := r.ended()
	if !ok && (r.oneWay || start == nil) {
		return r.unreadable(line, badTime, fieldEnd)
	}
	r.lost = r.lost || !ok
	switch {
	case start != nil:
		if f.Date, f.Time, ok = r.time.read(start); !ok {
			return r.unreadable(line, badTime, fieldTime)
		}
	case hasEnd && known:
		f.Date, f.Time = day(ended - lasted)
	default:
		return r.leaveOut(line, noValue, r.name(fieldTime))
	}
	if !known && hasEnd {
		lasted, known = ended-moment(f.Date, f.Time), true
	}
	if known {
		f.Duration = flow.SpanOf(lasted)
	}
	return r.checkDate(line, f, start)
}

// start returns the text of the start, with the date before it if that has a
// column of its own, or nil.
func (r *rowReader) start() []byte {
	start, date := r.values[fieldTime], r.values[fieldDate]
	if start == nil || date == nil {
		return start
	}
	r.joined = append(append(append(r.joined[:0], date...), ' '), start...)
	return r.joined
}

// ended reads the end.
func (r *rowReader) ended() (end int64, known, ok bool) {
	v := r.values[fieldEnd]
	if v == nil {
		return 0, false, true
	}
	date, at, ok := r.time.read(v)
	return moment(date, at), ok, ok
}

// checkDate leaves a flow out if its date is not plausible. The first row decides
// whether times are relative to the start of a capture.
func (r *rowReader) checkDate(line int64, f *Flow, start []byte) error {
	if !r.dated {
		r.dated, r.relative = true, f.Date == 0 && f.Time < captureStart
	}
	if r.relative && f.Date >= 0 && f.Date < captureDays {
		f.Relative = true
		return nil
	}
	if r.lastDate > 0 && (f.Date < firstDate || f.Date > r.lastDate) && !slices.Contains(r.days, f.Date) {
		detail := r.name(fieldTime)
		if start != nil {
			detail += " " + excerpt(start)
		}
		return r.leaveOut(line, badDate, detail+" is of "+f.Date.String())
	}
	return nil
}

// A log whose first row is of the first hours of 1970 counts its times from the
// start of a capture, as Zeek does for captures whose clock was not set. The hours
// are less than the days since 1900 (Excel's dates) of 1990, taken as seconds; the
// days are more than any capture lasts.
const (
	captureStart = 9 * flow.Hour
	captureDays  = 366
)

// firstDate is the first plausible date of a flow. Earlier ones are most often
// numbers read in the wrong unit.
var firstDate = Date(floorDiv(time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), secondsPerDay))

// lasted reads the duration in hundredths of a second.
func (r *rowReader) lasted() (hundredths int64, known, ok bool) {
	v := r.values[fieldDuration]
	if v == nil {
		return 0, false, true
	}
	seconds, ok := span(v)
	if r.perSec > 0 && bytes.IndexByte(v, ':') < 0 && v[len(v)-1]-'0' <= 9 { // it has no unit of its own
		seconds /= r.perSec
	}
	return int64(min(max(seconds*100, 0), float64(maxDuration))), ok, ok
}

// packets reads the packets of both directions, and what they had for TCP flags.
func (r *rowReader) packets(f *Flow) {
	up, _, ok1 := r.count64(fieldUpPackets)
	down, _, ok2 := r.count64(fieldDownPackets)
	if !ok1 || !ok2 {
		up, down, r.lost = 0, 0, true
	}
	if total, set, ok := r.count64(fieldTotalPackets); set && ok && total >= up && up > 0 && down == 0 {
		down = total - up
	}
	f.UpPackets, f.DownPackets = up, down
	f.Flags, f.DownFlags = tcpFlags(r.values[fieldFlags]), tcpFlags(r.values[fieldDownFlags])
	if !f.OneWay && f.State == flow.UnknownState {
		f.State = flagsState(f)
	}
}

// observer returns a short hash of a name, which is 0 only for the empty name. One
// pair of names in 255 has the same hash.
func observer(name []byte) uint8 {
	if name == nil {
		return 0
	}
	h := fnv.New32a()
	h.Write(name) // never fails
	return uint8(h.Sum32()%255) + 1
}

// maxAddrs bounds the addresses that are remembered.
const maxAddrs = 1 << 16

// addr reads an address. Logs repeat addresses, and a look-up is cheaper than
// reading IPv6 again.
func (r *rowReader) addr(from field) (netip.Addr, bool) {
	v := r.values[from]
	if a, ok := dotted(v); ok {
		return a, true
	}
	if a, ok := r.addrs[string(v)]; ok {
		return a, true
	}
	a, err := flow.ParseAddr(bareAddr(string(v)))
	if err != nil {
		// As ClickHouse and SQL write IPv4: a number, of a network that is not 0.0.0.0/8.
		n, ok := digits(v)
		if !ok || n < 1<<24 || n > math.MaxUint32 {
			return netip.Addr{}, false
		}
		a = addr4(uint32(n))
	}
	if len(r.addrs) >= maxAddrs {
		clear(r.addrs)
	}
	r.addrs[string(v)] = a
	return a, true
}

// bareAddr is an address without the brackets of URLs, or the length of a network of one host.
func bareAddr(s string) string {
	if inner, ok := strings.CutPrefix(s, "["); ok && strings.HasSuffix(inner, "]") {
		return inner[:len(inner)-1]
	}
	if host, ok := strings.CutSuffix(s, "/32"); ok && strings.Contains(host, ".") {
		return host
	}
	return strings.TrimSuffix(s, "/128")
}

// bytes reads the bytes of both directions and notes in f what is not as it
// should be.
func (r *rowReader) bytes(line int64, f *Flow) (err error) {
	if f.Up, err = r.direction(line, fieldUp, fieldUpMost, f); err != nil || r.oneWay {
		return err
	}
	if r.names[fieldTotal] == "" || r.values[fieldDown] != nil {
		f.Down, err = r.direction(line, fieldDown, fieldDownMost, f)
		return err
	}
	total, set, ok := r.count64(fieldTotal)
	switch {
	case !ok || set && total < f.Up:
		return r.unreadable(line, badBytes, fieldTotal)
	case !set || r.values[fieldUp] == nil:
		f.BytesUnknown = true
	default:
		f.Down = total - f.Up
	}
	return nil
}

// direction reads the bytes of one direction, bounded by those of its packets
// if the log has them.
func (r *rowReader) direction(line int64, from, packets field, f *Flow) (int64, error) {
	n, set, ok := r.count64(from)
	if !ok {
		return 0, r.unreadable(line, badBytes, from)
	}
	if !set {
		f.BytesUnknown = true
		return 0, nil
	}
	most, _, ok := r.count64(packets)
	if !ok {
		return 0, r.unreadable(line, badBytes, packets)
	}
	// No bytes of packets beside a payload means that they were not counted.
	if most > 0 && n > most {
		f.BytesCapped = true
		return most, nil
	}
	return n, nil
}

// name is what the log calls a field, or what a flow file does if the log has none of
// its own. A log without starts of flows has ends.
func (r *rowReader) name(f field) string {
	name := r.names[f]
	if f == fieldTime {
		name = cmp.Or(name, r.names[fieldEnd])
	}
	for key, of := range mapKeys {
		if of == f {
			return cmp.Or(name, key)
		}
	}
	return name
}

// unreadable is the error of a field that cannot be read, or has no value.
func (r *rowReader) unreadable(line int64, reason Reason, from field) error {
	v := r.values[from]
	if v == nil {
		return r.leaveOut(line, noValue, r.name(from))
	}
	return r.leaveOut(line, reason, r.name(from)+" "+excerpt(v))
}

func (r *rowReader) leaveOut(line int64, reason Reason, detail string) error {
	r.bad = rowError{Line: line, Reason: reason, Detail: detail}
	if reason.lossy() {
		for _, f := range []field{fieldUp, fieldDown, fieldTotal} {
			r.bad.Bytes = max(r.bad.Bytes, aboutBytes(r.values[f]))
		}
	}
	return &r.bad
}
