package nb

import (
	"os"
	"path/filepath"
	"testing"
)

// What a cell reads is told to the program that runs it, one path a line.
func TestDeclare(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("day.parquet", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	listener := filepath.Join(dir, "inputs")
	t.Setenv(inputsVariable, listener)
	for range 2 {
		if _, err := resolve("day.parquet"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := resolve("no.parquet"); err == nil {
		t.Error("a file that is not there is none to read")
	}
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	line := filepath.Join(wd, "day.parquet") + "\n"
	if got, err := os.ReadFile(listener); err != nil || string(got) != line+line {
		t.Errorf("%q, %v", got, err)
	}
	t.Setenv(inputsVariable, filepath.Join(dir, "no", "folder"))
	if _, err := resolve("day.parquet"); err == nil {
		t.Error("a file that could not be told of gives no error")
	}
}
