// Package nb provides the functions that cells of notebooks call. They open the days of
// a run and display captioned tables and figures, and prose with computed numbers.
//
// A report.yaml beside the notebooks declares their inputs, and each notebook opens them:
//
//	var run = nb.Open()
//
// GoNB runs each cell as a program that repeats this declaration. So Open is cheap:
// it reads nothing, and a day is read from the profile cache, in milliseconds, when
// a cell first uses it. If a day is not in the cache, nb runs "reportgen profile",
// so that cells need not link a Parquet reader.
//
//	hours := frame.Compare(frame.Hours(run.Baseline()), frame.Hours(run.Test()), "hour", "flows")
//	nb.Figure(chart.Hours(hours, "flows"), nb.Label("fig-flows"),
//		nb.Caption("Flows over time"), nb.Alt("Two curves that peak at noon"))
//
// While exploring in Jupyter, labels, captions and alt texts are not needed, and [Show]
// displays anything: a frame as a grid that sorts and filters, a finding, a rule, a day.
//
// # Errors
//
// The functions return no errors. An error, such as a missing file or column, ends
// the cell with a message, and GoNB marks the cell as failed. A cell passes its own
// errors to [Check], which does the same.
package nb

import (
	"fmt"
	"io"
	"os"

	"github.com/janpfeifer/gonb/gonbui"
)

// Check does nothing if err is nil. Otherwise it waits until the outputs of the cell
// have been delivered, prints err and exits with status 1.
func Check(err error) {
	if err == nil {
		return
	}
	gonbui.Sync()
	printError(os.Stderr, err)
	os.Exit(1)
}

func printError(w io.Writer, err error) {
	fmt.Fprintln(w, "error:", err)
}
