package ingest

import (
	"net/netip"

	"github.com/flowbook/flowbook/pkg/flow"
)

// netRecord is a record of NetFlow or IPFIX that was read from binary data.
type netRecord struct {
	first, last          int64 // milliseconds since 1970
	src, dst             netip.Addr
	srcPort, dstPort     uint16
	proto                uint8
	flags, outFlags      uint8
	packets, bytes       int64
	outPackets, outBytes int64  // of the other direction, if the record has both
	observer             []byte // exporter; nil if unknown
	sampling             uint32 // packets for each one that was counted; 0 or 1 if all were
	timeGuessed          bool   // the times are derived from when the record was sent
	uncounted            bool   // the record has no bytes
	denied               bool   // a firewall refused the connection
}

// scaledByCollector is the sampling of counts that the collector has multiplied.
const scaledByCollector = ^uint32(0)

// record turns a record of binary data into a flow.
func (r *rowReader) record(line int64, n *netRecord) (Flow, error) {
	f := Flow{Line: line, OneWay: true, Observer: observer(n.observer), Sampling: n.sampling, TimeGuessed: n.timeGuessed, BytesUnknown: n.uncounted}
	if n.sampling == 1 {
		f.Sampling = 0
	}
	var err error
	if f.Proto, err = r.carried(line, flow.Proto(n.proto)); err != nil {
		return Flow{}, err
	}
	f.Date, f.Time = r.time.at(floorDiv(n.first, 1000), flow.Time(n.first-floorDiv(n.first, 1000)*1000)/10)
	if n.last >= n.first {
		f.Duration = flow.SpanOf((n.last - n.first) / 10)
	}
	if err := r.checkDate(line, &f, nil); err != nil {
		return Flow{}, err
	}
	f.Src, f.Dst, f.SrcPort, f.Port = n.src.Unmap(), n.dst.Unmap(), n.srcPort, n.dstPort
	f.Up, f.UpPackets, f.Flags, f.DownFlags = n.bytes, n.packets, n.flags, n.outFlags
	if isICMP(f.Proto) {
		f.SrcPort, f.Port = icmpEnds(f.Proto, uint8(n.dstPort>>8), uint8(n.dstPort), true)
	} else if !f.Proto.HasPorts() {
		f.SrcPort, f.Port = 0, 0
	}
	if n.denied {
		f.State = flow.Refused
	}
	if n.outBytes > 0 || n.outPackets > 0 {
		f.OneWay, f.Part, f.Down, f.DownPackets = false, true, n.outBytes, n.outPackets
	}
	return f, nil
}
