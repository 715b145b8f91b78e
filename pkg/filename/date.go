package filename

import (
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

var (
	// inName matches 2024-04-21 and 20240421, also before a time of day.
	inName = regexp.MustCompile(`(?:^|[^0-9])([0-9]{4})(-?)([0-9]{2})(-?)([0-9]{2})(?:[T_-]?[0-9]{4}(?:[0-9]{2})?)?(?:[^0-9]|$)`)
	// datedFolder matches 2024-04-21 and date=2024-04-21.
	datedFolder = regexp.MustCompile(`^(?:\w+=)?([0-9]{4}-[0-9]{2}-[0-9]{2})$`)
)

// Dates returns the dates in names, in order and each once.
func Dates(names ...string) (dates []time.Time) {
	for _, name := range names {
		for m := inName.FindStringSubmatchIndex(name); m != nil; m = inName.FindStringSubmatchIndex(name) {
			part := func(i int) string { return name[m[2*i]:m[2*i+1]] }
			date, err := time.Parse(time.DateOnly, part(1)+"-"+part(3)+"-"+part(5))
			if err == nil && part(2) == part(4) && date.Year() >= 1970 && date.Year() < 2200 && !slices.ContainsFunc(dates, date.Equal) {
				dates = append(dates, date)
			}
			name = name[m[11]:] // the separator may also begin the next date
		}
	}
	slices.SortFunc(dates, time.Time.Compare)
	return dates
}

// FolderDates returns the date that is the name of the nearest folder above a file, such
// as 2024-04-21 or date=2024-04-21. A name that has more than a date, such as
// project-2024-04-21, says nothing of the file.
func FolderDates(path string) []time.Time {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil
	}
	for dir := filepath.Dir(abs); dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if m := datedFolder.FindStringSubmatch(filepath.Base(dir)); m != nil {
			if dates := Dates(m[1]); len(dates) > 0 {
				return dates
			}
		}
	}
	return nil
}

// Date returns the date in the name of a file, or else in the names of its folders;
// zero if there is none or several.
func Date(path string) time.Time {
	dates := Dates(filepath.Base(path))
	if len(dates) == 0 {
		dates = FolderDates(path)
	}
	if len(dates) != 1 {
		return time.Time{}
	}
	return dates[0]
}
