package units_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/flowbook/flowbook/pkg/units"
)

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 1: "1 B", 999: "999 B", 1000: "1 kB", 1024: "1.02 kB", 999_499: "999 kB", 999_999: "1 MB",
		1_190_000_000: "1.19 GB", 1_214_000_000_000: "1.21 TB", -5: "0 B", math.MaxInt64: "9.22 EB",
	} {
		if got := units.Bytes(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestSI(t *testing.T) {
	for v, want := range map[float64]string{0.25: "0.25", 12: "12", 12_345: "12.3 k", -2_500_000: "-2.5 M"} {
		if got := units.SI(v, ""); got != want {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
}

func Example() {
	fmt.Println(units.Bytes(1_190_000_000), units.SI(0.5, "B"))
	// Output: 1.19 GB 0.5 B
}
