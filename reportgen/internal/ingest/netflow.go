package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"

	"github.com/netsampler/goflow2/v2/decoders/netflow"
	"github.com/netsampler/goflow2/v2/decoders/netflowlegacy"
)

// exports decodes messages of NetFlow v5, v9 and IPFIX. Records that come before
// their template wait for it. The line of a flow is the number of the packet, or
// message, that it came in.
type exports struct {
	row     rowReader
	source  exportSource
	domains map[domainKey]*exportDomain
	waiting int // bytes of the sets that wait for their template
	done    []Flow
	bad     []rowError
	end     bool
}

// domainKey is an observation domain of an exporter, in which templates and
// sampling hold.
type domainKey struct {
	exporter
	version uint16
	id      uint32
}

// exportDomain is what a domain has said about its records. It has the methods of
// netflow.NetFlowTemplateSystem.
type exportDomain struct {
	key       domainKey
	templates map[uint16]any
	waiting   map[uint16][]waitingSet
	sampling  uint32
	started   int64 // when the exporter started, in milliseconds since 1970; 0 if unknown
	atMost    int64 // a bound of started that its records give; 0 if unknown
}

// waitingSet is a set of records whose template is not known yet.
type waitingSet struct {
	records []byte
	at      exportTime
}

// exportTime is what times in a message are relative to.
type exportTime struct {
	n      int64 // of the packet
	sent   int64 // milliseconds since 1970
	uptime uint32
}

// maxWaiting bounds the bytes of the sets that wait for their template.
const maxWaiting = 64 << 20

func openExports(in *lines, r rowReader, _ Options) (decoder, error) {
	start, _ := in.r.Peek(20)
	if len(start) == 0 {
		return emptyFile{}, nil
	}
	d := &exports{row: r.named(netflowNames), domains: map[domainKey]*exportDomain{}}
	if isIPFIX(start) {
		d.source = &filedExports{in: in.r, row: &d.row}
		return d, nil
	}
	packets, err := newPacketReader(in.r)
	if err != nil {
		return nil, fmt.Errorf("%w; NetFlow is read from captures of exporters, IPFIX also from files of its messages", err)
	}
	d.source = &capturedExports{row: &d.row, packets: packets}
	return d, nil
}

var netflowNames = [numFields]string{fieldTime: "start of the flow", fieldProto: "protocol", fieldSrc: "source address", fieldDst: "destination address"}

func (d *exports) Read() (Flow, error) {
	for {
		switch {
		case len(d.bad) > 0:
			bad := d.bad[0]
			d.bad = d.bad[1:]
			return Flow{}, &bad
		case len(d.done) > 0:
			f := d.done[0]
			d.done = d.done[1:]
			return f, nil
		case d.end:
			return Flow{}, io.EOF
		}
		d.done, d.bad = d.done[:0], d.bad[:0]
		m, err := d.source.next()
		switch {
		case errors.Is(err, io.EOF):
			d.end = true
			d.forsake()
		case err != nil:
			return Flow{}, err
		default:
			d.message(m)
		}
	}
}

// message decodes a message into flows and rows left out.
func (d *exports) message(m exportMessage) {
	b := bytes.NewBuffer(m.payload[2:])
	var err error
	switch m.payload[1] {
	case 5:
		var p netflowlegacy.PacketNetFlowV5
		if err = netflowlegacy.DecodeMessage(b, &p); err == nil {
			d.version5(m, &p)
		}
	case 9:
		var p netflow.NFv9Packet
		domain := d.domain(m.exporter, 9, uint32At(m.payload, 16))
		err = netflow.DecodeMessageNetFlow(b, domain, &p)
		d.sets(domain, p.FlowSets, exportTime{m.n, int64(p.UnixSeconds) * 1000, p.SystemUptime})
	default:
		var p netflow.IPFIXPacket
		domain := d.domain(m.exporter, 10, uint32At(m.payload, 12))
		err = netflow.DecodeMessageIPFIX(b, domain, &p)
		d.sets(domain, p.FlowSets, exportTime{n: m.n, sent: int64(p.ExportTime) * 1000})
	}
	if err != nil && !errors.Is(err, netflow.ErrorTemplateNotFound) {
		d.leaveOut(m.n, badMessage, err.Error())
	}
}

func uint32At(b []byte, i int) uint32 { return uint32(bigEndian(b[i : i+4])) }

