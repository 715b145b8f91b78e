package findings_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/reportgen/internal/findings"
)

const owner = "Evil\x1b]0;PWN\a\u009b31m\u202e\nCorp"

func result() detect.Result {
	f := detect.Finding{Rule: "=own", Entity: netip.MustParseAddr("10.0.0.7"), Severity: detect.High, Score: 0.8, Attack: []string{"T1041"},
		Summary: "uploaded 1.19 GB to 192.0.2.1 (" + owner + ")", Evidence: map[string]any{"owner": owner}, Window: [2]flow.Time{flow.Hour, 2*flow.Hour + flow.Minute}}
	info := f
	info.Severity, info.Summary = detect.Info, "-2+3 "+owner
	return detect.Combine([]detect.Finding{f, info})
}

func TestFormats(t *testing.T) {
	for _, format := range findings.Formats() {
		var b bytes.Buffer
		if err := findings.Write(&b, result(), format); err != nil {
			t.Fatal(err)
		}
		if text := strings.ReplaceAll(b.String(), "\n", ""); strings.ContainsFunc(text, unicode.IsControl) || strings.ContainsRune(text, '\u202e') {
			t.Errorf("%s holds control characters: %q", format, b.String())
		}
		if err := findings.Write(full{}, result(), format); !errors.Is(err, errFull) {
			t.Errorf("%s hides that its output failed: %v", format, err)
		}
	}
}

var errFull = errors.New("disk full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestUnknownFormat(t *testing.T) {
	if err := findings.Write(&bytes.Buffer{}, result(), "xml"); err == nil || err.Error() != `unknown format "xml"` {
		t.Error(err)
	}
}

// Records of coverage never get between findings that another program reads.
func TestCoverageFormats(t *testing.T) {
	list := []detect.Coverage{{Rule: "beacon", Ran: true, Days: 3, Hosts: 12}, {Rule: "dns-c2", Reason: "no DNS\x1b[2J"}}
	const table = `RULE    RAN  DAYS  HOSTS  WHAT IT COULD NOT SEE
beacon  yes  3     12     
dns-c2  no   0     0      no DNS\x1b[2J
`
	for format, want := range map[string][2]string{
		"table": {"\n" + table, ""},
		"json":  {`{"rule":"beacon","ran":true,"hosts":12,"days":3,"reason":""}` + "\n" + `{"rule":"dns-c2","ran":false,"hosts":0,"days":0,"reason":"no DNS\u001b[2J"}` + "\n", ""},
		"csv":   {"", table},
		"ecs":   {"", table},
	} {
		var out, aside strings.Builder
		if err := findings.WriteCoverage(&out, &aside, list, format); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, [2]string{out.String(), aside.String()}); diff != "" {
			t.Errorf("%s: %s", format, diff)
		}
		if err := findings.WriteCoverage(full{}, full{}, list, format); !errors.Is(err, errFull) {
			t.Errorf("%s hides that its output failed: %v", format, err)
		}
	}
}

func TestTable(t *testing.T) {
	var b bytes.Buffer
	if err := findings.Write(&b, result(), "table"); err != nil {
		t.Fatal(err)
	}
	const want = `DEVICE    SEVERITY  SCORE  RULES
10.0.0.7  high      0.800  =own

RULE  ENTITY    SEVERITY  SCORE  FROM   TO     SUMMARY
=own  10.0.0.7  high      0.800  01:00  02:01  uploaded 1.19 GB to 192.0.2.1 (Evil\x1b]0;PWN\x07\u009b31m\u202e\nCorp)

1 more at severity info; --format json or csv lists them.
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
	b.Reset()
	if err := findings.Write(&b, detect.Result{}, "table"); err != nil || b.String() != "No findings above info.\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
}

// A spreadsheet must not take a cell for a formula.
func TestCSV(t *testing.T) {
	var b bytes.Buffer
	if err := findings.Write(&b, result(), "csv"); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, row := range rows {
		for _, c := range row {
			if c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) {
				t.Errorf("a formula: %q", c)
			}
		}
	}
	var evidence struct{ Owner string }
	if err := json.Unmarshal([]byte(rows[1][8]), &evidence); err != nil || evidence.Owner != owner {
		t.Errorf("%q, %v", evidence.Owner, err)
	}
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	if err := findings.Write(&b, result(), "json"); err != nil {
		t.Fatal(err)
	}
	var f detect.Finding
	first, _, _ := strings.Cut(b.String(), "\n")
	if err := json.Unmarshal([]byte(first), &f); err != nil || !strings.Contains(f.Summary, owner) || strings.Count(b.String(), "\n") != 2 {
		t.Errorf("%q, %v in\n%s", f.Summary, err, b.String())
	}
}
