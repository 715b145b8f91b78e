package nbformat_test

import (
	"fmt"
	"os"

	"github.com/flowbook/flowbook/reportgen/nbformat"
)

func Example() {
	nb, err := nbformat.ReadFile("testdata/every.ipynb")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	for i, c := range nb.Cells {
		fmt.Println(i+1, c.Type, c.ID, len(c.Outputs), "outputs")
	}
	// Output:
	// 1 markdown intro 0 outputs
	// 2 code load 5 outputs
	// 3 code empty 0 outputs
	// 4 raw raw 0 outputs
}
