package sqltext

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/flow"
)

// TestAddressPatterns: the patterns match what ParseAddr reads, and nothing else.
func TestAddressPatterns(t *testing.T) {
	v4, v6 := regexp.MustCompile(ipv4Pattern), regexp.MustCompile(ipv6Pattern)
	check := func(s string) bool {
		_, err := flow.ParseAddr(s)
		if got := v4.MatchString(s) || v6.MatchString(s); got != (err == nil) {
			t.Errorf("%q: the patterns say %v; ParseAddr says %v", s, got, err)
		}
		return err == nil
	}
	r := rand.New(rand.NewPCG(1, 1))
	parts := []string{"0", "1", "255", "256", "01", "fFfF", "12345", "a", "", "", ":", "::", ".", "1.2.3.4", "::ffff:", "g", "%1", " "}
	valid := 0
	for range 200_000 {
		var s []string
		for range 1 + r.IntN(9) {
			s = append(s, parts[r.IntN(len(parts))])
		}
		if check(strings.Join(s, []string{":", ".", ""}[r.IntN(3)])) {
			valid++
		}
		// Addresses of the right number of groups, where two colons may be too many.
		n := r.IntN(10)
		groups := make([]string, n)
		for i := range groups {
			groups[i] = parts[[]int{0, 1, 5, 7}[r.IntN(4)]]
		}
		text := strings.Join(groups, ":")
		if at := r.IntN(n + 1); n > 0 && r.IntN(2) == 0 {
			text = strings.Join(groups[:at], ":") + "::" + strings.Join(groups[at:], ":")
		}
		if r.IntN(3) == 0 {
			text += ":1.20.255.0"
		}
		if check(text) {
			valid++
		}
	}
	if valid < 10_000 {
		t.Errorf("only %d of the texts are addresses", valid)
	}
}

// TestDialects: every dialect has all functions, and a script for each kind of source.
func TestDialects(t *testing.T) {
	for _, name := range Dialects() {
		for _, source := range []string{"day/*.parquet", "flows", "(SELECT * FROM flows)"} {
			d, err := Get(name)
			if err != nil {
				t.Fatal(err)
			}
			if d.files == nil && isFiles(source) {
				if _, err := d.named(source); err == nil || !strings.Contains(err.Error(), "reads tables") {
					t.Errorf("%s: files: %v", name, err)
				}
				continue
			}
			text, err := d.Script(Flows{Source: source, Optional: flow.OptionalColumns}, "tables")
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, table := range []string{"conversations", "half_hours", "largest", "rejected"} {
				if !strings.Contains(text, table) {
					t.Errorf("%s: %s: no statement writes the table %s", name, source, table)
				}
			}
			if strings.Contains(text, "%!") {
				t.Errorf("%s: %s: %s", name, source, text)
			}
		}
	}
	if _, err := Get("mysql"); err == nil || !strings.Contains(err.Error(), "duckdb") {
		t.Errorf("an unknown dialect: %v", err)
	}
	if _, err := dialects["duckdb"].Script(Flows{Source: "x", Optional: []string{"asn"}}, ""); err == nil || !strings.Contains(err.Error(), "src_port") {
		t.Errorf("an unknown column: %v", err)
	}
}
