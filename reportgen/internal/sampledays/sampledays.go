// Package sampledays is for tests: the sample days of the module as the input of
// detections.
package sampledays

import (
	"errors"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// Input returns the sample days and their databases, which are closed at the end of
// the test.
func Input(t *testing.T) detect.Input {
	t.Helper()
	t.Setenv("FLOWBOOK_CACHE", t.TempDir())
	read := func(name string) *profile.Profile {
		p, _, err := flowfile.CachedProfile(t.Context(), testenv.Path(t, "testdata", name), flowfile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	in := detect.Input{Baseline: read("data.parquet"), Test: read("test.parquet"), Servers: read("servers.parquet")}
	var err error
	if in.Geo, err = geo.Open(testenv.Path(t, "testdata", "country.mmdb"), testenv.Path(t, "testdata", "asn.mmdb")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(in.Geo.Err(), in.Geo.Close()); err != nil {
			t.Error(err)
		}
	})
	return in
}
