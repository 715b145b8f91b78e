package nb_test

import (
	"strconv"

	"github.com/flowbook/flowbook/pkg/frame"
	"github.com/flowbook/flowbook/pkg/nb"
)

// In a notebook this displays a numbered table; a program prints it.
func ExampleTable() {
	f := frame.Texts([]string{"file", "reason"}, []string{"data.parquet", "a normal day"})
	nb.Table(f, nb.Label("tbl-files"), nb.Caption("Files of %s", "this report"))
	// Output:
	// [tbl-files] Files of this report
	// File          Reason
	// data.parquet  a normal day
}

// In Jupyter this displays a grid that sorts and filters; a program prints its first rows.
func ExampleShow() {
	nb.Show(frame.Texts([]string{"file", "reason"}, []string{"data.parquet", "a normal day"}))
	nb.Show(1_030_000)
	// Output:
	// File          Reason
	// data.parquet  a normal day
	//
	// 1,030,000
}

func ExampleProse() {
	nb.Prose("The test day has %s; %s sent %s.",
		nb.N(1_030_000, "flow"), nb.List([]string{"10.0.0.1", "10.0.0.2"}, 5), nb.Bytes(1_190_000_000))
	// Output: The test day has 1,030,000 flows; 10.0.0.1 and 10.0.0.2 sent 1.19 GB.
}

// A cell passes its own errors to Check.
func ExampleCheck() {
	limit, err := strconv.Atoi("12")
	nb.Check(err)
	nb.Prose("The limit is %d.", limit)
	// Output: The limit is 12.
}
