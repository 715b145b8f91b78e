package execute

import (
	"slices"
	"testing"

	"github.com/flowbook/flowbook/reportgen/nbformat"
)

func TestStartOrder(t *testing.T) {
	var ready []*notebook
	for _, cells := range []int{2, 5, 0, 5, 9} {
		ready = append(ready, &notebook{todo: make([]*nbformat.Cell, cells)})
	}
	for jobs, want := range map[int][]int{1: {0, 1, 2, 3, 4}, 2: {4, 1, 3, 0, 2}} {
		if got := startOrder(ready, jobs); !slices.Equal(got, want) {
			t.Errorf("with %d jobs they start as %v, want %v", jobs, got, want)
		}
	}
}
