package ingest

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/netsampler/goflow2/v2/decoders/netflow"
)

// reversePEN is the enterprise number of the fields of the other direction
// (RFC 5103).
const reversePEN = 29305

// The fields of NetFlow v9 and IPFIX that a flow needs, as IANA numbers them.
const (
	ieBytes, iePackets                   = 1, 2
	ieProtocol                           = 4
	ieFlags                              = 6
	ieSrcPort, ieSrc4                    = 7, 8
	ieDstPort, ieDst4                    = 11, 12
	ieLastUptime, ieFirstUptime          = 21, 22
	ieOutBytes, ieOutPackets             = 23, 24 // of NetFlow v9
	ieSrc6, ieDst6                       = 27, 28
	ieICMP4, ieICMP6                     = 32, 139
	ieSamplingInterval, ieRandomInterval = 34, 50
	ieDirection                          = 61
	ieTotalBytes, ieTotalPackets         = 85, 86
	ieFirstSeconds, ieLastSeconds        = 150, 151
	ieFirstMilli, ieLastMilli            = 152, 153
	ieFirstMicro, ieLastMicro            = 154, 155
	ieFirstNano, ieLastNano              = 156, 157
	ieFirstDelta, ieLastDelta            = 158, 159
	ieSystemInit                         = 160
	ieDurationMilli, ieDurationMicro     = 161, 162
	ieICMP4Type, ieICMP4Code             = 176, 177
	ieICMP6Type, ieICMP6Code             = 178, 179
	ieNATEvent, ieFirewallEvent          = 230, 233
	ieInitiatorBytes, ieResponderBytes   = 231, 232
	ieInitiatorPackets, ieResponderPkts  = 298, 299
	ieSampledPackets, ieSkippedPackets   = 305, 306
	ieSampledSize, ieSampledPopulation   = 309, 310
	ieObserved                           = 323
)

// exportFields are the values of a record by their numbers, those of the other
// direction with reversed added.
type exportFields struct {
	numbers map[uint32]uint64
	addrs   map[uint32]netip.Addr
}

const reversed = 1 << 16

func fieldsOf(values []netflow.DataField) exportFields {
	f := exportFields{numbers: make(map[uint32]uint64, len(values)), addrs: make(map[uint32]netip.Addr, 2)}
	for i := range values {
		v := &values[i]
		b, ok := v.Value.([]byte)
		id := uint32(v.Type)
		switch {
		case !ok || v.PenProvided && v.Pen != reversePEN:
			continue
		case v.PenProvided:
			id += reversed
		}
		switch {
		case id == ieSrc4 || id == ieDst4 || id == ieSrc6 || id == ieDst6:
			if a, ok := netip.AddrFromSlice(b); ok {
				f.addrs[id] = a.Unmap()
			}
		case id == ieFirstMicro || id == ieLastMicro || id == ieFirstNano || id == ieLastNano:
			if len(b) == 8 {
				f.numbers[id] = uint64(ntpMillis(b))
			}
		case len(b) > 0 && len(b) <= 8:
			f.numbers[id] = bigEndian(b)
		}
	}
	return f
}

// ntpMillis reads a time of NTP (RFC 5905), as IPFIX writes microseconds and
// nanoseconds.
func ntpMillis(b []byte) int64 {
	const since1900 = 2_208_988_800
	return (int64(binary.BigEndian.Uint32(b))-since1900)*1000 + int64(binary.BigEndian.Uint32(b[4:]))*1000>>32
}

// first returns the first of several fields that the record has.
func (f exportFields) first(ids ...uint32) (n uint64, ok bool) {
	for _, id := range ids {
		if n, ok = f.numbers[id]; ok {
			return n, true
		}
	}
	return 0, false
}

// count returns the first of several counts that is not 0.
func (f exportFields) count(ids ...uint32) int64 {
	for _, id := range ids {
		if n := f.numbers[id]; n > 0 {
			return countOf(n)
		}
	}
	return 0
}

