package ingest

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// ecsSpec describes events of the Elastic Common Schema (ECS): of Beats, of
// Security Onion and Malcolm, and of tools that export an index.
//
// The source is the host that began the flow. A flow began at event.start or, if
// that is missing, at @timestamp. Events without bytes are not flows but, for
// example, requests in them. Packetbeat reports a long flow several times, with
// totals, as firewalls do; the last report is taken. Events of NetFlow and cloud
// flow logs without bytes of the destination describe one direction.
var ecsSpec = jsonSpec{
	about: "a log of ECS events",
	paths: [numFields][]string{
		fieldTime: {"event.start", "@timestamp"}, fieldEnd: {"event.end"},
		fieldProto: {"network.transport", "network.iana_number", "network.protocol_number"},
		fieldSrc:   {"source.ip", "client.ip", "source.address"}, fieldSrcPort: {"source.port", "client.port"},
		fieldDst: {"destination.ip", "server.ip", "destination.address"}, fieldPort: {"destination.port", "server.port"},
		fieldUp: {"source.bytes", "client.bytes"}, fieldDown: {"destination.bytes", "server.bytes"},
		fieldUpPackets: {"source.packets", "client.packets"}, fieldDownPackets: {"destination.packets", "server.packets"},
		fieldObserver: {"aws.vpcflow.interface_id", "gcp.vpcflow.reporter", "netflow.exporter.address", "observer.ip"},
		fieldFlags:    {"netflow.tcp_control_bits", "aws.vpcflow.tcp_flags"},
		fieldState:    {"connection.state", "zeek.connection.state", "zeek.conn.conn_state", "zeek.conn.state"},
		fieldName:     {"tls.client.server_name", "destination.domain", "server.domain", "url.domain", "dns.question.name"},
	},
	extra: []string{
		"type", "event.kind", "event.action", "event.dataset", "data_stream.dataset", "event.duration", "event.module",
		"network.bytes", "flow.final", "panw.panos.type", "fortinet.firewall.type", "event.code",
	},
	wrappers: []string{"fields"},
	take:     takeECS,
	flow: func(r *rowReader, line int64) (Flow, error) {
		f, err := zeekStateFlow(r, line)
		switch dir := r.values[fieldDir]; {
		case err != nil || dir == nil || f.OneWay:
		case string(dir) == ecsReport, string(dir) == ecsFirewall && f.Duration.Hundredths() >= fortinetLong:
			f.Part, f.Total, f.Opener = true, true, openerSrc
		case string(dir) != ecsFirewall:
			f.guessDirection()
		}
		return f, err
	},
}

func openECS(in *lines, r rowReader, opt Options) (decoder, error) {
	if start, err := in.peek(); err == nil && !bytes.ContainsAny(start, "{[") && bytes.Contains(start, []byte(",")) {
		return openTable(ecsTable)(in, r, opt)
	}
	r.time.finest = 1e9
	r.names = [numFields]string{fieldTime: "event.start or @timestamp"}
	spec := ecsSpec
	all := r.oneWay
	spec.take = func(e *jsonEvent, r *rowReader, line int64) error {
		r.oneWay = all
		return takeECS(e, r, line)
	}
	return openEvents(in, r, &spec)
}

// ecsTable is a table whose columns are fields of ECS, such as the CSV of Kibana.
func ecsTable(Options) (tableSpec, error) {
	s := tableSpec{
		about: "a table of ECS events", names: ecsSpec.paths, unset: []string{"", "-", "(null)", "(empty)"}, finest: 1e9,
		needed: []field{fieldTime, fieldSrc, fieldDst, fieldPort, fieldProto, fieldUp},
		flow: func(r *rowReader, line int64) (Flow, error) {
			durationECS(r.values[fieldDuration], r)
			return zeekStateFlow(r, line)
		},
	}
	s.names[fieldDuration], s.names[fieldTotal] = []string{"event.duration"}, []string{"network.bytes"}
	return s, nil
}

func takeECS(e *jsonEvent, r *rowReader, line int64) error {
	v := &r.values
	total := e.get("network.bytes")
	if r.oneWay = oneWayECS(e, v[fieldDown], r.oneWay); !r.oneWay {
		clientFirst(e, r)
	}
	switch kind, typ := e.get("event.kind"), e.get("type"); {
	case string(kind) == "alert" || string(kind) == "signal":
		return r.leaveOut(line, otherLog, "event.kind "+excerpt(kind))
	case slices.Contains(packetbeatProtocols, string(typ)):
		return r.leaveOut(line, otherLog, "type "+excerpt(typ))
	case interimECS(e) != "":
		return r.leaveOut(line, interim, interimECS(e))
	case firewallLog(e) != "":
		return r.leaveOut(line, otherLog, firewallLog(e))
	case v[fieldSrc] == nil || v[fieldDst] == nil:
		return r.leaveOut(line, otherLog, "an event without source.ip and destination.ip")
	case v[fieldUp] == nil && v[fieldDown] == nil && total == nil:
		return r.leaveOut(line, otherLog, "an event without bytes")
	}
	if v[fieldUp] == nil && r.oneWay {
		v[fieldUp] = total
	}
	if all, _, ok := r.countOf(total); ok && v[fieldDown] == nil && v[fieldUp] != nil {
		if up, _, ok := r.countOf(v[fieldUp]); ok && all > up {
			v[fieldDown] = strconv.AppendInt(nil, all-up, 10)
		}
	}
	v[fieldDir] = kindECS(e, v[fieldUp], v[fieldDown])
	durationECS(e.get("event.duration"), r)
	return nil
}

