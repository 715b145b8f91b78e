package days

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/reportgen/execute"
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
		value := fmt.Sprint(p.Value)
		if p.Input && kinds[p.Name] != "" {
			samples[p.Name] = kinds[p.Name]
		}
		if value == "" || strings.HasPrefix(value, "sample:") {
			continue
		}
		if err := checkInput(ctx, samples[p.Name], value); err != nil {
			errs = append(errs, fmt.Errorf("parameter %s: %w", p.Name, err))
		}
	}
	return errors.Join(errs...)
}

// kinds are the inputs that report.yaml can declare, see nb.Inputs, and samples of their
// files or, for other values, their types.
var kinds = map[string]string{
	"baseline": "data.parquet", "test": "test.parquet", "servers": "servers.parquet",
	"country": "country.mmdb", "asn": "asn.mmdb", "internal": "networks", "sensitivity": "number",
}

// checkInput reads the file at path, which replaces the given sample file, or checks a
// value of another type.
func checkInput(ctx context.Context, sample, path string) (err error) {
	var db *geo.Lookup
	switch sample {
	case "country.mmdb":
		db, err = geo.Open(path, "")
	case "asn.mmdb":
		db, err = geo.Open("", path)
	case "networks":
		_, err = flow.ParseNetworks(path)
	case "number":
		if _, err = strconv.ParseFloat(path, 64); err != nil {
			err = fmt.Errorf("%q is not a number", path)
		}
	default:
		if filepath.Ext(sample) == ".parquet" {
			_, err = Cached(ctx, path)
		}
	}
	return errors.Join(err, db.Close())
}
