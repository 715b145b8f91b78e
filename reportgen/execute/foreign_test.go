package execute

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/flowbook/flowbook/pkg/trust"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// An entry that another user may have written is not used, and none is written
// where others could replace it.
func TestForeignCache(t *testing.T) {
	c := &Cache{Dir: filepath.Join(t.TempDir(), "cells")}
	e := &entry{Notebook: "a.ipynb", Cells: []cellEntry{{Chain: "x"}}}
	cells := []*nbformat.Cell{{Type: nbformat.Code, ID: "a", Source: "1"}}
	if err := c.save("slot", e, &nbformat.Notebook{Minor: 5, Cells: cells}); err != nil {
		t.Fatal(err)
	}
	if k, _, err := c.load("slot"); err != nil || k == nil {
		t.Fatalf("%v, %v", k, err)
	}
	var foreign *trust.Error
	refused := func(what string) {
		t.Helper()
		if k, _, err := c.load("slot"); k != nil || !errors.As(err, &foreign) {
			t.Errorf("%s: %v, %v", what, k, err)
		}
	}
	for path, mode := range map[string]os.FileMode{c.Dir: 0o777, c.file("slot"): 0o666} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		refused("writable by all: " + filepath.Base(path))
		if path == c.Dir {
			if err := c.save("other", e, &nbformat.Notebook{Minor: 5, Cells: cells}); !errors.As(err, &foreign) {
				t.Errorf("an entry was written: %v", err)
			}
		}
		if err := os.Chmod(path, info.Mode()); err != nil {
			t.Fatal(err)
		}
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(c.file("slot"), 65534, 65534); err != nil {
			t.Fatal(err)
		}
		refused("of another user")
		if err := c.save("slot", e, &nbformat.Notebook{Minor: 5, Cells: cells}); err != nil {
			t.Errorf("the entry of another user is not replaced: %v", err)
		}
	}
	if k, _, err := c.load("slot"); err != nil || k == nil {
		t.Errorf("%v, %v", k, err)
	}
}
