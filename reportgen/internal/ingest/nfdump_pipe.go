package ingest

import (
	"bytes"
	"net/netip"
	"regexp"
)

// nfdumpPiped matches a row of nfdump -o pipe: the address family, of Linux, macOS or
// FreeBSD, and then numbers.
var nfdumpPiped = regexp.MustCompile(`^(2|10|24|28|30)(\|\d+){21,23}$`)

// nfdumpPipe decodes nfdump -o pipe, whose rows are numbers. Times are milliseconds
// in version 1.7, and seconds and milliseconds in columns of their own in 1.6.
type nfdumpPipe struct{ nfdumpText }

func (d *nfdumpPipe) Read() (Flow, error) {
	for {
		line, whole, err := d.in.next()
		if err != nil {
			return Flow{}, err
		}
		if len(line) == 0 || nfdumpTail(line) {
			continue
		}
		var n [24]int64
		fields := 0
		for field := range bytes.SplitSeq(line, []byte("|")) {
			if fields == len(n) {
				return Flow{}, d.short(line, whole)
			}
			var ok bool
			if n[fields], ok = digits(bytes.TrimSpace(field)); !ok {
				return Flow{}, d.row.leaveOut(d.in.n, badNumber, excerpt(line))
			}
			fields++
		}
		r := netRecord{first: n[1], last: n[2]}
		rest := n[3:]
		switch {
		case !whole || fields != 22 && fields != 24:
			return Flow{}, d.short(line, whole)
		case fields == 24:
			r.first, r.last, rest = n[1]*1000+n[2], n[3]*1000+n[4], n[5:]
		}
		r.proto, r.srcPort, r.dstPort = uint8(rest[0]), uint16(rest[5]), uint16(rest[10])
		r.src, r.dst = fourWords(n[0], rest[1:5]), fourWords(n[0], rest[6:10])
		r.flags, r.packets, r.bytes = uint8(rest[15]), rest[17], rest[18]
		return d.row.record(d.in.n, &r)
	}
}

// fourWords reads an address written as four numbers of 32 bits. IPv4 uses the last.
func fourWords(family int64, words []int64) netip.Addr {
	if family == 2 {
		return addr4(uint32(words[3]))
	}
	var b [16]byte
	for i, w := range words {
		a := addr4(uint32(w)).As4()
		copy(b[4*i:], a[:])
	}
	return netip.AddrFrom16(b).Unmap()
}
