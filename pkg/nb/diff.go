package nb

import (
	"os"
	"slices"

	"github.com/flowbook/flowbook/pkg/changes"
	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/frame"
)

// Diff displays what changed in the findings from one day to the next, as reportgen diff compares them: a sentence with the
// number of entities of each kind (new, back, louder, ongoing, quieter, unseen, gone), and a table of them. The findings of the
// day before are those of [detect.Input.DayBefore] or [Findings].
func Diff(before, after detect.Result, options ...Option) {
	list := changes.Compare(before, after)
	counts := map[changes.Kind]int{}
	columns := []string{"change", "since", "rule", "entity", "severity", "summary"}
	for _, c := range list {
		counts[c.Kind] += len(c.Entities)
		if c.Before != "" && c.After != "" && c.Before != c.After && !slices.Contains(columns, "was") {
			columns = slices.Insert(columns, len(columns)-1, "was")
		}
	}
	Prose("Findings compared with the previous day: %s new, %s back, %s louder, %s ongoing, %s quieter, %s gone, %s unseen because the rule did not run.",
		Count(counts[changes.New]), Count(counts[changes.Back]), Count(counts[changes.Louder]), Count(counts[changes.Ongoing]), Count(counts[changes.Quieter]),
		Count(counts[changes.Gone]), Count(counts[changes.Unseen]))
	Table(frame.Diff(list), append([]Option{
		Caption("What changed since the previous day"), Columns(columns...), Most(50), Otherwise("Neither day has a finding above info."),
	}, options...)...)
}

// Findings returns the findings of a day that reportgen detect --format json wrote to a file, for [Diff]. With --coverage
// they also say which rules did not run. A file that is missing or is something else ends the cell.
func Findings(file string) detect.Result {
	path, err := resolve(file)
	Check(err)
	f, err := os.Open(path)
	Check(err)
	r, err := detect.ReadFindings(file, f)
	Check(err)
	Check(f.Close())
	return r
}
