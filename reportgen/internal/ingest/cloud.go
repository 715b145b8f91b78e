package ingest

import (
	"bytes"

	"github.com/valyala/fastjson"

	"github.com/flowbook/flowbook/pkg/flow"
)

// gcpSpec describes VPC flow logs of Google Cloud as Cloud Logging exports them. A
// record describes one direction. If both hosts report it, the host that saw it
// first counts (see [Sorter.Pair]).
var gcpSpec = jsonSpec{
	about: "a VPC flow log of Google Cloud",
	paths: [numFields][]string{
		fieldTime: {"start_time"}, fieldEnd: {"end_time"}, fieldProto: {"connection.protocol"},
		fieldSrc: {"connection.src_ip"}, fieldSrcPort: {"connection.src_port"}, fieldDst: {"connection.dest_ip"}, fieldPort: {"connection.dest_port"},
		fieldUp: {"bytes_sent"}, fieldUpPackets: {"packets_sent"}, fieldObserver: {"reporter"},
	},
	extra: []string{"logName"},
	take: func(_ *jsonEvent, r *rowReader, line int64) error {
		if r.values[fieldSrc] == nil && r.values[fieldDst] == nil {
			return r.leaveOut(line, otherLog, "an entry without connection.src_ip and connection.dest_ip")
		}
		return nil
	},
}

func openGCP(in *lines, r rowReader, opt Options) (decoder, error) {
	if start, err := in.peek(); err == nil && bytes.Contains(start, []byte(",")) && !bytes.Contains(start, []byte("{")) {
		return openTable(gcpTable)(in, r, opt)
	}
	return openEvents(in, r, &gcpSpec)
}

// gcpTable is the CSV that the Logs Explorer writes, whose columns are the paths of values.
func gcpTable(Options) (tableSpec, error) {
	s := tableSpec{about: "a table of VPC flow logs of Google Cloud", unset: []string{""}, needed: []field{fieldTime, fieldSrc, fieldSrcPort, fieldDst, fieldPort, fieldProto, fieldUp}}
	for f, paths := range &gcpSpec.paths {
		for _, path := range paths {
			s.names[f] = append(s.names[f], "jsonPayload."+path, path)
		}
	}
	return s, nil
}

// ociSpec describes VCN flow logs of Oracle Cloud, as Logging and its Service Connector export them. A record describes one
// direction at one network interface.
var ociSpec = jsonSpec{
	about: "a VCN flow log of Oracle Cloud",
	paths: [numFields][]string{
		fieldTime: ociPaths("startTime"), fieldEnd: ociPaths("endTime"), fieldProto: ociPaths("protocol"),
		fieldSrc: ociPaths("sourceAddress"), fieldSrcPort: ociPaths("sourcePort"), fieldDst: ociPaths("destinationAddress"), fieldPort: ociPaths("destinationPort"),
		fieldUp: ociPaths("bytesOut"), fieldUpPackets: ociPaths("packets"), fieldState: ociPaths("action"), fieldStatus: ociPaths("status"),
		fieldObserver: {"logContent.oracle.vnicocid", "oracle.vnicocid"},
	},
	take: func(_ *jsonEvent, r *rowReader, line int64) error {
		if status := r.values[fieldStatus]; status != nil && string(status) != "OK" {
			return r.leaveOut(line, noData, string(status))
		}
		return nil
	},
	flow: func(r *rowReader, line int64) (Flow, error) {
		f, err := r.flow(line)
		if string(r.values[fieldState]) == "REJECT" {
			f.State = flow.Refused
		}
		return f, err
	},
}

func ociPaths(key string) []string { return []string{"logContent.data." + key, "data." + key, key} }

func openOCI(in *lines, r rowReader, _ Options) (decoder, error) { return openEvents(in, r, &ociSpec) }

