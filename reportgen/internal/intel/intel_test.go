package intel

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string // network, port, note
		names      int
		skipped    int
		date       string
	}{
		{"plain", "# list of 2024-03-20\n203.0.113.9\n\n198.51.100.0/24 ; a whole network\n203.0.113.10:8080\nevil.example\n2001:db8::1\n",
			[]string{"198.51.100.0/24 0 a whole network", "203.0.113.9/32 0 ", "203.0.113.10/32 8080 ", "2001:db8::1/128 0 "}, 1, 0, "2024-03-20"},
		{"defanged", "203.0.113[.]9\nbad[.]example\n", []string{"203.0.113.9/32 0 "}, 1, 0, ""},
		{"CSV with a header", "id,dst_ip,dst_port,malware\n1,203.0.113.9,443,Dridex\n2,not one,1,x\n", []string{"203.0.113.9/32 443 Dridex"}, 0, 1, ""},
		{"CSV with a header in a comment", "# Feodo 2024-03-21\n# first_seen_utc,dst_ip,dst_port\n2024-03-20 10:00:00,203.0.113.9,8080\n", []string{"203.0.113.9/32 8080 "}, 0, 0, "2024-03-21"},
		{"CSV without a header", "1;203.0.113.9;x\n2;203.0.113.8;y\n", []string{"203.0.113.8/32 0 ", "203.0.113.9/32 0 "}, 0, 0, ""},
		{"Zeek", "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\n203.0.113.9\tIntel::ADDR\tfeed\tbot\n198.51.100.0/24\tIntel::SUBNET\tfeed\t-\nevil.example\tIntel::DOMAIN\tfeed\t-\n",
			[]string{"198.51.100.0/24 0 feed", "203.0.113.9/32 0 feed bot"}, 1, 0, ""},
		{"MISP", `{"response":[{"Event":{"info":"Campaign","date":"2024-03-19","Attribute":[{"type":"ip-dst","value":"203.0.113.9"},{"type":"ip-dst|port","value":"203.0.113.8|8443","comment":"C2"},{"type":"md5","value":"abc"}],"Object":[{"name":"o","Attribute":[{"type":"domain","value":"evil.example"}]}]}}]}`,
			[]string{"203.0.113.8/32 8443 C2", "203.0.113.9/32 0 Campaign"}, 1, 0, "2024-03-19"},
		{"STIX", `{"type":"bundle","objects":[{"type":"indicator","name":"bad","modified":"2024-03-18T00:00:00Z","pattern":"[ipv4-addr:value = '203.0.113.9' OR ipv4-addr:value ISSUBSET '198.51.100.0/24']","labels":["malicious-activity"]},{"type":"identity","name":"me"}]}`,
			[]string{"198.51.100.0/24 0 bad", "203.0.113.9/32 0 bad"}, 0, 0, "2024-03-18"},
		{"a JSON array", `["203.0.113.9","x y"]`, []string{"203.0.113.9/32 0 "}, 0, 1, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := Parse([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, i := range l.Indicators {
				got = append(got, fmt.Sprint(i.Network, " ", i.Port, " ", i.Note))
			}
			if !slices.Equal(got, tt.want) || l.Names != tt.names || l.Skipped != tt.skipped || l.Date != tt.date {
				t.Errorf("%q, %d names, %d skipped, %s", got, l.Names, l.Skipped, l.Date)
			}
		})
	}
	for _, text := range []string{"", " \n", "{", "hello\nworld\n", "0.0.0.0/0\n", "#fields\tindicator\n", "a,b\nc,d\n", "[]"} {
		if l, err := Parse([]byte(text)); err == nil {
			t.Errorf("%q gives %+v", text, l)
		}
	}
}

func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list.txt")
	if err := os.WriteFile(path, []byte("203.0.113.9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := Read(path)
	if err != nil || l.Name != "list.txt" || len(l.SHA256) != 64 || len(l.Date) != 10 {
		t.Errorf("%+v, %v", l, err)
	}
	if _, err := Read(path + "x"); err == nil || !strings.Contains(err.Error(), "list.txtx") {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"203.0.113.9\n", "a,ip\n1,2.3.4.5\n", `{"type":"indicator","pattern":"[ipv4-addr:value = '1.2.3.4']"}`, "#fields\tindicator\n1.2.3.4\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := Parse([]byte(text))
		if err == nil && len(l.Indicators)+l.Names == 0 {
			t.Errorf("%q: nothing was read, without an error", text)
		}
		for _, i := range l.Indicators {
			if !i.Network.IsValid() || i.Network.Bits() == 0 {
				t.Errorf("%q gives %v", text, i)
			}
		}
	})
}