// bigEndian reads a number of up to 8 bytes.
func bigEndian(b []byte) (n uint64) {
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

func (d *exports) domain(from exporter, version uint16, id uint32) *exportDomain {
	key := domainKey{from, version, id}
	domain := d.domains[key]
	if domain == nil {
		domain = &exportDomain{key: key, templates: map[uint16]any{}, waiting: map[uint16][]waitingSet{}}
		d.domains[key] = domain
	}
	return domain
}

func (d *exports) leaveOut(n int64, reason Reason, detail string) {
	d.bad = append(d.bad, rowError{Line: n, Reason: reason, Detail: detail})
}

// take takes in a record.
func (d *exports) take(n int64, r *netRecord) {
	f, err := d.row.record(n, r)
	if row, ok := errors.AsType[*rowError](err); ok {
		d.bad = append(d.bad, *row)
		return
	}
	d.done = append(d.done, f)
}

// version5 takes in the records of a message of NetFlow v5.
func (d *exports) version5(m exportMessage, p *netflowlegacy.PacketNetFlowV5) {
	at := exportTime{m.n, int64(p.UnixSecs)*1000 + int64(p.UnixNSecs/1e6), p.SysUptime}
	observer := append(m.exporter.from.AsSlice(), p.EngineType, p.EngineId)
	for i := range p.Records {
		r := &p.Records[i]
		d.take(m.n, &netRecord{
			first: at.ofUptime(r.First), last: at.ofUptime(r.Last),
			src: addr4(uint32(r.SrcAddr)), dst: addr4(uint32(r.DstAddr)), srcPort: r.SrcPort, dstPort: r.DstPort,
			proto: r.Proto, flags: r.TCPFlags, packets: int64(r.DPkts), bytes: int64(r.DOctets),
			observer: observer, sampling: uint32(p.SamplingInterval & 0x3fff), // above are bits of the mode
		})
	}
}

func addr4(n uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
}

// ofUptime returns the time at which an exporter had been up for so many
// milliseconds, which begin again with 0 every 50 days.
func (t exportTime) ofUptime(uptime uint32) int64 { return t.sent - int64(int32(t.uptime-uptime)) }

// sets takes in the sets of a message.
func (d *exports) sets(domain *exportDomain, sets []any, at exportTime) {
	for _, set := range sets {
		switch s := set.(type) {
		case netflow.DataFlowSet:
			domain.bound(s.Records, at)
			for i := range s.Records {
				d.data(domain, s.Records[i].Values, at)
			}
		case netflow.OptionsDataFlowSet:
			for i := range s.Records {
				domain.options(s.Records[i].OptionsValues)
				d.leaveOut(at.n, optionsRecord, fmt.Sprintf("template %d", s.Id))
			}
		case netflow.RawFlowSet:
			d.wait(domain, s, at)
		case netflow.TemplateFlowSet:
			for i := range s.Records {
				d.arrived(domain, &s.Records[i])
			}
		}
	}
}

// wait keeps a set until its template comes.
func (d *exports) wait(domain *exportDomain, s netflow.RawFlowSet, at exportTime) {
	if d.waiting += len(s.Records); d.waiting > maxWaiting {
		d.waiting -= len(s.Records)
		d.leaveOut(at.n, noTemplate, fmt.Sprintf("template %d", s.Id))
		return
	}
	domain.waiting[s.Id] = append(domain.waiting[s.Id], waitingSet{bytes.Clone(s.Records), at})
}

// arrived takes in the sets that waited for a template.
func (d *exports) arrived(domain *exportDomain, t *netflow.TemplateRecord) {
	sets := domain.waiting[t.TemplateId]
	if _, known := domain.templates[t.TemplateId]; !known || len(sets) == 0 {
		return
	}
	delete(domain.waiting, t.TemplateId)
	for _, s := range sets {
		d.waiting -= len(s.records)
		records, err := netflow.DecodeDataSet(domain.key.version, bytes.NewBuffer(s.records), t.Fields)
		domain.bound(records, s.at)
		for i := range records {
			d.data(domain, records[i].Values, s.at)
		}
		if err != nil {
			d.leaveOut(s.at.n, badMessage, err.Error())
		}
	}
}

// forsake leaves out the sets whose template did not come.
func (d *exports) forsake() {
	for _, domain := range d.domains {
		for _, id := range slices.Sorted(maps.Keys(domain.waiting)) {
			for _, s := range domain.waiting[id] {
				d.leaveOut(s.at.n, noTemplate, fmt.Sprintf("template %d", id))
			}
		}
	}
	slices.SortStableFunc(d.bad, func(a, b rowError) int { return int(a.Line - b.Line) })
}

// AddTemplate keeps a template. One without fields withdraws an earlier one; one
// whose records are empty would never come to an end.
func (e *exportDomain) AddTemplate(_ uint16, _ uint32, id uint16, template any) error {
	var fields []netflow.Field
	switch t := template.(type) {
	case netflow.TemplateRecord:
		fields = t.Fields
	case netflow.NFv9OptionsTemplateRecord:
		fields = append(slices.Clone(t.Scopes), t.Options...)
	case netflow.IPFIXOptionsTemplateRecord:
		fields = append(slices.Clone(t.Scopes), t.Options...)
	}
	if !slices.ContainsFunc(fields, func(f netflow.Field) bool { return f.Length > 0 }) {
		delete(e.templates, id)
		return nil
	}
	e.templates[id] = template
	return nil
}

// GetTemplate returns a template.
func (e *exportDomain) GetTemplate(_ uint16, _ uint32, id uint16) (any, error) {
	if t, ok := e.templates[id]; ok {
		return t, nil
	}
	return nil, netflow.ErrorTemplateNotFound
}

// RemoveTemplate forgets a template.
func (e *exportDomain) RemoveTemplate(_ uint16, _ uint32, id uint16) (any, error) {
	t := e.templates[id]
	delete(e.templates, id)
	return t, nil
}

// GetTemplates returns nothing, since nothing asks for it.
func (e *exportDomain) GetTemplates() netflow.FlowBaseTemplateSet { return nil }
