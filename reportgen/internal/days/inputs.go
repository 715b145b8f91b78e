package days

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/reportgen/execute"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// sampleInput matches the declaration of a parameter whose default is a file of the sample days.
var sampleInput = regexp.MustCompile(`(?m)^\s*(?:var\s+)?(\w+)\s*=\s*"sample:([^"]+)"`)

// CheckInputs reads the flow files and databases that parameters name before any kernel starts, so that a file that
// cannot be read is an error at once and no report is replaced. It also fills the profile cache, so that notebooks do not
// scan the same day at the same time.
func CheckInputs(ctx context.Context, notebooks []execute.Input, params []execute.Parameter) error {
	samples := map[string]string{}
	for _, n := range notebooks {
		for _, c := range n.Notebook.Cells {
			if c.Type != nbformat.Code || !c.HasTag("parameters") {
				continue
			}
			for _, m := range sampleInput.FindAllStringSubmatch(c.Source, -1) {
				samples[m[1]] = m[2]
			}
		}
	}
	var errs []error
	for _, p := range params {
		if path := fmt.Sprint(p.Value); path != "" && !strings.HasPrefix(path, "sample:") {
			if err := checkInput(ctx, samples[p.Name], path); err != nil {
				errs = append(errs, fmt.Errorf("parameter %s: %w", p.Name, err))
			}
		}
	}
	return errors.Join(errs...)
}

// checkInput reads the file at path, which replaces the given sample file.
func checkInput(ctx context.Context, sample, path string) (err error) {
	var db *geo.Lookup
	switch sample {
	case "country.mmdb":
		db, err = geo.Open(path, "")
	case "asn.mmdb":
		db, err = geo.Open("", path)
	default:
		if filepath.Ext(sample) == ".parquet" {
			_, _, err = flowfile.CachedProfile(ctx, path, flowfile.Options{})
		}
	}
	return errors.Join(err, db.Close())
}
