package nb

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/filename"
	"github.com/flowbook/flowbook/pkg/profile"
)

// historyDays is how many days before the last one are read.
const historyDays = 28

// History returns the input of detections on the last day of a folder of days, with
// up to 28 earlier days as history, and the databases, networks and sensitivity of
// the run. The folder is "sample:fortnight" for the two sample weeks, or has a file
// 2024-03-20.parquet or files date=2024-03-20/*.parquet for each day. A folder without a
// day, or a day that cannot be read, ends the cell.
func (r *Run) History(folder string) detect.Input {
	days, err := openDays(folder, time.Time{})
	Check(err)
	last := days[len(days)-1]
	return detect.Input{History: days[:len(days)-1], Test: last.Profile, TestDate: last.Date,
		Geo: r.Geo(), Internal: r.Internal(), Sensitivity: r.sensitivity()}
}

// WithDays returns the input of detections with the days of the input days that are
// before the test day as history, at most 28 of them, beside the baseline day. If the
// name of the test day's file has no date, all days of the folder are before it. The
// test day itself is left out, and a baseline day that is in the folder counts once.
// Without that input, it is [Run.Input].
func (r *Run) WithDays() detect.Input {
	in := r.Input()
	if r.in.Days == "" {
		return in
	}
	date := filename.Date(r.in.Test)
	days, err := openDays(r.in.Days, date)
	if err != nil {
		Check(fmt.Errorf("parameter days: %w", err))
	}
	for _, d := range days {
		same := func(p *profile.Profile) bool { return p != nil && slices.Equal(p.Sources, d.Profile.Sources) }
		if same(in.Baseline) {
			in.Baseline = nil // the folder knows its date
		}
		if !same(in.Test) {
			in.History = append(in.History, d)
		}
	}
	in.TestDate = date
	return in
}

// openDays reads the last days of a folder, earliest first: up to 28 before a date,
// or the last day and up to 28 before it if the date is zero.
func openDays(folder string, before time.Time) ([]detect.Day, error) {
	root, err := locate(folder)
	if err != nil {
		return nil, err
	}
	paths, err := filename.Below(root, ".parquet")
	if err != nil {
		return nil, err
	}
	files := map[time.Time][]string{}
	for _, path := range paths {
		if date := filename.Date(path); !date.IsZero() {
			files[date] = append(files[date], path)
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no day; name its files date=2024-03-20/*.parquet or 2024-03-20.parquet", folder)
	}
	dates := slices.SortedFunc(maps.Keys(files), time.Time.Compare)
	most := historyDays + 1
	if !before.IsZero() {
		dates = slices.DeleteFunc(dates, func(date time.Time) bool { return !date.Before(before) })
		most = historyDays
	}
	var days []detect.Day
	for _, date := range dates[max(0, len(dates)-most):] {
		var parts []*profile.Profile
		for _, path := range files[date] {
			p, err := readDay(path)
			if err != nil {
				return nil, err
			}
			parts = append(parts, p)
		}
		days = append(days, detect.Day{Date: date, Profile: profile.Merge(parts...)})
	}
	return days, nil
}
