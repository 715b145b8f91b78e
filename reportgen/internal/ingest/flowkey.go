package ingest

import (
	"encoding/binary"
	"net/netip"

	"github.com/flowbook/flowbook/pkg/flow"
)

// appendFlow writes a flow as bytes whose order is that of flow.Compare: numbers
// are big-endian, and an address is its length before its sixteen bytes, since
// IPv4 comes before IPv6.
func appendFlow(b []byte, f Flow) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(f.Date)^1<<31) // so that dates before 1970 come first
	b = binary.BigEndian.AppendUint32(b, uint32(f.Time))
	b = appendAddr(b, f.Src)
	b = appendAddr(b, f.Dst)
	b = append(b, byte(f.Proto))
	b = binary.BigEndian.AppendUint16(b, f.Port)
	b = binary.BigEndian.AppendUint64(b, uint64(f.Up))
	b = binary.BigEndian.AppendUint64(b, uint64(f.Down))
	return appendDetails(b, &f.Details)
}

func keyDate(k []byte) Date { return Date(binary.BigEndian.Uint32(k) ^ 1<<31) }

func readFlow(k []byte, names *nameTable) Flow {
	return Flow{
		Date: keyDate(k),
		Record: flow.Record{
			Time:    flow.Time(binary.BigEndian.Uint32(k[4:])),
			Src:     readAddr(k[8:]),
			Dst:     readAddr(k[25:]),
			Proto:   flow.Proto(k[42]),
			Port:    binary.BigEndian.Uint16(k[43:]),
			Up:      int64(binary.BigEndian.Uint64(k[45:])),
			Down:    int64(binary.BigEndian.Uint64(k[53:])),
			Details: readDetails(k[61:], names),
		},
	}
}

// detailsSize is the size of what appendDetails writes before the name.
const detailsSize = 1 + 4 + 2 + 8 + 8 + 1

// appendDetails writes the optional part of a flow. A duration has a byte before
// it that says whether it is known.
func appendDetails(b []byte, d *flow.Details) []byte {
	known := byte(0)
	if d.Duration.Known() {
		known = 1
	}
	b = binary.BigEndian.AppendUint32(append(b, known), uint32(d.Duration.Hundredths()))
	b = binary.BigEndian.AppendUint16(b, d.SrcPort)
	b = binary.BigEndian.AppendUint64(b, uint64(d.UpPackets))
	b = binary.BigEndian.AppendUint64(b, uint64(d.DownPackets))
	return append(append(b, byte(d.State)), d.Name...)
}

func readDetails(k []byte, names *nameTable) (d flow.Details) {
	if k[0] == 1 {
		d.Duration = flow.SpanOf(int64(binary.BigEndian.Uint32(k[1:])))
	}
	d.SrcPort = binary.BigEndian.Uint16(k[5:])
	d.UpPackets = int64(binary.BigEndian.Uint64(k[7:]))
	d.DownPackets = int64(binary.BigEndian.Uint64(k[15:]))
	d.State = flow.State(k[23])
	d.Name = names.name(k[24:])
	return d
}

// nameTable converts names to strings. A log repeats few names often, so each is
// stored once. The zero value is empty.
type nameTable struct {
	names map[string]string
}

func (t *nameTable) name(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s, ok := t.names[string(b)]; ok {
		return s
	}
	if t.names == nil || len(t.names) >= maxAddrs {
		t.names = map[string]string{}
	}
	s := string(b)
	t.names[s] = s
	return s
}

func appendAddr(b []byte, a netip.Addr) []byte {
	sixteen := a.As16()
	return append(append(b, byte(a.BitLen())), sixteen[:]...)
}

func readAddr(b []byte) netip.Addr {
	a := netip.AddrFrom16([16]byte(b[1:17]))
	if b[0] == 32 {
		return a.Unmap()
	}
	return a
}