// time returns a time in milliseconds since 1970, of the fields given in the order
// of seconds, milliseconds, microseconds, nanoseconds, delta and uptime. It is guessed if
// it is known only when the exporter started at the latest.
func (f exportFields) time(domain *exportDomain, at exportTime, ids [6]uint32) (ms int64, ok, guessed bool) {
	for i := 1; i < 4; i++ {
		if n, ok := f.numbers[ids[i]]; ok {
			return int64(n), true, false
		}
	}
	if n, ok := f.numbers[ids[0]]; ok {
		return int64(n) * 1000, true, false
	}
	if n, ok := f.numbers[ids[4]]; ok { // microseconds before the message was sent
		return at.sent - int64(n/1000), true, false
	}
	n, ok := f.numbers[ids[5]]
	switch {
	case !ok:
		return 0, false, false
	case domain.key.version == 9:
		return at.ofUptime(uint32(n)), true, false
	}
	if start := cmp.Or(countOf(f.numbers[ieSystemInit]), domain.started); start > 0 {
		return start + countOf(n), true, false
	}
	return domain.atMost + countOf(n), domain.atMost > 0, true
}

var (
	firstTimes = [6]uint32{ieFirstSeconds, ieFirstMilli, ieFirstMicro, ieFirstNano, ieFirstDelta, ieFirstUptime}
	lastTimes  = [6]uint32{ieLastSeconds, ieLastMilli, ieLastMicro, ieLastNano, ieLastDelta, ieLastUptime}
)

// times sets the start and the end of a record. A record without times ended at the
// latest when it was sent.
func (f exportFields) times(domain *exportDomain, at exportTime, r *netRecord) {
	first, hasFirst, guessed := f.time(domain, at, firstTimes)
	last, hasLast, lastGuessed := f.time(domain, at, lastTimes)
	lasted, hasDuration := f.first(ieDurationMilli)
	if micro, ok := f.first(ieDurationMicro); ok && !hasDuration {
		lasted, hasDuration = micro/1000, true
	}
	if observed, ok := f.first(ieObserved); ok && !hasLast { // of events, which end a connection
		last, hasLast = int64(observed), true
	}
	if r.timeGuessed = hasFirst && guessed || hasLast && lastGuessed; !hasFirst && !hasLast {
		last, hasLast, r.timeGuessed = at.sent, true, true
	}
	switch {
	case hasFirst && !hasLast && hasDuration:
		last = first + countOf(lasted)
	case hasFirst && !hasLast:
		last = first - 1 // unknown
	case !hasFirst && hasLast && hasDuration:
		first = last - countOf(lasted)
	case !hasFirst:
		first = last
	}
	r.first, r.last = first, last
}

// bound takes in what the records of a set say about when their exporter started, if it
// does not say so itself: they cannot have ended after they were sent. Uptimes begin
// again with 0 every 50 days.
func (e *exportDomain) bound(records []netflow.DataRecord, at exportTime) {
	const wrap = 1 << 31
	if e.key.version != 10 || e.started > 0 {
		return
	}
	for i := range records {
		for j := range records[i].Values {
			v := &records[i].Values[j]
			b, ok := v.Value.([]byte)
			if !ok || v.PenProvided || v.Type != ieLastUptime || len(b) != 4 {
				continue
			}
			if most := at.sent - int64(bigEndian(b)); e.atMost == 0 || most < e.atMost || most > e.atMost+wrap {
				e.atMost = most
			}
		}
	}
}

