package siem

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
)

// The built-in rules as a table.
func TestGoldenRules(t *testing.T) {
	s := builtinSet(t)
	var table bytes.Buffer
	if err := s.writeTable(&table); err != nil {
		t.Fatal(err)
	}
	testenv.Golden(t, filepath.Join("testdata", "rules.txt"), table.String())
}