// kindECS returns what is particular about the direction or the counts of an event, or nil. The firewalls of
// Cisco name the side of the less secure interface first, whichever opened the connection, and count the bytes of both sides as one.
func kindECS(e *jsonEvent, up, down []byte) []byte {
	if dataset := datasetECS(e); up == nil && down == nil && strings.HasPrefix(dataset, "cisco") {
		return []byte(dataset)
	}
	switch {
	case e.get("flow.final") != nil:
		return []byte(ecsReport)
	case e.get("fortinet.firewall.type") != nil:
		return []byte(ecsFirewall)
	}
	return nil
}

// The kinds of events that may be one of several reports of a connection, each with its totals until then.
const (
	ecsReport   = "report"
	ecsFirewall = "report of a firewall" // if it is a long connection
)

// clientFirst makes the client the source of a flow, if an event says that its destination is
// the client: sensors that see an answer first call the server its source.
func clientFirst(e *jsonEvent, r *rowReader) {
	client, server := e.get("client.ip"), e.get("server.ip")
	if client == nil || server == nil || bytes.Equal(client, server) || !bytes.Equal(client, e.get("destination.ip")) || !bytes.Equal(server, e.get("source.ip")) {
		return
	}
	v := &r.values
	v[fieldSrc], v[fieldDst], v[fieldSrcPort], v[fieldPort] = client, server, v[fieldPort], v[fieldSrcPort]
	v[fieldUp], v[fieldDown] = either(e.get("client.bytes"), e.get("destination.bytes")), either(e.get("server.bytes"), e.get("source.bytes"))
	v[fieldUpPackets], v[fieldDownPackets] = either(e.get("client.packets"), e.get("destination.packets")), either(e.get("server.packets"), e.get("source.packets"))
}

// interimECS says why an event reports on a flow that goes on, and is of no use, or "".
func interimECS(e *jsonEvent) string {
	code := e.get("event.code")
	switch {
	case string(e.get("event.action")) == "flow_started":
		return "event.action flow_started"
	case e.get("fortinet.firewall.type") != nil && isFortinetInterim(code, e.get("event.duration"), 1e9):
		return "event.code " + string(code)
	}
	return ""
}

// firewallLog returns the type of an event of a firewall that is not of its log of
// traffic, or "".
func firewallLog(e *jsonEvent) string {
	for path, traffic := range map[string]string{"panw.panos.type": "TRAFFIC", "fortinet.firewall.type": "traffic"} {
		if v := e.get(path); v != nil && string(v) != traffic {
			return path + " " + excerpt(v)
		}
	}
	return ""
}

// durationECS sets the duration of a row, or unsets it if d is nil, and finds its
// unit: Beats count nanoseconds, pipelines for Zeek seconds.
func durationECS(d []byte, r *rowReader) {
	r.perSec, r.values[fieldDuration] = 0, d
	if d == nil {
		return
	}
	if n, _, whole := writtenCount(d); whole && (n >= 1e6 || r.values[fieldEnd] != nil || r.oneWay) {
		r.perSec = 1e9
	}
}

// oneWayDatasets are the data sets whose events describe one direction.
var oneWayDatasets = []string{"netflow.log", "aws.vpcflow", "gcp.vpcflow", "azure.vnetflowlogs", "juniper.flow", "sflow.log"}

// oneWayECS reports whether the other direction of the flow is another event:
// that of a source which reports each by itself, if it has no bytes of the
// destination.
func oneWayECS(e *jsonEvent, down []byte, all bool) bool {
	switch {
	case down != nil:
		return all && string(down) == "0"
	case all:
		return true
	}
	dataset := datasetECS(e)
	return slices.Contains(oneWayDatasets, dataset) || strings.HasSuffix(dataset, ".vpcflow") || string(e.get("event.action")) == "netflow_flow"
}

func datasetECS(e *jsonEvent) string {
	return string(either(e.get("event.dataset"), e.get("data_stream.dataset")))
}

// packetbeatProtocols are the types of Packetbeat's events that describe a
// request in a flow, with the bytes of the request.
var packetbeatProtocols = []string{
	"amqp", "cassandra", "dhcpv4", "dns", "http", "icmp", "memcache", "mongodb", "mysql", "nfs", "pgsql", "redis", "rpc", "sip", "thrift", "tls",
}
