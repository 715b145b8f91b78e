package ingest

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

// nfcapdRecord3 reads a record of nfdump 1.7: a header and elements, each with its
// type and length (nfxV3.h of nfdump).
func nfcapdRecord3(b []byte) (r netRecord, ok bool) {
	const header = 12
	if len(b) < header {
		return r, false
	}
	if exporter := b[8:10]; exporter[0]|exporter[1] != 0 {
		r.observer = exporter
	}
	if b[10]&2 != 0 {
		r.sampling = scaledByCollector
	}
	timed, router := false, []byte(nil)
	for rest := b[header:]; len(rest) >= 4; {
		kind, size := binary.LittleEndian.Uint16(rest), int(binary.LittleEndian.Uint16(rest[2:]))
		if size < 4 || size > len(rest) {
			return r, false
		}
		e := rest[4:size]
		rest = rest[size:]
		switch {
		case kind == 1 && len(e) >= 48: // times, counts, ports and protocol
			timed = true
			r.first, r.last = int64(binary.LittleEndian.Uint64(e)), int64(binary.LittleEndian.Uint64(e[8:]))
			r.packets, r.bytes = countOf(binary.LittleEndian.Uint64(e[24:])), countOf(binary.LittleEndian.Uint64(e[32:]))
			r.srcPort, r.dstPort = binary.LittleEndian.Uint16(e[40:]), binary.LittleEndian.Uint16(e[42:])
			r.proto, r.flags = e[44], e[45]
		case kind == 2 && len(e) >= 8: // IPv4
			r.src, r.dst = wordAddr(e), wordAddr(e[4:])
		case kind == 3 && len(e) >= 32: // IPv6
			r.src, r.dst = wordsAddr(e), wordsAddr(e[16:])
		case kind == 5 && len(e) >= 24: // counts of the other direction
			r.outPackets, r.outBytes = countOf(binary.LittleEndian.Uint64(e[8:])), countOf(binary.LittleEndian.Uint64(e[16:]))
		case (kind == 12 || kind == 13) && len(e) >= 4: // address of the exporter
			router = e
		}
	}
	if router != nil {
		r.observer = router
	}
	return r, timed && r.src.IsValid()
}

// nfcapdMaps are the extension maps of a file of nfdump 1.6: which extensions follow
// a record, by the number of the map.
type nfcapdMaps map[uint16][]uint16

func (m nfcapdMaps) add(b []byte) {
	if len(b) < 8 {
		return
	}
	var all []uint16
	for e := b[8:]; len(e) >= 2; e = e[2:] {
		id := binary.LittleEndian.Uint16(e)
		if id == 0 {
			break
		}
		all = append(all, id)
	}
	m[binary.LittleEndian.Uint16(b[4:])] = all
}

// extensionSizes are the bytes of the extensions of nfdump 1.6 (nfx.h).
var extensionSizes = map[uint16]int{
	4: 4, 5: 8, 6: 4, 7: 8, 8: 4, 9: 4, 10: 16, 11: 4, 12: 16, 13: 4, 14: 4, 15: 8, 16: 4, 17: 8, 18: 4, 19: 8, 20: 16, 21: 16, 22: 40,
	23: 4, 24: 16, 25: 4, 26: 8, 27: 8, 37: 20, 38: 4, 39: 8, 40: 32, 41: 24, 42: 24, 43: 72, 45: 24, 46: 12, 47: 4,
}

// The flags of a record of nfdump 1.6.
const (
	nfIPv6 = 1 << iota
	nfPackets64
	nfBytes64
)

// record reads a record of nfdump 1.6: what is common to all, and the extensions
// of its map.
func (m nfcapdMaps) record(b []byte) (r netRecord, ok bool) {
	data := 32
	if len(b) < 4 || binary.LittleEndian.Uint16(b) == 1 { // up to 1.6.17
		data = 28
	}
	if len(b) < data {
		return r, false
	}
	flags := b[4]
	r.first = int64(binary.LittleEndian.Uint32(b[12:]))*1000 + int64(binary.LittleEndian.Uint16(b[8:]))
	r.last = int64(binary.LittleEndian.Uint32(b[16:]))*1000 + int64(binary.LittleEndian.Uint16(b[10:]))
	r.flags, r.proto = b[21], b[22]
	r.srcPort, r.dstPort = binary.LittleEndian.Uint16(b[24:]), binary.LittleEndian.Uint16(b[26:])
	if exporter := b[28:data]; data == 32 && exporter[0]|exporter[1] != 0 {
		r.observer = exporter[:2]
	} else if data == 28 && b[5] != 0 {
		r.observer = b[5:6]
	}
	if flags&128 != 0 {
		r.sampling = scaledByCollector
	}
	rest := nfcapdBytes(b[data:])
	if flags&nfIPv6 != 0 {
		if a := rest.take(32); a != nil {
			r.src, r.dst = wordsAddr(a), wordsAddr(a[16:])
		}
	} else if a := rest.take(8); a != nil {
		r.src, r.dst = wordAddr(a), wordAddr(a[4:])
	}
	r.packets = rest.count(flags&nfPackets64 != 0)
	if len(rest) < 4 {
		return r, false
	}
	r.bytes = rest.count(flags&nfBytes64 != 0)
	for _, id := range m[binary.LittleEndian.Uint16(b[6:])] {
		e := rest.take(extensionSizes[id])
		if e == nil {
			break // the extensions after one that is not known cannot be found
		}
		switch id {
		case 14, 15:
			r.outPackets = (*nfcapdBytes)(&e).count(id == 15)
		case 16, 17:
			r.outBytes = (*nfcapdBytes)(&e).count(id == 17)
		case 23, 24:
			r.observer = e
		}
	}
	return r, r.src.IsValid()
}

// nfcapdBytes is what is left of a record.
type nfcapdBytes []byte

// take cuts bytes off, or returns nil if there are too few.
func (b *nfcapdBytes) take(n int) []byte {
	if n == 0 || len(*b) < n {
		return nil
	}
	taken := (*b)[:n]
	*b = (*b)[n:]
	return taken
}

// count cuts a number of 8 or 4 bytes off.
func (b *nfcapdBytes) count(long bool) int64 {
	if long {
		if e := b.take(8); e != nil {
			return countOf(binary.LittleEndian.Uint64(e))
		}
		return 0
	}
	if e := b.take(4); e != nil {
		return int64(binary.LittleEndian.Uint32(e))
	}
	return 0
}

// countOf returns a count, at most the largest int64.
func countOf(n uint64) int64 { return int64(min(n, 1<<63-1)) }

// wordAddr reads an IPv4 address that is a number of the machine.
func wordAddr(b []byte) netip.Addr {
	a := [4]byte(b[:4])
	slices.Reverse(a[:])
	return netip.AddrFrom4(a)
}

// wordsAddr reads an IPv6 address that is two numbers of the machine.
func wordsAddr(b []byte) netip.Addr {
	a := [16]byte(b[:16])
	slices.Reverse(a[:8])
	slices.Reverse(a[8:])
	return netip.AddrFrom16(a).Unmap()
}
