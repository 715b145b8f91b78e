package ingest

import "testing"

func TestEVE(t *testing.T) {
	const flow = `{"timestamp":"2021-06-06T15:57:37.272281+0200","event_type":"flow","src_ip":"91.238.203.56","src_port":48938,"dest_ip":"192.168.1.129","dest_port":445,` +
		`"proto":"TCP","flow":{"pkts_toserver":2,"bytes_toserver":120,"bytes_toclient":118,"start":"2021-06-06T23:34:31.140759-0200"}}` + "\n"
	testFormat(t, "eve", []formatCase{
		{"a flow begins at its start", Options{}, flow, "1 2021-06-07 01:34:31.14 tcp 91.238.203.56:48938 > 192.168.1.129:445 120/118\n"},
		{"other events", Options{}, `{"event_type":"alert","src_ip":"::1"}` + "\n" + `{"event_type":"netflow"}` + "\n{}\n", `
1 left out: record of another log: event_type "alert"
2 left out: record of another log: event_type "netflow"
3 left out: a required field is missing: event_type
`},
		{"odd events", Options{}, `{"event_type":"flow","proto":"IPv6-ICMP","src_ip":"::1","dest_ip":"::2","icmp_type":128,"icmp_code":0,"flow":{"start":"2021-06-06T00:00:00.009Z","bytes_toserver":9,"bytes_toclient":8}}` + "\n" +
			`{"event_type":"flow","proto":"UDP","flow":{"start":"today"}}` + "\n" +
			`{"event_type":"flow","proto":"UDP"}` + "\n" +
			`{"event_type":"flow","proto":"UDP","src_ip":"10.0.0.1","dest_ip":"10.0.0.2","dest_port":53,"flow":{"start":"2021-06-06T00:00:00.009Z","bytes_toserver":9}}` + "\n" +
			`{"event_type":"flow","proto":"UDP","src_ip":"10.0.0.1","dest_ip":"10.0.0.2","dest_port":-1,"flow":{"start":"2021-06-06T00:00:00Z","bytes_toserver":9}}` + "\n" +
			`{"event_type":7}` + "\n" + flow[:40], `
1 2021-06-06 00:00:00.00 icmp6 ::1:0 > ::2:32768 9/8
2 left out: time not readable: flow.start "today"
3 left out: a required field is missing: flow.start
4 2021-06-06 00:00:00.00 udp 10.0.0.1:0 > 10.0.0.2:53 9/0 unknown
5 left out: port not readable: dest_port "-1"
6 left out: record of another log: event_type "7"
7 left out: last line cut off: "{\"timestamp\":\"2021-06-06T15:57:37.272281" has no line end: the log is truncated, or was being written
`},
		{"an array", Options{}, "[{}]", "1 left out: a required field is missing: event_type\n"},
		{"text", Options{}, "Lorem", "error: line 1: starts with \"Lorem\", which has no JSON object: this is not an EVE log of Suricata"},
		{"empty", Options{}, "", ""},
	})
	testFormat(t, "eve-netflow", []formatCase{
		{"one direction", Options{}, `{"event_type":"netflow","src_ip":"10.0.0.1","src_port":50000,"dest_ip":"10.0.0.2","dest_port":53,"proto":"UDP",` +
			`"netflow":{"pkts":1,"bytes":70,"start":"2021-06-06T15:57:37.272281+0200","end":"2021-06-06T15:57:38.272281+0200","age":1}}` + "\n" + flow, `
1 2021-06-06 13:57:37.27 udp 10.0.0.1:50000 > 10.0.0.2:53 70 one-way for 100
2 left out: record of another log: event_type "flow"
`},
		{"no port to join by", Options{}, `{"event_type":"netflow","src_ip":"10.0.0.1","dest_ip":"10.0.0.2","dest_port":53,"proto":"UDP","netflow":{"bytes":70,"start":"2021-06-06T15:57:37+0200"}}` + "\n",
			"1 left out: a required field is missing: src_port\n"},
	})
}

func TestEVENames(t *testing.T) {
	for name, want := range map[string]bool{
		"eve.json": true, "eve-2021-06-06.json": true, "eve.json.gz": true, "test6-malicious.suricata.json.gz": true, "sensor-eve.ndjson.zst": true,
		"eve.json.1": true, "sleeve.json": false, "fast.log": false,
	} {
		if got := isEVE(name); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}
