package ingest

import (
	"math"
	"strings"
)

// collectorTable is the table of records of NetFlow, IPFIX and sFlow as collectors write
// them, in the names of each: GoFlow2 (src_addr), Akvorado (SrcAddr), pmacct (ip_src,
// SRC_IP), Logstash (netflow.ipv4_src_addr), nProbe and ntopng (IPV4_SRC_ADDR), and
// those of IPFIX (sourceIPv4Address), also as IPFIXcol2 writes them (iana:sourceIPv4Address).
//
// A record describes one direction, unless it has bytes back, as those of nProbe do.
func collectorTable(opt Options) (tableSpec, error) {
	s := tableSpec{
		about:  "the records of a NetFlow collector",
		header: opt.Fields,
		advice: ", or with --fields",
		unset:  []string{""},
		either: []field{fieldTime, fieldStatus},
		needed: []field{fieldSrc, fieldDst, fieldSrcPort, fieldPort, fieldProto, fieldUp},
		finest: 1e9,
		flow:   collectorFlow,

		icmpForm: icmpPacked,
	}
	s.names = [numFields][]string{
		fieldTime: collected("flowStartMilliseconds", "first_switched", "FLOW_START_MILLISECONDS", "time_flow_start_ns", "time_flow_start", "TimeFlowStartNs", "TimeFlowStart", "timestamp_start",
			"flowStartSeconds", "flowStartMicroseconds", "flowStartNanoseconds"),
		fieldStatus: collected("time_received_ns", "time_received", "TimeReceivedNs", "TimeReceived", "stamp_inserted"),
		fieldEnd: collected("flowEndMilliseconds", "last_switched", "FLOW_END_MILLISECONDS", "time_flow_end_ns", "time_flow_end", "TimeFlowEndNs", "TimeFlowEnd", "timestamp_end",
			"flowEndSeconds", "flowEndMicroseconds", "flowEndNanoseconds"),
		fieldSrc:         collected("ipv4_src_addr", "ipv6_src_addr", "sourceIPv4Address", "sourceIPv6Address", "src_addr", "SrcAddr", "ip_src", "SRC_IP"),
		fieldDst:         collected("ipv4_dst_addr", "ipv6_dst_addr", "destinationIPv4Address", "destinationIPv6Address", "dst_addr", "DstAddr", "ip_dst", "DST_IP"),
		fieldSrcPort:     collected("l4_src_port", "sourceTransportPort", "src_port", "SrcPort", "port_src"),
		fieldPort:        collected("l4_dst_port", "destinationTransportPort", "dst_port", "DstPort", "port_dst"),
		fieldProto:       collected("protocol", "protocolIdentifier", "proto", "ip_proto"),
		fieldUp:          collected("in_bytes", "octetDeltaCount", "octetTotalCount", "bytes"),
		fieldDown:        collected("out_bytes", "reverseOctetDeltaCount", "reverseOctetTotalCount"),
		fieldUpPackets:   collected("in_pkts", "packetDeltaCount", "packetTotalCount", "packets"),
		fieldDownPackets: collected("out_pkts", "reversePacketDeltaCount", "reversePacketTotalCount"),
		fieldFlags:       collected("tcp_flags", "tcpControlBits", "TCPFlags"),
		fieldSampling:    collected("sampling_rate", "SamplingRate", "sampling_interval", "samplingInterval"),
		fieldObserver:    {"sampler_address", "SamplerAddress", "ExporterAddress", "peer_ip_src", "host"},
	}
	return s, nil
}

// collected returns the spellings of names: as they are, in capitals, as some programs
// write keys, below the key of Logstash, and after the one who assigned them.
func collected(names ...string) (all []string) {
	for _, name := range names {
		all = append(all, name)
		if lower := strings.ToLower(name); name == lower {
			all = append(all, strings.ToUpper(name), strings.ToUpper(name[:1])+name[1:])
		}
		all = append(all, "netflow."+name, "iana:"+name)
		if reverse, ok := strings.CutPrefix(name, "reverse"); ok {
			all = append(all, "iana@reverse:"+strings.ToLower(reverse[:1])+reverse[1:]+"@reverse")
		}
	}
	return all
}

func collectorFlow(r *rowReader, line int64) (Flow, error) {
	r.oneWay = r.values[fieldDown] == nil
	guessed := r.values[fieldTime] == nil && r.values[fieldStatus] != nil
	if guessed {
		r.values[fieldTime] = r.values[fieldStatus]
	}
	f, err := r.flow(line)
	if err != nil {
		return f, err
	}
	f.TimeGuessed = guessed
	if n, ok := digits(r.values[fieldSampling]); ok && n <= math.MaxUint32 {
		f.Sampling = uint32(n)
	}
	f.Part = !f.OneWay // an exporter cuts long connections
	return f, nil
}
