package detect

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
)

// maxLine is the size in bytes of the longest line that ReadFindings reads.
const maxLine = 16 << 20

// ReadFindings reads what reportgen detect --format json prints: one finding a line and, with --coverage, one record of
// coverage a line. The result has findings and coverage only; without records of coverage, it has no outcomes. Errors name
// the input and the line.
func ReadFindings(name string, r io.Reader) (Result, error) {
	var read Result
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	n := 1
	for ; lines.Scan(); n++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		f, c, err := parseFinding(line)
		switch {
		case err != nil:
			return Result{}, fmt.Errorf("%s: line %d: %w; want the output of reportgen detect --format json", name, n, err)
		case c != nil:
			if read.Outcomes == nil {
				read.Outcomes = map[string]Outcome{}
			}
			read.Outcomes[c.Rule] = Outcome{Coverage: *c}
		default:
			read.Findings = append(read.Findings, *f)
		}
	}
	if err := lines.Err(); err != nil {
		return Result{}, fmt.Errorf("%s: line %d: %w; want the output of reportgen detect --format json", name, n, err)
	}
	return read, nil
}

// parseFinding returns the finding or the record of coverage in a line.
func parseFinding(line []byte) (*Finding, *Coverage, error) {
	var record struct {
		Finding
		Entity any   `json:"entity"` // a string, parsed below
		Ran    *bool `json:"ran"`    // of coverage only
	}
	if err := json.Unmarshal(line, &record); err != nil {
		return nil, nil, errors.New("not a finding in JSON")
	}
	if record.Rule == "" {
		return nil, nil, errors.New("the record has no rule")
	}
	if record.Ran != nil {
		var c Coverage
		err := json.Unmarshal(line, &c)
		return nil, &c, err
	}
	text, _ := record.Entity.(string)
	entity, err := netip.ParseAddr(text)
	if err != nil {
		return nil, nil, fmt.Errorf("entity %q is not an address", text)
	}
	if !record.Severity.Known() {
		return nil, nil, fmt.Errorf("severity %q is not info, low, medium, high or critical", record.Severity)
	}
	f := record.Finding
	f.Entity = entity
	return &f, nil, nil
}
