package ingest

import (
	"bytes"
	"regexp"

	"github.com/flowbook/flowbook/pkg/flow"
)

// analyticsNames is what the tables of Azure's traffic analytics have: AzureNetworkAnalytics_CL of network security
// groups, and NTANetAnalytics of virtual networks.
var analyticsNames = regexp.MustCompile(`\b(SrcIP_s|SrcIp)\b`)

// analytics decodes traffic analytics, as CSV of the portal or JSON. A row adds up the connections of two hosts to a port in ten
// minutes or an hour. One of public addresses lists them, each with its packets and bytes, and becomes several flows.
type analytics struct {
	decoder
	flows []Flow // of the last row
}

func openAnalytics(in *lines, r rowReader, opt Options) (_ decoder, err error) {
	d := &analytics{}
	if isJSONTable(in) {
		d.decoder, err = openJSONTable(in, r, d.table())
	} else {
		d.decoder, err = newTable(in, r, d.table(), opt.Delimiter)
	}
	return d, err
}

func (d *analytics) Read() (Flow, error) {
	for len(d.flows) == 0 {
		if _, err := d.decoder.Read(); err != nil {
			return Flow{}, err
		}
	}
	f := d.flows[0]
	d.flows = d.flows[1:]
	return f, nil
}

// The columns of lists of public addresses are read as these fields, which the table does not have.
const (
	fieldSources      = fieldUID
	fieldDestinations = fieldName
)

func (d *analytics) table() tableSpec {
	s := tableSpec{
		about:   "a table of Azure's traffic analytics",
		unset:   []string{"", "null"},
		needed:  []field{fieldTime, fieldPort, fieldProto},
		layouts: []string{"2006-01-02T15:04:05Z07:00", "1/2/2006, 3:04:05 PM", "2006-01-02 15:04:05"},
		flow: func(r *rowReader, line int64) (_ Flow, err error) {
			d.flows, err = analyticsFlows(r, line)
			return Flow{}, err
		},
	}
	named := func(v2, nta string) []string { return []string{nta, v2, nta + " [UTC]", v2 + " [UTC]"} }
	s.names = [numFields][]string{
		fieldTime: named("FlowStartTime_t", "FlowStartTime"), fieldEnd: named("FlowEndTime_t", "FlowEndTime"), fieldStatus: named("SubType_s", "SubType"),
		fieldSrc: named("SrcIP_s", "SrcIp"), fieldDst: named("DestIP_s", "DestIp"), fieldSources: named("SrcPublicIPs_s", "SrcPublicIps"), fieldDestinations: named("DestPublicIPs_s", "DestPublicIps"),
		fieldPort: named("DestPort_d", "DestPort"), fieldProto: named("L4Protocol_s", "L4Protocol"), fieldState: named("FlowStatus_s", "FlowStatus"),
		fieldUp: named("OutboundBytes_d", "BytesSrcToDest"), fieldDown: named("InboundBytes_d", "BytesDestToSrc"),
		fieldUpPackets: named("OutboundPackets_d", "PacketsSrcToDest"), fieldDownPackets: named("InboundPackets_d", "PacketsDestToSrc"),
	}
	return s
}

// analyticsFlows returns the flows of a row.
func analyticsFlows(r *rowReader, line int64) (flows []Flow, err error) {
	v := &r.values
	if kind := v[fieldStatus]; kind != nil && string(kind) != "FlowLog" {
		return nil, r.leaveOut(line, otherLog, "SubType "+excerpt(kind))
	}
	v[fieldProto] = azureProtocol(v[fieldProto])
	denied := bytes.HasPrefix(v[fieldState], []byte("D"))
	public, listed := fieldDst, v[fieldDestinations]
	if v[fieldSrc] == nil {
		public, listed = fieldSrc, v[fieldSources]
	}
	v[fieldSources], v[fieldDestinations], v[fieldState], v[fieldStatus] = nil, nil, nil, nil
	add := func() error {
		f, err := r.flow(line)
		if err != nil {
			return err
		}
		f.Part, f.Patient, f.Opener, f.Summed = true, true, openerSrc, true
		if denied {
			f.State = flow.Refused
		}
		flows = append(flows, f)
		return nil
	}
	if v[public] != nil || listed == nil {
		return flows, add()
	}
	// Each is: address|connections begun|ended|packets out|packets in|bytes out|bytes in.
	for _, entry := range bytes.Fields(listed) {
		part := bytes.Split(entry, []byte("|"))
		if len(part) != 7 {
			return nil, r.leaveOut(line, fieldCount, excerpt(entry))
		}
		v[public], v[fieldUpPackets], v[fieldDownPackets], v[fieldUp], v[fieldDown] = part[0], part[3], part[4], part[5], part[6]
		if err := add(); err != nil {
			return nil, err
		}
	}
	return flows, nil
}

// azureProtocol returns the name of a protocol that Azure abbreviates.
func azureProtocol(v []byte) []byte {
	switch string(v) {
	case "T":
		return []byte("tcp")
	case "U":
		return []byte("udp")
	}
	return v
}