// ocsfPaths are the fields of events of the class network activity (4001) of the Open
// Cybersecurity Schema Framework, as Amazon Security Lake has them. An event with
// traffic.bytes alone describes one direction.
var ocsfPaths = [numFields][]string{
	fieldTime: {"start_time", "start_time_dt", "time", "time_dt"}, fieldEnd: {"end_time", "end_time_dt"},
	fieldProto: {"connection_info.protocol_num", "connection_info.protocol_name"},
	fieldSrc:   {"src_endpoint.ip"}, fieldSrcPort: {"src_endpoint.port"}, fieldDst: {"dst_endpoint.ip"}, fieldPort: {"dst_endpoint.port"},
	fieldDuration: {"duration"}, fieldUp: {"traffic.bytes_out"}, fieldDown: {"traffic.bytes_in"}, fieldUpPackets: {"traffic.packets_out"}, fieldDownPackets: {"traffic.packets_in"},
	fieldFlags: {"connection_info.tcp_flags"}, fieldObserver: {"src_endpoint.interface_uid", "device.interface_uid"},
	fieldName:  {"dst_endpoint.hostname", "dst_endpoint.domain"},
	fieldTotal: {"traffic.bytes"}, fieldTotalPackets: {"traffic.packets"},

	ocsfClass: {"class_uid"}, ocsfActivity: {"activity_id"}, ocsfAction: {"action_id"}, ocsfDisposition: {"disposition_id"},
}

// What else an event says is read as these fields, which it does not have.
const (
	ocsfClass       = fieldStatus
	ocsfActivity    = fieldDir
	ocsfAction      = fieldState
	ocsfDisposition = fieldUID
)

func openOCSF(in *lines, r rowReader, opt Options) (decoder, error) {
	r.time.finest, r.perSec = 1e9, 1e3
	flow := func(r *rowReader, line int64) (Flow, error) { return ocsfFlow(r, line, opt.OneWay) }
	return openEvents(in, r, &jsonSpec{about: "a log of OCSF network activity", paths: ocsfPaths, flow: flow, take: func(_ *jsonEvent, r *rowReader, line int64) error { return ocsfConnection(r, line) }})
}

// ocsfTable is a table whose columns are fields of OCSF, as the Parquet files of Security
// Lake have them.
func ocsfTable(opt Options) (tableSpec, error) {
	return tableSpec{about: "a table of OCSF network activity", names: ocsfPaths, finest: 1e9, perSec: 1e3,
		needed: []field{fieldTime, fieldSrc, fieldDst, fieldPort, fieldProto}, either: []field{fieldTotal, fieldUp},
		flow: func(r *rowReader, line int64) (Flow, error) {
			if err := ocsfConnection(r, line); err != nil {
				return Flow{}, err
			}
			return ocsfFlow(r, line, opt.OneWay)
		}}, nil
}

// ocsfConnection returns an error if an event is not about the traffic of a connection.
func ocsfConnection(r *rowReader, line int64) error {
	v := &r.values
	class, activity := v[ocsfClass], string(v[ocsfActivity])
	switch counted := v[fieldUp] != nil || v[fieldDown] != nil || v[fieldTotal] != nil; {
	case class != nil && string(class) != "4001":
		return r.leaveOut(line, otherLog, "class_uid "+excerpt(class))
	case activity == "7":
		return r.leaveOut(line, otherLog, "activity_id 7, of a host that listens")
	case activity == "1" && !counted:
		return r.leaveOut(line, eventOnly, "activity_id 1, of a connection that is opened")
	}
	return nil
}

func ocsfFlow(r *rowReader, line int64, oneWay bool) (Flow, error) {
	v := &r.values
	state := ocsfState(string(v[ocsfActivity]), v[ocsfAction], v[ocsfDisposition])
	if r.oneWay = oneWay; v[fieldUp] == nil && v[fieldDown] == nil && v[fieldTotal] != nil {
		v[fieldUp], v[fieldUpPackets], r.oneWay = v[fieldTotal], v[fieldTotalPackets], true
		defer func() { v[fieldUp], v[fieldUpPackets] = nil, nil }() // which a table without these columns would keep
	}
	v[ocsfClass], v[ocsfActivity], v[ocsfAction], v[ocsfDisposition], v[fieldTotal], v[fieldTotalPackets] = nil, nil, nil, nil, nil, nil
	f, err := r.flow(line)
	if state != flow.UnknownState {
		f.State = state
	}
	return f, err
}

// ocsfState returns the state of a connection: it was reset, failed or refused, or
// something denied or blocked it.
func ocsfState(activity string, action, disposition []byte) flow.State {
	switch {
	case activity == "5" || string(action) == "2" || string(disposition) == "2":
		return flow.Refused
	case activity == "3":
		return flow.Reset
	case activity == "4":
		return flow.Unanswered
	}
	return flow.UnknownState
}

