package ingest

import "bytes"

// vpcDefault is the default format of AWS VPC flow logs (version 2), which
// CloudWatch hands out without a line that names the fields.
var vpcDefault = []string{
	"version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport",
	"protocol", "packets", "bytes", "start", "end", "action", "log-status",
}

// vpcTable is the table of AWS VPC flow logs. A record tells one direction at
// one network interface; rejected traffic is read like accepted, since an
// attempt to connect is what it was. Where the log has the addresses of the
// packets (pkt-srcaddr, pkt-dstaddr), these and not those of the interface
// are the ends of the connection: a gateway rewrites the latter.
//
// Traffic between two interfaces of which both are logged is told twice, and
// counted once: see [Sorter.Pair].
//
// Bytes are those of the packets. Times are in seconds, so that many flows
// begin in the same hundredth.
func vpcTable(opt Options) (tableSpec, error) {
	s := tableSpec{
		about:  "a VPC flow log",
		header: opt.Fields,
		advice: "; --fields names them",
		unset:  []string{"-", ""},
		needed: []field{fieldTime, fieldSrc, fieldDst, fieldSrcPort, fieldPort, fieldProto, fieldUp},
		flow:   vpcFlow,

		stamped: true,
	}
	if len(s.header) == 0 {
		s.header, s.assumed = vpcDefault, true
	}
	s.names = [numFields][]string{
		fieldTime: {"start"}, fieldEnd: {"end"}, fieldProto: {"protocol"},
		fieldSrc: {"pkt-srcaddr", "srcaddr"}, fieldSrcPort: {"srcport"},
		fieldDst: {"pkt-dstaddr", "dstaddr"}, fieldPort: {"dstport"},
		fieldUp: {"bytes"}, fieldFlags: {"tcp-flags"}, fieldStatus: {"log-status"}, fieldObserver: {"interface-id"},
	}
	return s, nil
}

// The TCP flags of a record, which hold those of all its packets: SYN alone
// was sent by who opened the connection, SYN and ACK by who answered.
const (
	tcpSYN = 2
	tcpACK = 16
)

func vpcFlow(r *rowReader, line int64) (Flow, error) {
	if status := r.values[fieldStatus]; status != nil && !bytes.Equal(status, []byte("OK")) {
		return Flow{}, r.leaveOut(line, NoData, string(status))
	}
	f, err := r.flow(line)
	if err != nil {
		return Flow{}, err
	}
	flags, set, ok := count64(r.values[fieldFlags])
	switch {
	case !ok:
		return Flow{}, r.unreadable(line, BadNumber, fieldFlags)
	case set && flags&(tcpSYN|tcpACK) == tcpSYN:
		f.Opener = OpenerSrc
	case set && flags&(tcpSYN|tcpACK) == tcpSYN|tcpACK:
		f.Opener = OpenerDst
	}
	return f, nil
}
