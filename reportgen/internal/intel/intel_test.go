package intel

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(tb testing.TB, text string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "list")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

const stixBundle = `{"type": "bundle", "id": "bundle--1", "objects": [
  {"type": "identity", "id": "identity--1", "name": "Example"},
  {"type": "indicator", "id": "indicator--1", "name": "panel", "modified": "2024-03-19T10:00:00.000Z", "pattern_type": "stix",
   "pattern": "[ipv4-addr:value = '203.0.113.9' OR ipv4-addr:value ISSUBSET '198.51.100.0/24']"},
  {"type": "indicator", "id": "indicator--2", "pattern_type": "stix", "pattern": "[network-traffic:dst_port = 4444]"},
  {"type": "indicator", "id": "indicator--3", "pattern_type": "stix", "pattern": "[ipv4-addr:value = '203.0.113.10']", "valid_until": "2024-03-20T00:00:00Z"},
  {"type": "indicator", "id": "indicator--4", "pattern_type": "stix", "pattern": "[ipv4-addr:value = '203.0.113.11']", "revoked": true},
  {"type": "indicator", "id": "indicator--5", "pattern_type": "stix", "pattern": "[file:hashes.'SHA-256' = 'aa']"},
  {"type": "indicator", "id": "indicator--6", "pattern_type": "stix", "pattern": "[ipv4-addr:value = '203.0.113.9' AND network-traffic:dst_port = 443]"},
  {"type": "indicator", "id": "indicator--7", "pattern_type": "stix", "pattern": "[domain-name:value = 'bad.example']"}]}`

const stixCombined = `{"type": "bundle", "objects": [
  {"type": "indicator", "pattern": "[ ipv4-addr:value='203.0.113.9' ]"},
  {"type": "indicator", "pattern": "([ipv4-addr:value = '203.0.113.1'] OR [ipv4-addr:value = '203.0.113.2'])"},
  {"type": "indicator", "pattern": "[domain-name:value IN ('bad.example', 'worse.example')]"},
  {"type": "indicator", "pattern": "[url:value = 'http://203.0.113.9:8080/x' OR url:value = 'http://bad.example/x']"},
  {"type": "indicator", "pattern": "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.3' AND network-traffic:dst_port = 443]"},
  {"type": "indicator", "pattern": "[ipv4-addr:value = '203.0.113.4'] AND [domain-name:value = 'bad.example']"},
  {"type": "indicator", "pattern": "([ipv4-addr:value = '203.0.113.5'] OR [ipv4-addr:value = '203.0.113.6']) AND ([domain-name:value = 'bad.example'])"},
  {"type": "indicator", "pattern": "[domain-name:value = 'bad.example' AND network-traffic:dst_port = 443]"},
  {"type": "indicator", "pattern": "[ipv4-addr:value = '203.0.113.7' AND file:name = 'x']"}]}`

const mispEvents = `{"response": [{"Event": {"date": "2024-03-18", "info": "campaign", "Attribute": [
  {"type": "ip-dst", "value": "203.0.113.9", "to_ids": true},
  {"type": "ip-dst|port", "value": "203.0.113.10|4444", "comment": "panel", "to_ids": true},
  {"type": "ip-src", "value": "198.51.100.0/24", "to_ids": true},
  {"type": "md5", "value": "d41d8cd98f00b204e9800998ecf8427e", "to_ids": true},
  {"type": "ip-dst", "value": "192.0.2.1", "to_ids": false}],
  "Object": [{"Attribute": [{"type": "domain", "value": "bad.example"}]}]}}]}`