// data takes in a record of a flow.
func (d *exports) data(domain *exportDomain, values []netflow.DataField, at exportTime) {
	f := fieldsOf(values)
	r := netRecord{observer: domain.observer(f), sampling: max(domain.sampling, f.sampling())}
	src, ok1 := f.addrs[ieSrc4]
	dst, ok2 := f.addrs[ieDst4]
	if a, ok := f.addrs[ieSrc6]; ok && (!ok1 || src.IsUnspecified()) {
		src, ok1 = a, true
	}
	if a, ok := f.addrs[ieDst6]; ok && (!ok2 || dst.IsUnspecified()) {
		dst, ok2 = a, true
	}
	event := f.numbers[ieFirewallEvent]
	nat, isNAT := f.numbers[ieNATEvent]
	r.bytes = f.count(ieInitiatorBytes, ieBytes, ieTotalBytes)
	r.packets = f.count(ieInitiatorPackets, iePackets, ieTotalPackets)
	r.outBytes = f.count(ieResponderBytes, reversed+ieBytes, reversed+ieTotalBytes)
	r.outPackets = f.count(ieResponderPkts, reversed+iePackets, reversed+ieTotalPackets)
	f.outCounts(&r)
	_, counted := f.first(ieBytes, ieTotalBytes, ieInitiatorBytes, ieOutBytes)
	r.uncounted = !counted
	switch {
	case !ok1 || !ok2:
		d.leaveOut(at.n, otherLog, "a record without IP addresses")
		return
	case event == 1 || isNAT && r.bytes+r.packets+r.outBytes+r.outPackets == 0:
		d.leaveOut(at.n, eventOnly, fmt.Sprintf("event %d", event|nat))
		return
	}
	f.times(domain, at, &r)
	r.src, r.dst = src, dst
	r.srcPort, r.dstPort = uint16(f.numbers[ieSrcPort]), uint16(f.numbers[ieDstPort])
	r.proto = uint8(f.numbers[ieProtocol])
	r.flags, r.outFlags = uint8(f.numbers[ieFlags]), uint8(f.numbers[reversed+ieFlags])
	r.denied = event == 3
	if r.proto == 1 || r.proto == 58 {
		f.icmp(&r)
	}
	d.take(at.n, &r)
}

// outCounts takes the counts of what left the exporter, which are of the other
// direction in nProbe and nfdump. They are of the same direction in routers that
// count only what leaves them, or that count the same coming and going.
func (f exportFields) outCounts(r *netRecord) {
	octets, packets := f.count(ieOutBytes), f.count(ieOutPackets)
	switch {
	case r.bytes == 0 && r.packets == 0:
		r.bytes, r.packets = octets, packets
	case r.outBytes == 0 && r.outPackets == 0 && (octets != r.bytes || packets != r.packets):
		r.outBytes, r.outPackets = octets, packets
	}
}

// icmp sets the ports of a record to the type and code of ICMP, as exporters that
// have no field for them do.
func (f exportFields) icmp(r *netRecord) {
	if n, ok := f.first(ieICMP4, ieICMP6); ok {
		r.srcPort, r.dstPort = 0, uint16(n)
	} else if kind, ok := f.first(ieICMP4Type, ieICMP6Type); ok {
		code, _ := f.first(ieICMP4Code, ieICMP6Code)
		r.srcPort, r.dstPort = 0, uint16(kind<<8|code&0xff)
	}
}

// observer returns who saw a record: an exporter that sees flows both coming and
// going reports them twice.
func (e *exportDomain) observer(f exportFields) []byte {
	b := e.key.from.AsSlice()
	b = binary.BigEndian.AppendUint32(b, e.key.id)
	if direction, ok := f.numbers[ieDirection]; ok {
		b = append(b, byte(direction))
	}
	return b
}

// options takes in what an exporter says about itself.
func (e *exportDomain) options(values []netflow.DataField) {
	f := fieldsOf(values)
	e.sampling = max(e.sampling, f.sampling())
	if started := f.numbers[ieSystemInit]; started > 0 {
		e.started = countOf(started)
	}
}

// sampling returns how many packets there were for each one that was counted, or 0.
func (f exportFields) sampling() uint32 {
	if n, ok := f.first(ieSamplingInterval, ieRandomInterval); ok {
		return uint32(n)
	}
	if n := f.numbers[ieSampledPackets]; n > 0 {
		return uint32((n + f.numbers[ieSkippedPackets]) / n)
	}
	if n := f.numbers[ieSampledSize]; n > 0 {
		return uint32(f.numbers[ieSampledPopulation] / n)
	}
	return 0
}
