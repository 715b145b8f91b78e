package main

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
)

func textFile(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestGeoConvert makes one MMDB of an IPv4 and an IPv6 text, twice.
func TestGeoConvert(t *testing.T) {
	dir := t.TempDir()
	v4 := textFile(t, filepath.Join(dir, "geoip"), "# Tor's\n16777216,16777471,AU\n16777472,16777727,??\n")
	v6 := textFile(t, filepath.Join(dir, "geoip6"), "2001:4860::,2001:4860:ffff:ffff:ffff:ffff:ffff:ffff,US\n")
	var built [2][]byte
	for i := range built {
		out := filepath.Join(dir, "country.mmdb")
		mustRun(t, "geo", "convert", v4, v6, "-o", out)
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		built[i] = data
	}
	if !bytes.Equal(built[0], built[1]) {
		t.Error("two runs gave different bytes")
	}
	l, err := geo.Open(filepath.Join(dir, "country.mmdb"), "")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for addr, want := range map[string]string{"1.0.0.1": "AU", "1.0.1.1": "", "2001:4860:4860::8888": "US"} {
		if got := l.Country(netip.MustParseAddr(addr)).Code; got != want {
			t.Errorf("%s is in %q, want %q", addr, got, want)
		}
	}
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	mustRun(t, "geo", "convert", v4, v6, "-o", filepath.Join(dir, "dated.mmdb"))
	if data, err := os.ReadFile(filepath.Join(dir, "dated.mmdb")); err != nil || bytes.Equal(data, built[0]) {
		t.Errorf("SOURCE_DATE_EPOCH does not show: %v", err)
	}
}

func TestGeoConvertRefuses(t *testing.T) {
	dir := t.TempDir()
	good := textFile(t, filepath.Join(dir, "good.csv"), "8.8.8.0/24,US\n")
	bad := textFile(t, filepath.Join(dir, "bad.csv"), "8.8.8.0/24,US\n8.8.8.0/24\n9.9.9.0/24,United States\n")
	out := filepath.Join(dir, "out.mmdb")
	tests := []struct {
		args []string
		want string
	}{
		{[]string{good}, "-o, the MMDB file"},
		{[]string{"-o", out}, "missing argument IN; run reportgen geo convert --help for the usage"},
		{[]string{filepath.Join(dir, "none"), "-o", out}, "no such file"},
		{[]string{good, bad, "-o", out}, "bad.csv: line 3"},
		{[]string{good, "-o", filepath.Join(dir, "none", "out.mmdb")}, "does not exist; create it first"},
	}
	for _, tt := range tests {
		var stdout, stderr bytes.Buffer
		args := append([]string{"geo", "convert"}, tt.args...)
		if code := run(t.Context(), args, &stdout, &stderr); code != exit.BadInput || !strings.Contains(stderr.String(), tt.want) {
			t.Errorf("%v: exit %d, %q; want %d and %q", tt.args, code, stderr.String(), exit.BadInput, tt.want)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a failed conversion left a file")
	}
	t.Setenv("SOURCE_DATE_EPOCH", "yesterday")
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"geo", "convert", good, "-o", out}, &stdout, &stderr); code != exit.BadInput || !strings.Contains(stderr.String(), "yesterday") {
		t.Errorf("exit %d, %q", code, stderr.String())
	}
}
