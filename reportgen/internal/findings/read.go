package findings

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"

	"github.com/flowbook/flowbook/pkg/detect"
)

// maxLine is the size in bytes of the longest line that Read reads.
const maxLine = 16 << 20

// ReadFile reads a file as [Read] does, or stdin if path is "-".
func ReadFile(path string, stdin io.Reader) ([]detect.Finding, []detect.Coverage, error) {
	if path == "-" {
		return Read("standard input", stdin)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	return Read(path, f)
}

// Read reads what reportgen detect --format json prints: one finding a line and, with
// --coverage, one record of coverage a line. Without --coverage the second result is nil.
// Errors name the input and the line.
func Read(name string, r io.Reader) ([]detect.Finding, []detect.Coverage, error) {
	var found []detect.Finding
	var seen []detect.Coverage
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	n := 1
	for ; lines.Scan(); n++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		f, c, err := parse(line)
		switch {
		case err != nil:
			return nil, nil, fmt.Errorf("%s: line %d: %w; want the output of reportgen detect --format json", name, n, err)
		case c != nil:
			seen = append(seen, *c)
		default:
			found = append(found, *f)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, nil, fmt.Errorf("%s: line %d: %w; want the output of reportgen detect --format json", name, n, err)
	}
	return found, seen, nil
}

// parse returns the finding or the record of coverage in a line.
func parse(line []byte) (*detect.Finding, *detect.Coverage, error) {
	var record struct {
		detect.Finding
		Entity any   `json:"entity"` // a string, parsed below
		Ran    *bool `json:"ran"`    // of coverage only
	}
	if err := json.Unmarshal(line, &record); err != nil {
		return nil, nil, errors.New("is not a finding in JSON")
	}
	if record.Rule == "" {
		return nil, nil, errors.New("the record has no rule")
	}
	if record.Ran != nil {
		var c detect.Coverage
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
