package detect_test

import (
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
)

func TestReadFindingsRefuses(t *testing.T) {
	const finding = `{"rule":"beacon","entity":"10.0.0.1","severity":"high"}`
	for _, tt := range []struct{ name, text, want string }{
		{"text", "RULE ENTITY\n", "day: line 1: not a finding in JSON"},
		{"another object", "\n{\"a\":1}\n", "day: line 2: the record has no rule"},
		{"a name", strings.Replace(finding, "10.0.0.1", "host", 1), `day: line 1: entity "host" is not an address`},
		{"a number", strings.Replace(finding, `"10.0.0.1"`, "1", 1), `day: line 1: entity "" is not an address`},
		{"severity", finding + "\n" + strings.Replace(finding, "high", "loud", 1), `day: line 2: severity "loud" is not info`},
		{"half a line", finding[:40], "day: line 1: not a finding in JSON"},
		{"a long line", finding + "\n" + strings.Repeat(" ", 17<<20), "day: line 2: bufio.Scanner: token too long"},
	} {
		if _, err := detect.ReadFindings("day", strings.NewReader(tt.text)); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
}