// azureDecoder decodes flow logs of Azure: of network security groups (NSG, version
// 1 and 2) and of virtual networks. Their records hold tuples as texts. A flow has a
// tuple when it begins, one every five minutes while it lasts, and one when it
// ends, each with the traffic since the previous one.
type azureDecoder struct {
	events events
	tuples [][]byte
	line   int64
	vnet   bool // the tuples are those of virtual networks
}

// azureNames are the fields of a tuple, for messages.
var azureNames = [numFields]string{
	fieldTime: "time", fieldSrc: "source address", fieldDst: "destination address", fieldSrcPort: "source port", fieldPort: "destination port",
	fieldProto: "protocol", fieldUp: "bytes to destination", fieldDown: "bytes to source", fieldUpPackets: "packets to destination", fieldDownPackets: "packets to source",
}

func openAzure(in *lines, r rowReader, opt Options) (decoder, error) {
	if start, _ := in.r.Peek(8 << 10); analyticsNames.Match(start) { // a shorter file gives what it has
		return openAnalytics(in, r, opt)
	}
	spec := &jsonSpec{about: "a flow log of Azure"}
	d, err := openEvents(in, r.named(azureNames), spec)
	e, ok := d.(*events)
	if err != nil || !ok {
		return d, err
	}
	return &azureDecoder{events: *e}, nil
}

func (d *azureDecoder) Read() (Flow, error) {
	for len(d.tuples) == 0 {
		text, line, whole, err := d.events.next()
		if err != nil {
			return Flow{}, err
		}
		if len(text) == 0 {
			continue
		}
		v, err := d.events.parser.ParseBytes(text)
		if err != nil {
			return Flow{}, d.events.row.badJSON(line, text, whole, err)
		}
		d.line, d.vnet = line, v.Exists("flowRecords")
		if d.collect(v); len(d.tuples) == 0 {
			return Flow{}, d.events.row.leaveOut(line, otherLog, "a record without flowTuples")
		}
	}
	tuple := d.tuples[0]
	d.tuples = d.tuples[1:]
	return d.tuple(tuple)
}

// collect finds the tuples of a record.
func (d *azureDecoder) collect(v *fastjson.Value) {
	switch v.Type() {
	case fastjson.TypeObject:
		v.GetObject().Visit(func(key []byte, v *fastjson.Value) {
			if string(key) != "flowTuples" {
				d.collect(v)
				return
			}
			for _, tuple := range v.GetArray() {
				d.tuples = append(d.tuples, bytes.Clone(tuple.GetStringBytes()))
			}
		})
	case fastjson.TypeArray:
		for _, v := range v.GetArray() {
			d.collect(v)
		}
	}
}

// tuple reads: time, source, destination, their ports, protocol, direction,
// decision and state, and the packets and bytes to the destination and back.
func (d *azureDecoder) tuple(text []byte) (Flow, error) {
	r := &d.events.row
	t := bytes.Split(text, []byte(","))
	if len(t) < 8 {
		return Flow{}, r.leaveOut(d.line, fieldCount, excerpt(text))
	}
	v := &r.values
	*v = [numFields][]byte{}
	v[fieldTime], v[fieldSrc], v[fieldDst], v[fieldSrcPort], v[fieldPort], v[fieldProto] = t[0], t[1], t[2], t[3], t[4], azureProtocol(t[5])
	counts := t[8:]
	denied := string(t[7]) == "D"
	if len(t) > 8 { // after the state, and what virtual networks say of encryption
		counts = t[9:]
	}
	names := []field{fieldUpPackets, fieldUp, fieldDownPackets, fieldDown}
	for i, f := range names {
		if v[f] = []byte("0"); i < len(counts) && len(counts[i]) > 0 {
			v[f] = counts[i]
		}
	}
	f, err := r.flow(d.line)
	if err != nil {
		return f, err
	}
	f.Part, f.Patient, f.Opener = true, true, openerSrc
	if len(t) > 8 {
		f.Duration = flow.SpanOf(0) // until the tuple of its end
	}
	f.BytesUnknown = len(t) == 8 // version 1 counts nothing
	switch {
	case denied:
		f.State = flow.Refused
	case string(t[min(8, len(t)-1)]) == "E" && f.DownPackets > 0:
		f.State = flow.Established
	}
	return f, nil
}

// isAzure reports whether a text has the tuples of Azure.
func isAzure(text []byte) bool { return bytes.Contains(text, []byte(`"flowTuples"`)) }
