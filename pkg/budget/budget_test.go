package budget_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/flowbook/flowbook/pkg/budget"
)

func TestReader(t *testing.T) {
	for n, ok := range map[int]bool{0: true, 9: true, 10: true, 11: false, 5000: false} {
		for name, r := range map[string]io.Reader{
			"at once":      strings.NewReader(strings.Repeat("x", n)),
			"byte by byte": iotest.OneByteReader(strings.NewReader(strings.Repeat("x", n))),
		} {
			b, err := io.ReadAll(budget.Reader(r, "log", 10))
			exceeded, is := errors.AsType[*budget.Exceeded](err)
			if is == ok || is && exceeded.Most != 10 || len(b) != min(n, 10) {
				t.Errorf("%d bytes %s: %d read, error %v", n, name, len(b), err)
			}
		}
	}
}

func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.json")
	if err := os.WriteFile(path, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := budget.ReadFile(path, 5); string(b) != "12345" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := budget.ReadFile(path, 4); err == nil || err.Error() != path+": file: larger than the limit of 4 B" {
		t.Errorf("error %v", err)
	}
}

func ExampleCheck() {
	fmt.Println(budget.Check("page", 70<<20, 64<<20, budget.Bytes))
	fmt.Println(budget.Check("document", 3, budget.Nesting, budget.Levels))
	// Output:
	// page: larger than the limit of 67.1 MB
	// <nil>
}

func ExampleReader() {
	_, err := io.ReadAll(budget.Reader(strings.NewReader("a log that is longer than it may be"), "log", 10))
	fmt.Println(err)
	// Output: log: larger than the limit of 10 B
}
