// Package nb is what a notebook's cell calls: the days of the run, captioned
// tables and figures, and prose whose numbers are computed.
//
// A notebook declares its inputs in a cell tagged parameters and opens them
// once:
//
//	var run = nb.Open(nb.Inputs{Baseline: baseline, Test: test, Country: country})
//
// GoNB runs every cell as a program of its own in which that declaration stands
// again, so opening costs nothing: a day is read when a cell first asks for it,
// in milliseconds, from the cache of profiles. Nothing that a cell imports
// knows the format of flow files; where a day is not in the cache, nb runs
// "reportgen profile" to put it there.
//
//	hours := frame.Compare(frame.Hours(run.Baseline()), frame.Hours(run.Test()), "hour", "flows")
//	nb.Figure(chart.Hours(hours, "flows"), nb.Label("fig-flows"),
//		nb.Caption("Flows over time"), nb.Alt("Two curves that peak at noon"))
//
// # Errors
//
// A cell reads like analysis because nothing in it returns an error: what goes
// wrong (a missing file, a column that a frame does not have) ends the cell
// through [Check], with a message that says what and what to do. GoNB marks the
// cell as failed. Cells hand their own errors to Check too.
package nb

import (
	"fmt"
	"io"
	"os"

	"github.com/janpfeifer/gonb/gonbui"
)

// Check ends the cell where err is not nil: it prints the error and exits with
// status 1, after what the cell displayed so far has arrived.
func Check(err error) {
	if err == nil {
		return
	}
	gonbui.Sync()
	complain(os.Stderr, err)
	os.Exit(1)
}

func complain(w io.Writer, err error) {
	fmt.Fprintln(w, "error:", err)
}
