package ingest

// silkTable is the table that rwcut of SiLK prints, whose records describe one
// direction. Times are in UTC unless rwcut was asked for others.
func silkTable(opt Options) (tableSpec, error) {
	s := tableSpec{
		about:  "the output of rwcut",
		header: opt.Fields,
		advice: ", or with --fields; rwcut prints them unless --no-titles is given",
		unset:  []string{""},
		needed: []field{fieldTime, fieldSrc, fieldDst, fieldSrcPort, fieldPort, fieldProto, fieldUp},

		icmpForm: icmpPacked,
	}
	if len(s.header) == 0 { // of rwcut --no-titles
		s.header = []string{"sIP", "dIP", "sPort", "dPort", "pro", "packets", "bytes", "flags", "sTime", "duration", "eTime", "sen", ""}
		s.longer = true
	}
	s.names = [numFields][]string{
		fieldTime: {"sTime", "sTime+msec"}, fieldEnd: {"eTime", "eTime+msec"}, fieldDuration: {"duration", "dur", "dur+msec"}, fieldSrc: {"sIP"}, fieldDst: {"dIP"}, fieldSrcPort: {"sPort"}, fieldPort: {"dPort"},
		fieldProto: {"pro", "protocol"}, fieldUp: {"bytes"}, fieldUpPackets: {"packets"}, fieldFlags: {"initialF", "flags"}, fieldObserver: {"sen", "sensor"},
	}
	return s, nil
}

// cicTable is the table of CICFlowMeter, in the names of its versions. Timestamps
// have the day before the month, and durations are in microseconds. A connection is cut
// after two minutes.
func cicTable(opt Options) (tableSpec, error) {
	s := tableSpec{
		about:   "the output of CICFlowMeter",
		header:  opt.Fields,
		advice:  ", or with --fields",
		unset:   []string{""},
		needed:  []field{fieldTime, fieldSrc, fieldDst, fieldPort, fieldProto, fieldUp, fieldDown},
		layouts: []string{"02/01/2006 03:04:05 PM", "02/01/2006 15:04:05", "2/1/2006 15:04:05", "2/1/2006 15:04", "02/01/2006 15:04", "2006-01-02 15:04:05"},
		perSec:  1e6,
		flow: func(r *rowReader, line int64) (Flow, error) {
			f, err := r.flow(line)
			f.Part = true
			return f, err
		},
	}
	s.names = [numFields][]string{
		fieldTime: {"Timestamp"}, fieldDuration: {"Flow Duration", "flow_duration"}, fieldProto: {"Protocol"},
		fieldSrc: {"Src IP", "Source IP", "src_ip"}, fieldSrcPort: {"Src Port", "Source Port", "src_port"},
		fieldDst: {"Dst IP", "Destination IP", "dst_ip"}, fieldPort: {"Dst Port", "Destination Port", "dst_port"},
		fieldUp:        {"Total Length of Fwd Packet", "Total Length of Fwd Packets", "TotLen Fwd Pkts", "totlen_fwd_pkts"},
		fieldDown:      {"Total Length of Bwd Packet", "Total Length of Bwd Packets", "TotLen Bwd Pkts", "totlen_bwd_pkts"},
		fieldUpPackets: {"Total Fwd Packet", "Total Fwd Packets", "Tot Fwd Pkts", "tot_fwd_pkts"}, fieldDownPackets: {"Total Bwd packets", "Total Backward Packets", "Tot Bwd Pkts", "tot_bwd_pkts"},
	}
	return s, nil
}

// nfstreamTable is the table that NFStream writes, with times in milliseconds. A connection is
// cut after half an hour.
func nfstreamTable(opt Options) (tableSpec, error) {
	s := tableSpec{
		about:  "the output of NFStream",
		header: opt.Fields,
		advice: ", or with --fields",
		unset:  []string{""},
		needed: []field{fieldTime, fieldSrc, fieldDst, fieldPort, fieldProto, fieldUp, fieldDown},
		perSec: 1e3,
		flow: func(r *rowReader, line int64) (Flow, error) {
			f, err := r.flow(line)
			f.Part = true
			return f, err
		},
	}
	s.names = [numFields][]string{
		fieldTime: {"bidirectional_first_seen_ms"}, fieldDuration: {"bidirectional_duration_ms"}, fieldProto: {"protocol"},
		fieldSrc: {"src_ip"}, fieldSrcPort: {"src_port"}, fieldDst: {"dst_ip"}, fieldPort: {"dst_port"},
		fieldUp: {"src2dst_bytes"}, fieldDown: {"dst2src_bytes"}, fieldUpPackets: {"src2dst_packets"}, fieldDownPackets: {"dst2src_packets"},
		fieldName: {"requested_server_name"},
	}
	return s, nil
}

// ugrTable is the table of the UGR'16 data, NetFlow records without a line that names
// the columns. Their times are those of the end.
func ugrTable(opt Options) (tableSpec, error) {
	s := tableSpec{
		about:  "a table of UGR'16",
		header: opt.Fields,
		needed: []field{fieldEnd, fieldDuration, fieldSrc, fieldDst, fieldSrcPort, fieldPort, fieldProto, fieldUp},

		icmpForm: icmpPacked,
	}
	if len(s.header) == 0 {
		s.header = []string{"te", "td", "sa", "da", "sp", "dp", "pr", "flg", "fwd", "stos", "pkt", "byt", "label"}
		s.longer = true
	}
	s.names = [numFields][]string{
		fieldEnd: {"te"}, fieldDuration: {"td"}, fieldSrc: {"sa"}, fieldDst: {"da"}, fieldSrcPort: {"sp"}, fieldPort: {"dp"},
		fieldProto: {"pr"}, fieldUp: {"byt"}, fieldUpPackets: {"pkt"}, fieldFlags: {"flg"},
	}
	return s, nil
}
