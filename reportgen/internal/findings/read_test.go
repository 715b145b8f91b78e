package findings_test

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/reportgen/internal/findings"
)

func TestRead(t *testing.T) {
	entity := netip.MustParseAddr("10.0.0.1")
	var b bytes.Buffer
	if err := findings.Write(&b, detect.Result{Findings: []detect.Finding{{Rule: "beacon", Entity: entity, Severity: detect.High, Since: "2024-03-18"}}}, "json"); err != nil {
		t.Fatal(err)
	}
	if err := findings.WriteCoverage(&b, nil, []detect.Coverage{{Rule: "beacon", Ran: true, Days: 3}, {Rule: "dns-c2", Reason: "no DNS"}}, "json"); err != nil {
		t.Fatal(err)
	}
	found, seen, err := findings.Read("day", &b)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].Entity != entity || found[0].Since != "2024-03-18" {
		t.Errorf("findings %+v", found)
	}
	if len(seen) != 2 || !seen[0].Ran || seen[0].Days != 3 || seen[1].Reason != "no DNS" {
		t.Errorf("coverage %+v", seen)
	}
}

func TestReadRefuses(t *testing.T) {
	const finding = `{"rule":"beacon","entity":"10.0.0.1","severity":"high"}`
	for _, tt := range []struct{ name, text, want string }{
		{"text", "RULE ENTITY\n", "day: line 1: is not a finding in JSON"},
		{"another object", "\n{\"a\":1}\n", "day: line 2: the record has no rule"},
		{"a name", strings.Replace(finding, "10.0.0.1", "host", 1), `day: line 1: entity "host" is not an address`},
		{"a number", strings.Replace(finding, `"10.0.0.1"`, "1", 1), `day: line 1: entity "" is not an address`},
		{"severity", finding + "\n" + strings.Replace(finding, "high", "loud", 1), `day: line 2: severity "loud" is not info`},
		{"half a line", finding[:40], "day: line 1: is not a finding in JSON"},
		{"a long line", finding + "\n" + strings.Repeat(" ", 17<<20), "day: line 2: bufio.Scanner: token too long"},
	} {
		if _, _, err := findings.Read("day", strings.NewReader(tt.text)); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
}
