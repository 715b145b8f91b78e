package findings_test

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/changes"
	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/reportgen/internal/findings"
)

// line returns a record as reportgen detect prints it.
func line(rule, entity, severity string, score float64, summary, more string) string {
	b, _ := json.Marshal(score)
	return `{"rule":"` + rule + `","entity":"` + entity + `","severity":"` + severity + `","score":` + string(b) +
		`,"attack":[],"summary":"` + summary + `","evidence":{},"window":[0,1]` + more + "}\n"
}

func read(text string) detect.Result {
	day, err := detect.ReadFindings("day", strings.NewReader(text))
	if err != nil {
		panic(err)
	}
	return day
}

// Names from databases are neither markup nor terminal commands.
func TestWriteChangesEscapes(t *testing.T) {
	list := changes.Compare(detect.Result{}, read(line("beacon", "10.0.0.1", "high", 0.8, `calls \u001b[31m|<b>[x](http://evil.example)`, "")))
	for _, format := range findings.ChangeFormats() {
		var b strings.Builder
		if err := findings.WriteChanges(&b, list, format); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "\x1b") {
			t.Errorf("%s has an escape character: %q", format, b.String())
		}
		if format == "md" && (strings.Contains(b.String(), "<b>") || strings.Contains(b.String(), "[x](")) {
			t.Errorf("markup: %s", b.String())
		}
	}
}

func ExampleWriteChanges() {
	monday := read(line("exfiltration", "10.0.0.7", "high", 0.8, "10.0.0.7 sent 2.1 GB to 203.0.113.9", ""))
	tuesday := read(line("exfiltration", "10.0.0.7", "medium", 0.6, "10.0.0.7 sent 612 MB to 203.0.113.9", `,"since":"2024-03-18"`) +
		line("beacon", "10.0.0.8", "medium", 0.6, "10.0.0.8 called 203.0.113.4 every 60 s", ""))
	list := changes.Compare(monday, tuesday)
	if err := findings.WriteChanges(os.Stdout, list, findings.FormatText); err != nil {
		panic(err)
	}
	// Output:
	// New: 1
	//   10.0.0.8: beacon, medium: 10.0.0.8 called 203.0.113.4 every 60 s
	// Quieter: 1
	//   10.0.0.7: exfiltration, medium (was high), since 2024-03-18: 10.0.0.7 sent 612 MB to 203.0.113.9
}

func TestRead(t *testing.T) {
	entity := netip.MustParseAddr("10.0.0.1")
	var b bytes.Buffer
	if err := findings.Write(&b, detect.Result{Findings: []detect.Finding{{Rule: "beacon", Entity: entity, Severity: detect.High, Since: "2024-03-18"}}}, "json"); err != nil {
		t.Fatal(err)
	}
	if err := findings.WriteCoverage(&b, nil, []detect.Coverage{{Rule: "beacon", Ran: true, Days: 3}, {Rule: "dns-c2", Reason: "no DNS"}}, "json"); err != nil {
		t.Fatal(err)
	}
	read, err := detect.ReadFindings("day", &b)
	if err != nil {
		t.Fatal(err)
	}
	found, seen := read.Findings, read.Coverage()
	if len(found) != 1 || found[0].Entity != entity || found[0].Since != "2024-03-18" {
		t.Errorf("findings %+v", found)
	}
	if len(seen) != 2 || !seen[0].Ran || seen[0].Days != 3 || seen[1].Reason != "no DNS" {
		t.Errorf("coverage %+v", seen)
	}
}
