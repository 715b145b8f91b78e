package ingest

import (
	"encoding/json"
	"slices"
	"strconv"
)

// ecsEvent is an event of the Elastic Common Schema (ECS), as Beats write
// it to a file and as tools that export an index do: with objects in objects,
// with names that hold points, or below _source.
//
// The source is who began the flow. A flow began at event.start, and where
// that is not told, at @timestamp. Events without bytes are not flows but, say,
// requests in them; Packetbeat reports a long flow several times, each time
// all of it, of which the last report is read (flow.final). Events of NetFlow
// and VPC flow logs that tell no bytes of the destination tell one direction.
type ecsEvent struct {
	oneWay bool // events tell one direction, but for those with bytes of both

	Source *ecsEvent `json:"_source"` // of an export of an index

	Timestamp json.RawMessage `json:"@timestamp"`
	Type      json.RawMessage `json:"type"` // of Packetbeat: flow, dns, http
	Event     struct {
		Start   json.RawMessage `json:"start"`
		End     json.RawMessage `json:"end"`
		Kind    json.RawMessage `json:"kind"`
		Action  json.RawMessage `json:"action"`
		Dataset json.RawMessage `json:"dataset"`
	} `json:"event"`
	Src     ecsSide `json:"source"`
	Dst     ecsSide `json:"destination"`
	Network struct {
		Transport json.RawMessage `json:"transport"`
		IANA      json.RawMessage `json:"iana_number"`
		Bytes     json.RawMessage `json:"bytes"`
	} `json:"network"`
	Flow struct {
		Final json.RawMessage `json:"final"`
	} `json:"flow"`
	Observer struct {
		IP json.RawMessage `json:"ip"`
	} `json:"observer"`
	AWS struct {
		VPC struct {
			Interface json.RawMessage `json:"interface_id"`
		} `json:"vpcflow"`
	} `json:"aws"`

	DotStart     json.RawMessage `json:"event.start"`
	DotEnd       json.RawMessage `json:"event.end"`
	DotKind      json.RawMessage `json:"event.kind"`
	DotAction    json.RawMessage `json:"event.action"`
	DotDataset   json.RawMessage `json:"event.dataset"`
	DotSrc       json.RawMessage `json:"source.ip"`
	DotSrcPort   json.RawMessage `json:"source.port"`
	DotSrcBytes  json.RawMessage `json:"source.bytes"`
	DotDst       json.RawMessage `json:"destination.ip"`
	DotDstPort   json.RawMessage `json:"destination.port"`
	DotDstBytes  json.RawMessage `json:"destination.bytes"`
	DotTransport json.RawMessage `json:"network.transport"`
	DotIANA      json.RawMessage `json:"network.iana_number"`
	DotBytes     json.RawMessage `json:"network.bytes"`
	DotFinal     json.RawMessage `json:"flow.final"`
	DotObserver  json.RawMessage `json:"observer.ip"`
	DotInterface json.RawMessage `json:"aws.vpcflow.interface_id"`
}

// ecsSide is one side of a connection.
type ecsSide struct {
	IP    json.RawMessage `json:"ip"`
	Port  json.RawMessage `json:"port"`
	Bytes json.RawMessage `json:"bytes"`
}

func openECS(in *lines, r rowReader, _ Options) (Decoder, error) {
	r.names = [numFields]string{
		fieldTime: "event.start or @timestamp", fieldProto: "network.transport",
		fieldSrc: "source.ip", fieldSrcPort: "source.port", fieldDst: "destination.ip", fieldPort: "destination.port",
		fieldUp: "source.bytes", fieldDown: "destination.bytes", fieldEnd: "event.end",
	}
	r.time.finest = 1e9
	return openEvents(in, r, &ecsEvent{oneWay: r.oneWay}, "a log of ECS events")
}

func (e *ecsEvent) reset() { e.Source = nil }

func (e *ecsEvent) take(r *rowReader, line int64) error {
	if e.Source != nil {
		e.Source.oneWay = e.oneWay
		return e.Source.take(r, line)
	}
	v := &r.values
	v[fieldTime] = either(e.Event.Start, e.DotStart, e.Timestamp)
	v[fieldProto] = either(e.Network.Transport, e.DotTransport, e.Network.IANA, e.DotIANA)
	v[fieldSrc], v[fieldSrcPort], v[fieldUp] = either(e.Src.IP, e.DotSrc), either(e.Src.Port, e.DotSrcPort), either(e.Src.Bytes, e.DotSrcBytes)
	v[fieldDst], v[fieldPort], v[fieldDown] = either(e.Dst.IP, e.DotDst), either(e.Dst.Port, e.DotDstPort), either(e.Dst.Bytes, e.DotDstBytes)
	v[fieldEnd] = either(e.Event.End, e.DotEnd)
	v[fieldObserver] = either(e.AWS.VPC.Interface, e.DotInterface, e.Observer.IP, e.DotObserver)
	total := either(e.Network.Bytes, e.DotBytes)
	r.oneWay = e.tellsOneDirection(v[fieldDown])
	switch kind, typ := either(e.Event.Kind, e.DotKind), plain(e.Type); {
	case string(kind) == "alert" || string(kind) == "signal":
		return r.leaveOut(line, OtherLog, "event.kind "+excerpt(kind))
	case slices.Contains(packetbeatProtocols, string(typ)):
		return r.leaveOut(line, OtherLog, "type "+excerpt(typ))
	case string(either(e.Flow.Final, e.DotFinal)) == "false":
		return r.leaveOut(line, Interim, "flow.final is false")
	case v[fieldSrc] == nil || v[fieldDst] == nil:
		return r.leaveOut(line, OtherLog, "an event without source.ip and destination.ip")
	case v[fieldUp] == nil && v[fieldDown] == nil && total == nil:
		return r.leaveOut(line, OtherLog, "an event without bytes")
	}
	if v[fieldUp] == nil && r.oneWay {
		v[fieldUp] = total
	}
	if all, _, ok := count64(total); ok && v[fieldDown] == nil && v[fieldUp] != nil {
		if up, _, ok := count64(v[fieldUp]); ok && all > up {
			v[fieldDown] = strconv.AppendInt(nil, all-up, 10)
		}
	}
	return nil
}

// tellsOneDirection says whether the other direction of the flow is another
// event: of a source that tells each by itself, where the destination's bytes
// are not told.
func (e *ecsEvent) tellsOneDirection(down []byte) bool {
	switch {
	case down != nil:
		return e.oneWay && string(down) == "0"
	case e.oneWay:
		return true
	}
	switch string(either(e.Event.Dataset, e.DotDataset)) {
	case "netflow.log", "aws.vpcflow":
		return true
	}
	return string(either(e.Event.Action, e.DotAction)) == "netflow_flow"
}

// packetbeatProtocols are the types of Packetbeat's events that tell of a
// request in a flow, with the bytes of the request.
var packetbeatProtocols = []string{
	"amqp", "cassandra", "dhcpv4", "dns", "http", "icmp", "memcache", "mongodb", "mysql", "nfs", "pgsql", "redis", "rpc", "sip", "thrift", "tls",
}

// either returns the text of the first value that is set.
func either(raws ...json.RawMessage) []byte {
	for _, raw := range raws {
		if v := plain(raw); v != nil {
			return v
		}
	}
	return nil
}
