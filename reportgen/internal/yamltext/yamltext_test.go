package yamltext_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/budget"
	"github.com/flowbook/flowbook/reportgen/internal/yamltext"
)

// Small texts that the library would expand to gigabytes are refused.
func TestBombs(t *testing.T) {
	var aliases, keys strings.Builder
	fmt.Fprintln(&aliases, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]")
	for i := 1; i < 9; i++ {
		fmt.Fprintf(&aliases, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i-1), 10), ","))
	}
	for i := range 80_000 {
		fmt.Fprintf(&keys, "k%d: 1\n", i)
	}
	for name, text := range map[string]string{
		"aliases of aliases":  aliases.String(),
		"open lists":          "title: " + strings.Repeat("[", 100_000),
		"closed lists":        strings.Repeat("[", 5_000) + strings.Repeat("]", 5_000),
		"open mappings":       strings.Repeat("{a: ", 25_000),
		"lists on a line":     strings.Repeat("- ", 50_000) + "x",
		"keys on a line":      strings.Repeat("? ", 50_000) + "x",
		"tags":                "a: " + strings.Repeat("!t ", 30_000) + "x",
		"lists of a mapping":  strings.Repeat("- a: [", 20_000),
		"many keys":           keys.String(),
		"more than the bytes": strings.Repeat("#", yamltext.Most+1),
	} {
		t.Run(name, func(t *testing.T) {
			var v any
			err := yamltext.Unmarshal([]byte(text), &v)
			if _, ok := errors.AsType[*budget.Exceeded](err); !ok {
				t.Errorf("error %v", err)
			}
		})
	}
}

// Ordinary files are not refused: long lists, anchors, brackets in texts.
func TestOrdinary(t *testing.T) {
	for name, text := range map[string]string{
		"list of mappings": strings.Repeat("- network: 10.0.0.0/8\n  rules: [a, b]\n  reason: x\n", 3_000),
		"anchors":          "a: &a {b: [1, 2]}\n" + "c: *a\nd: *a\n",
		"brackets in text": "a: |\n" + strings.Repeat("  x [ { y\n", 1_000) + "b: \"" + strings.Repeat("[", 1_000) + "\"\nc: d [[[",
		"flat list":        strings.Repeat("- x\n", 30_000),
		"short keys":       strings.Repeat("- [x]\n- y\n", 1_000),
		"documents":        strings.Repeat("---\na: 1\n", 300),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := yamltext.Parse([]byte(text)); err != nil {
				t.Error(err)
			}
		})
	}
}
