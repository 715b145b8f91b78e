package magic

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestParse compares what is read of each cell in testdata/cells.txtar with the
// description that follows it there.
func TestParse(t *testing.T) {
	archive, err := txtar.ParseFile(filepath.Join("testdata", "cells.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(archive.Files); i += 2 {
		cell, want := archive.Files[i], archive.Files[i+1]
		if want.Name != "want" {
			t.Fatalf("%s is followed by %s", cell.Name, want.Name)
		}
		t.Run(cell.Name, func(t *testing.T) {
			got := describe(Parse(strings.TrimSuffix(string(cell.Data), "\n")))
			if diff := cmp.Diff(strings.TrimSpace(string(want.Data)), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func describe(c *Cell) string {
	var b strings.Builder
	if c.Script != "" {
		fmt.Fprintf(&b, "script %s\n", c.Script)
	}
	for _, command := range c.Commands {
		fmt.Fprintf(&b, "command %s\n", command)
	}
	if c.Shell() {
		b.WriteString("shell\n")
	}
	if d := c.Declarations(); strings.TrimSpace(d) != "" {
		fmt.Fprintf(&b, "declarations %q\n", d)
	}
	if main, ok := c.Main(); ok {
		body := strings.TrimSuffix(strings.TrimPrefix(main, "func main() {\n\tflag.Parse()\n"), "\n}")
		fmt.Fprintf(&b, "main %q\n", body)
	}
	if c.Special() {
		b.WriteString("special")
	}
	return strings.TrimSpace(b.String())
}
