package ingest

import (
	"bytes"

	"github.com/flowbook/flowbook/pkg/flow"
)

// vpcDefault is the default format of AWS VPC flow logs (version 2), which
// CloudWatch hands out without a line that names the fields.
var vpcDefault = []string{
	"version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport",
	"protocol", "packets", "bytes", "start", "end", "action", "log-status",
}

// vpcTable is the table of AWS VPC flow logs. A record describes one direction at
// one network interface. Rejected traffic is read like accepted traffic, since it
// is an attempt to connect. If the log has the addresses of the packets
// (pkt-srcaddr, pkt-dstaddr), they are the ends of the connection rather than the
// addresses of the interface, since a gateway rewrites the latter.
//
// If both interfaces of a connection are logged, the log has its traffic twice; it
// is counted once (see [Sorter.Pair]).
//
// Tables of Athena and programs that read the log name the fields in their own way.
//
// Byte counts include the headers of packets. Times are in seconds, so many flows
// begin in the same hundredth.
func vpcTable(opt Options) (tableSpec, error) {
	s := tableSpec{
		about:  "a VPC flow log",
		header: opt.Fields,
		advice: ", or with --fields",
		unset:  []string{"-", ""},
		needed: []field{fieldTime, fieldSrc, fieldDst, fieldSrcPort, fieldPort, fieldProto, fieldUp},
		flow:   vpcFlow,

		stamped: true,
	}
	if len(s.header) == 0 {
		s.header, s.assumed = vpcDefault, true
	}
	s.names = [numFields][]string{
		fieldTime: {"start", "starttime"}, fieldEnd: {"end", "endtime"}, fieldProto: {"protocol"},
		fieldSrc: {"pkt-srcaddr", "srcaddr", "pktSrcAddr", "srcAddr", "sourceaddress"}, fieldSrcPort: {"srcport", "srcPort", "sourceport"},
		fieldDst: {"pkt-dstaddr", "dstaddr", "pktDstAddr", "dstAddr", "destinationaddress"}, fieldPort: {"dstport", "dstPort", "destinationport"},
		fieldUp: {"bytes", "numbytes"}, fieldFlags: {"tcp-flags"}, fieldStatus: {"log-status"}, fieldObserver: {"interface-id"}, fieldUpPackets: {"packets", "numpackets"}, fieldState: {"action"},
	}
	return s, nil
}

// vpcFlow reads a record. Its TCP flags are those of all its packets: SYN alone
// was sent by the side that opened the connection, SYN with ACK by the side that
// answered.
func vpcFlow(r *rowReader, line int64) (Flow, error) {
	if status := r.values[fieldStatus]; status != nil && !bytes.Equal(status, []byte("OK")) {
		return Flow{}, r.leaveOut(line, noData, string(status))
	}
	f, err := r.flow(line)
	if err != nil {
		return Flow{}, err
	}
	if v := r.values[fieldFlags]; v != nil {
		if _, ok := digits(v); !ok {
			return Flow{}, r.unreadable(line, badNumber, fieldFlags)
		}
	}
	switch f.Flags & (tcpSYN | tcpACK) {
	case tcpSYN:
		f.Opener = openerSrc
	case tcpSYN | tcpACK:
		f.Opener = openerDst
	}
	if bytes.EqualFold(r.values[fieldState], []byte("REJECT")) {
		f.State = flow.Refused
	}
	return f, nil
}