func TestRead(t *testing.T) {
	for name, tt := range map[string]struct {
		text    string
		format  string
		date    string
		size    int
		names   int
		leftOut map[string]int
	}{
		"plain": {"# feed, updated 2024-03-19\n203.0.113.9\n198.51.100.0/24 ; hosting\n203.0.113.9:4444\n2001:db8::1\n[2001:db8::2]:443\n4444/tcp\nbad[.]example # name\n203[.]0[.]113[.]7\n",
			"plain", "2024-03-19", 7, 1, map[string]int{}},
		"csv": {"# 2024-03-19\n\"indicator\",type,description\n203.0.113.9,ip,panel\nd41d8cd98f00b204e9800998ecf8427e,md5,sample\n198.51.100.0/24,cidr,\"hosting, cheap\"\n",
			"csv", "2024-03-19", 2, 0, map[string]int{reasonOther: 1}},
		"csv with ports":     {"ip;port\n203.0.113.9;4444\n2001:db8::1;\n;8443\n", "csv", "", 3, 0, map[string]int{}},
		"feodo":              {"# Feodo 2024-03-19\n\"first_seen_utc\",\"dst_ip\",\"dst_port\",\"malware\"\n\"2022-06-04\",\"203.0.113.9\",\"80\",\"Emotet\"\n", "csv", "2024-03-19", 1, 0, map[string]int{}},
		"zeek":               {"#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\n203.0.113.9\tIntel::ADDR\tx\tpanel\n198.51.100.0/24\tIntel::SUBNET\tx\t-\nbad.example\tIntel::DOMAIN\tx\t-\naa\tIntel::FILE_HASH\tx\t-\n", "zeek", "", 2, 1, map[string]int{reasonOther: 1}},
		"misp":               {mispEvents, "misp", "2024-03-18", 3, 1, map[string]int{reasonOther: 1, reasonContext: 1}},
		"misp event":         {`{"Event": {"date": "2024-03-18", "Attribute": [{"type": "ip-src", "value": "203.0.113.9"}]}}`, "misp", "2024-03-18", 1, 0, map[string]int{}},
		"misp attributes":    {`{"response": {"Attribute": [{"type": "domain|ip", "value": "bad.example|203.0.113.9"}]}}`, "misp", "", 1, 0, map[string]int{}},
		"stix":               {stixBundle, "stix", "2024-03-19", 5, 1, map[string]int{reasonRevoked: 1, reasonOther: 1}},
		"stix that combines": {stixCombined, "stix", "", 5, 2, map[string]int{reasonPatterns: 4, reasonURLs: 1}},
		"urls":               {"# Last updated: 2026-11-27\nhttp://203.0.113.9:5888/bin.sh\nhxxps://203.0.113[.]8/i\nhttps://bad.example/x\n", "plain", "2026-11-27", 2, 0, map[string]int{reasonURLs: 1}},
		"hosts":              {"# blocked\n127.0.0.1 localhost\n::1 ip6-localhost\n0.0.0.0 bad.example worse.example # ads\n127.0.0.1\tother.example\n", "plain", "", 0, 3, map[string]int{}},
		"ranges":             {"198.51.100.0-198.51.100.255\n203.0.113.0 - 203.0.113.1\n192.0.2.0\t192.0.2.255\t24\tnote\n", "plain", "", 3, 0, map[string]int{}},
		"ipset":              {"create bad hash:net family inet\nadd bad 203.0.113.9\nadd bad 198.51.100.0/24\n", "plain", "", 2, 0, map[string]int{}},
		"notes after tabs":   {"203.0.113.9\tRemcos\t2026-11-01\nbad.example seen in mail\n", "plain", "", 1, 1, map[string]int{}},
		"sslbl":              {"# Listingdate,DstIP,DstPort\r\n2026-11-27 10:55:08,203.0.113.9,5888\r\n", "csv", "", 1, 0, map[string]int{}},
		"threatfox": {"# Last updated: 2026-11-27 #\n#\n# \"first_seen_utc\",\"ioc_value\",\"ioc_type\"\n\"2026-11-27\", \"203.0.113.9:5888\", \"ip:port\"\n\"2026-11-27\", \"bad.example\", \"domain\"\n" +
			"\"2026-11-27\", \"a1b2c3d4a1b2c3d4a1b2c3d4a1b2c3d4\", \"md5_hash\"\n\"2026-11-27\", \"http://bad.example/x\", \"url\"\n", "csv", "2026-11-27", 1, 1, map[string]int{reasonOther: 1, reasonURLs: 1}},
		"otx":      {"Indicator type,Indicator,Description\nIPv4,203.0.113.9,panel\nhostname,www.bad.example,\nYARA,a rule,\nCVE,CVE-2024-1,\n", "csv", "", 1, 1, map[string]int{reasonOther: 2}},
		"misp csv": {"uuid,event_id,category,type,value,comment,to_ids,date\n1,12,Network activity,ip-dst,203.0.113.9,panel,1,20261127\n2,12,Network activity,ip-dst|port,203.0.113.9|5888,,1,20261127\n3,12,Network activity,ip-dst,192.0.2.1,,0,20261127\n", "csv", "", 2, 0, map[string]int{reasonContext: 1}},
		"older misp": {`[{"Event": {"date": "2024-03-18", "Attribute": [{"type": "ip-src", "value": "203.0.113.9", "to_ids": "1"}, {"type": "hostname|port", "value": "bad.example|443", "to_ids": 1}, {"type": "url", "value": "http://203.0.113.9:81/", "to_ids": "0"}]}}]`,
			"misp", "2024-03-18", 1, 1, map[string]int{reasonContext: 1}},
		"header in a comment": {"# Feodo, of 2024-03-21\n# first_seen_utc,dst_ip,dst_port\n2024-03-20 10:00:00,203.0.113.9,8080\n", "csv", "2024-03-21", 1, 0, map[string]int{}},
		"array":               {"[\"203.0.113.9\",\n\"https://bad.example/x\"]", "plain", "", 1, 0, map[string]int{reasonURLs: 1}},
		"byte order mark":     {"\ufeff203.0.113.9\r\n", "plain", "", 1, 0, map[string]int{}},
		"names alone":         {"bad.example\nworse.example\n", "plain", "", 0, 2, map[string]int{}},
		"mapped addresses":    {"::ffff:203.0.113.9\n", "plain", "", 1, 0, map[string]int{}},
	} {
		l, err := Read(write(t, tt.text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if l.Format != tt.format || tt.date != "" && l.Date != tt.date || len(l.Date) != 10 || len(l.Indicators) != tt.size || len(l.Names) != tt.names || !maps.Equal(l.LeftOut, tt.leftOut) || len(l.SHA256) != 64 || l.Name != "list" {
			t.Errorf("%s: %+v, want %+v", name, l, tt)
		}
	}
}

func TestReadErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                   "the list is empty",
		"# only a comment\n":                 "no indicators",
		"203.0.113.9\n203.0.113.300\n":       `line 2: "203.0.113.300" is not an address`,
		"203.0.113.9\nhello\n":               "line 2:",
		"0.0.0.0/0\n":                        "line 1:",
		"ip,port\n203.0.113.9,4444\n1.2.3.4": "line 3: 1 columns; the header has 2",
		"1,203.0.113.9,x\n":                  "such as ip,port,note",
		"[\"203.0.113.9\",\n\"x y\"]":        "line 2:",
		"ip,port\n203.0.113.9,99999\n":       "line 2:",
		"ip,note\n,empty\n":                  "line 2: the row has no indicator",
		"#fields\tindicator\tindicator_type\n203.0.113.9\n":       "line 2: 1 fields; #fields names 2",
		"#fields\tindicator\tindicator_type\n203.0.113.9\tADDR\n": `line 2: unknown indicator_type "ADDR"`,
		"#fields\tindicator\n203.0.113.9\n":                       "do not include",
		"{\n\"type\": \"bundle\",\n\"objects\": [}\n":             "line 3:",
		"{\n\"type\": \"bundle\",\n\"objects\": \"none\"}":        "line 3:",
		"{}": "neither a STIX bundle nor MISP",
		strings.Replace(stixBundle, "203.0.113.10", "203.0.113.400", 1):    "line 6: indicator--3:",
		strings.Replace(mispEvents, `"203.0.113.9"`, `"203.0.113.999"`, 1): "line 2: ip-dst:",
	} {
		if _, err := Read(write(t, text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a file that does not exist is read")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(stixBundle))
	f.Add([]byte(stixCombined))
	f.Add([]byte("198.51.100.0-198.51.100.9\nhttp://203.0.113.9:81/x\nadd bad 203.0.113.9\n"))
	f.Add([]byte(mispEvents))
	f.Add([]byte("ip,port\n203.0.113.9,80\n"))
	f.Add([]byte("#fields\tindicator\tindicator_type\n203.0.113.9\tIntel::ADDR\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if l, err := parse(text); err == nil && len(l.Indicators) == 0 && len(l.Names) == 0 && len(l.LeftOut) == 0 {
			t.Error("a list without indicators is taken")
		}
	})
}
