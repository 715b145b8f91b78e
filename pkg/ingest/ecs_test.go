package ingest

import (
	"strings"
	"testing"
)

func TestECS(t *testing.T) {
	const nested = `{"@timestamp":"2024-04-19T12:35:10.000Z","type":"flow","event":{"start":"2024-04-19T12:34:56.789Z","kind":"event"},"flow":{"final":true},` +
		`"source":{"ip":"10.0.0.1","port":50000,"bytes":1000},"destination":{"ip":"10.0.0.2","port":443,"bytes":2000},"network":{"transport":"tcp","bytes":3000}}`
	const dotted = `{"@timestamp":"2024-04-19T12:34:56.789Z","source.ip":["10.0.0.1"],"source.port":50000,"source.bytes":1000,` +
		`"destination.ip":["10.0.0.2"],"destination.port":[443],"network.bytes":3000,"network.iana_number":"6"}`
	const want = " 2024-04-19 12:34:56.78 tcp 10.0.0.1:50000 > 10.0.0.2:443 1000/2000"
	testFormat(t, "ecs", []formatCase{
		{"objects, points, and an export of an index", Options{}, nested + "\n" + dotted + "\n" + `{"_index":"x","_source":` + nested + `,"sort":[1]}` + "\n",
			"1" + want + "\n2" + want + "\n3" + want + "\n"},
		{"times in numbers", Options{}, strings.Replace(dotted, `"2024-04-19T12:34:56.789Z"`, "1713530096789", 1) + "\n" +
			strings.Replace(dotted, `"2024-04-19T12:34:56.789Z"`, "1713530096789123456", 1) + "\n", "1" + want + "\n2" + want + "\n"},
		{"bytes of one direction", Options{}, `{"@timestamp":1713530096,"source":{"ip":"10.0.0.1","bytes":7},"destination":{"ip":"10.0.0.2","port":53},"network":{"transport":"udp","bytes":7}}` + "\n",
			"1 2024-04-19 12:34:56.00 udp 10.0.0.1:0 > 10.0.0.2:53 7/0 unknown\n"},
		{"each event one direction", Options{OneWay: true}, `{"@timestamp":1713530096,"source":{"ip":"10.0.0.1","port":9},"destination":{"ip":"10.0.0.2","port":53},"network":{"transport":"udp","bytes":7}}` + "\n",
			"1 2024-04-19 12:34:56.00 udp 10.0.0.1:9 > 10.0.0.2:53 7 one-way for 0\n"},
		{"what is no flow", Options{}, strings.Replace(nested, `"final":true`, `"final":false`, 1) + "\n" +
			strings.Replace(nested, `"type":"flow"`, `"type":"http"`, 1) + "\n" +
			strings.Replace(nested, `"kind":"event"`, `"kind":"alert"`, 1) + "\n" +
			`{"@timestamp":"2024-04-19T12:34:56Z","message":"x"}` + "\n" +
			`{"source":{"ip":"10.0.0.1"},"destination":{"ip":"10.0.0.2"}}` + "\n" +
			strings.Replace(nested, `"tcp"`, `"icmp"`, 1) + "\n" +
			strings.Replace(nested, `"port":443`, `"port":"https"`, 1) + "\n" +
			strings.Replace(nested, `"bytes":1000`, `"bytes":-1`, 1) + "\n{\n" + nested[:49], `
1 left out: interim report of a flow: flow.final is false
2 left out: record of another log: type "http"
3 left out: record of another log: event.kind "alert"
4 left out: record of another log: an event without source.ip and destination.ip
5 left out: record of another log: an event without bytes
6 left out: protocol neither tcp nor udp: icmp
7 left out: port not readable: destination.port "https"
8 left out: byte count not readable: source.bytes "-1"
9 left out: not a JSON object of this log: "{": unexpected end of JSON input
10 left out: last line cut off: "{\"@timestamp\":\"2024-04-19T12:35:10.000Z\",\"type\":\"" has no line end: the log is truncated, or was being written
`},
		{"empty", Options{}, "", ""},
	})
}
