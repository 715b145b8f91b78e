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
			"1" + want + " opened by source\n2" + want + "\n3" + want + " opened by source\n"},
		{"times in numbers", Options{}, strings.Replace(dotted, `"2024-04-19T12:34:56.789Z"`, "1713530096789", 1) + "\n" +
			strings.Replace(dotted, `"2024-04-19T12:34:56.789Z"`, "1713530096789123456", 1) + "\n", "1" + want + "\n2" + want + "\n"},
		{"bytes of one direction", Options{}, `{"@timestamp":1713530096,"source":{"ip":"10.0.0.1","bytes":7},"destination":{"ip":"10.0.0.2","port":53},"network":{"transport":"udp","bytes":7}}` + "\n",
			"1 2024-04-19 12:34:56.00 udp 10.0.0.1:0 > 10.0.0.2:53 7/0 unknown\n"},
		{"each event one direction", Options{OneWay: true}, `{"@timestamp":1713530096,"source":{"ip":"10.0.0.1","port":9},"destination":{"ip":"10.0.0.2","port":53},"network":{"transport":"udp","bytes":7}}` + "\n",
			"1 2024-04-19 12:34:56.00 udp 10.0.0.1:9 > 10.0.0.2:53 7 one-way for 0\n"},
		// As Filebeat's NetFlow input writes what a router and a YAF probe export.
		{"NetFlow", Options{}, `{"@timestamp":"2018-08-09T16:49:04Z","destination":{"ip":"159.65.125.168","locality":"public","port":80},` +
			`"event":{"action":"netflow_flow","category":"network_traffic","created":"2018-08-09T16:49:04Z","duration":287000000,"end":"2018-08-09T16:43:00.307Z","kind":"event","start":"2018-08-09T16:43:00.02Z"},` +
			`"network":{"bytes":421,"direction":"outbound","iana_number":6,"packets":6,"transport":"tcp"},"observer":{"ip":"10.100.4.1"},"source":{"bytes":421,"ip":"10.100.5.2","packets":6,"port":43376}}` + "\n" +
			`{"@timestamp":"2016-12-25T13:03:38Z","destination":{"bytes":200,"ip":"172.16.32.100","packets":2,"port":53},"event":{"action":"netflow_flow","kind":"event"},` +
			`"network":{"bytes":532,"direction":"unknown","packets":6,"transport":"udp"},"source":{"bytes":132,"ip":"172.16.32.201","packets":200,"port":46086}}` + "\n" +
			`{"@timestamp":"2016-12-25T13:03:33Z","event":{"action":"netflow_options","kind":"event"},"netflow":{"type":"netflow_options"}}` + "\n", `
1 2018-08-09 16:43:00.02 tcp 10.100.5.2:43376 > 159.65.125.168:80 421 one-way for 28
2 2016-12-25 13:03:38.00 udp 172.16.32.201:46086 > 172.16.32.100:53 132/200
3 left out: record of another log: an event without source.ip and destination.ip
`},
		// As Filebeat's modules and Elastic's integrations write other sources.
		{"Zeek and VPC flow logs", Options{}, `{"@timestamp":1547188415000,"destination.bytes":206,"destination.ip":"192.168.86.1","destination.port":53,"event.dataset":"zeek.connection",` +
			`"event.duration":76967000,"network.transport":"udp","source.bytes":103,"source.ip":"192.168.86.167","source.port":38339,"tags":["zeek.connection","local_orig"],"zeek.connection.state":"SF"}` + "\n" +
			`{"@timestamp":1551399000000,"destination.bytes":0,"destination.ip":"198.51.100.249","destination.port":3,"event.dataset":"zeek.connection","network.transport":"icmp","source.bytes":107,"source.ip":"192.0.2.205","source.port":3}` + "\n" +
			`{"@timestamp":"2021-12-20T11:38:17.000Z","aws":{"vpcflow":{"interface_id":"eni-069xxxxxb7a490","tcp_flags":"1"}},"destination":{"ip":"10.200.0.0","port":33004},"event":{"dataset":"aws.vpcflow","end":"2021-12-20T11:38:17.000Z","kind":"event","start":"2021-12-20T11:37:17.000Z"},` +
			`"network":{"bytes":52,"iana_number":"17","transport":"udp"},"source":{"bytes":52,"ip":"89.160.20.156","port":50041}}` + "\n", `
1 2019-01-11 06:33:35.00 udp 192.168.86.167:38339 > 192.168.86.1:53 103/206
2 2019-03-01 00:10:00.00 icmp 192.0.2.205:0 > 198.51.100.249:0 107/0
3 2021-12-20 11:37:17.00 udp 89.160.20.156:50041 > 10.200.0.0:33004 52 one-way for 6000
`},
		{"both directions among events of one", Options{OneWay: true}, nested + "\n" + strings.Replace(nested, `"bytes":2000`, `"bytes":0`, 1) + "\n" + strings.Replace(nested, `"bytes":2000`, `"bytes":"x"`, 1) + "\n", "1" + want + ` opened by source
2 2024-04-19 12:34:56.78 tcp 10.0.0.1:50000 > 10.0.0.2:443 1000 one-way for 0
3 left out: byte count not readable: destination.bytes "x"
`},
		{"one direction in an export of an index", Options{OneWay: true}, `{"_source":{"@timestamp":1713530096,"source":{"ip":"10.0.0.1","port":9},"destination":{"ip":"10.0.0.2","port":53},"network":{"transport":"udp","bytes":7}}}` + "\n",
			"1 2024-04-19 12:34:56.00 udp 10.0.0.1:9 > 10.0.0.2:53 7 one-way for 0\n"},
		{"what is no flow", Options{}, strings.Replace(nested, `"final":true`, `"final":false`, 1) + "\n" +
			strings.Replace(nested, `"type":"flow"`, `"type":"http"`, 1) + "\n" +
			strings.Replace(nested, `"kind":"event"`, `"kind":"alert"`, 1) + "\n" +
			`{"@timestamp":"2024-04-19T12:34:56Z","message":"x"}` + "\n" +
			`{"source":{"ip":"10.0.0.1"},"destination":{"ip":"10.0.0.2"}}` + "\n" +
			strings.Replace(nested, `"tcp"`, `"icmp"`, 1) + "\n" +
			strings.Replace(nested, `"port":443`, `"port":"https"`, 1) + "\n" +
			strings.Replace(nested, `"bytes":1000`, `"bytes":-1`, 1) + "\n{\n" + nested[:49], `
1 2024-04-19 12:34:56.78 tcp 10.0.0.1:50000 > 10.0.0.2:443 1000/2000 opened by source
2 left out: record of another log: type "http"
3 left out: record of another log: event.kind "alert"
4 left out: record of another log: an event without source.ip and destination.ip
5 left out: record of another log: an event without bytes
6 2024-04-19 12:34:56.78 icmp 10.0.0.1:0 > 10.0.0.2:0 1000/2000 opened by source
7 2024-04-19 12:34:56.78 tcp 10.0.0.1:50000 > 10.0.0.2:443 1000/2000 opened by source
8 left out: byte count not readable: source.bytes "-1"
9 left out: not a JSON object of this log: "{": cannot parse JSON: cannot parse object: missing '}'
10 left out: last line cut off: "{\"@timestamp\":\"2024-04-19T12:35:10.000Z\",\"type\":\"" has no line end: the log is truncated, or was being written
`},
		{"empty", Options{}, "", ""},
	})
}
