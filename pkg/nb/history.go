package nb

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/profile"
)

// historyDays is how many days before the last one are read.
const historyDays = 28

// dateOf finds a date in the path of a flow file: date=2024-03-20/x.parquet or
// 2024-03-20.parquet.
var dateOf = regexp.MustCompile(`\d{4}-\d{2}-\d{2}`)

// History returns the input of detections on the last day of a folder of days, with
// the up to 28 days before it as history, and the databases, networks and sensitivity
// of the run. The folder is "sample:fortnight" for the two sample weeks, or has a file
// 2024-03-20.parquet or files date=2024-03-20/*.parquet for each day. A folder without a
// day, or a day that cannot be read, ends the cell.
func (r *Run) History(folder string) detect.Input {
	days, err := openDays(folder)
	Check(err)
	last := days[len(days)-1]
	return detect.Input{History: days[:len(days)-1], Test: last.Profile, TestDate: last.Date,
		Geo: r.Geo(), Internal: r.Internal(), Sensitivity: r.sensitivity()}
}

// openDays reads the last days of a folder, earliest first.
func openDays(folder string) ([]detect.Day, error) {
	root, err := locate(folder)
	if err != nil {
		return nil, err
	}
	files := map[string][]string{}
	err = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(path) != ".parquet" {
			return err
		}
		name, err := filepath.Rel(root, path)
		if date := dateOf.FindString(name); date != "" {
			files[date] = append(files[date], path)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	var dates []string
	for date := range files {
		dates = append(dates, date)
	}
	if len(dates) == 0 {
		return nil, fmt.Errorf("%s: no day; name its files date=2024-03-20/*.parquet or 2024-03-20.parquet", folder)
	}
	slices.Sort(dates)
	var days []detect.Day
	for _, date := range dates[max(0, len(dates)-1-historyDays):] {
		midnight, err := time.Parse(time.DateOnly, date)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", folder, err)
		}
		var parts []*profile.Profile
		for _, path := range files[date] {
			p, err := readDay(path)
			if err != nil {
				return nil, err
			}
			parts = append(parts, p)
		}
		days = append(days, detect.Day{Date: midnight, Profile: profile.Merge(parts...)})
	}
	return days, nil
}
