package alert

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/reportgen/internal/epoch"
)

// Day is the day of findings. Flow files hold times of day only, so the date comes
// from elsewhere; it may be unknown.
type Day struct {
	Midnight time.Time // at which the day begins; zero if the date is not known
	Made     time.Time // when the alerts are made: their time if the date is not known
	Files    string    // identifies the flow files: alerts of undated days differ by it
}

// id is what the uids of a day's alerts depend on.
func (d Day) id() string {
	if d.Midnight.IsZero() {
		return "undated " + d.Files
	}
	return d.Midnight.UTC().Format(time.DateOnly)
}

// time returns the time of the last flow concerned, or the time at which the alert
// was made.
func (a Alert) time() time.Time {
	if a.Last.IsZero() {
		return a.made
	}
	return a.Last
}

// MadeNow returns the time that alerts which are made now state: $SOURCE_DATE_EPOCH,
// or else the time of the clock.
func MadeNow() (time.Time, error) {
	made, err := epoch.Read()
	if err == nil && made.IsZero() {
		made = time.Now().UTC().Truncate(time.Millisecond)
	}
	return made, err
}

// DayOf returns the day of a profile that was read from path. The date is the one
// in the names of its flow files or of path, or else in the name of the nearest
// folder that is a date, such as 2024-04-21 or date=2024-04-21. If there is no date, or several,
// reason says so and the day has no date.
func DayOf(p *profile.Profile, path string, made time.Time) (day Day, reason string) {
	day.Made = made
	names := []string{filepath.Base(path)}
	var hashes []string
	for _, s := range p.Sources {
		names, hashes = append(names, s.Name), append(hashes, s.SHA256)
	}
	slices.Sort(hashes)
	day.Files = strings.Join(hashes, " ")
	dates := datesIn(names...)
	if abs, err := filepath.Abs(path); err == nil {
		for dir := filepath.Dir(abs); len(dates) == 0 && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
			if m := datedFolder.FindStringSubmatch(filepath.Base(dir)); m != nil {
				dates = datesIn(m[1])
			}
		}
	}
	switch len(dates) {
	case 1:
		day.Midnight = dates[0]
	case 0:
		reason = fmt.Sprintf("neither %s nor its folders have a date in their names", filepath.Base(path))
	default:
		reason = fmt.Sprintf("the flow files have several dates in their names, %s and %s among them",
			dates[0].Format(time.DateOnly), dates[1].Format(time.DateOnly))
	}
	return day, reason
}

var (
	// dateInName matches 2024-04-21 and 20240421, also before a time of day.
	dateInName = regexp.MustCompile(`(?:^|[^0-9])([0-9]{4})(-?)([0-9]{2})(-?)([0-9]{2})(?:[T_-]?[0-9]{4}(?:[0-9]{2})?)?(?:[^0-9]|$)`)
	// datedFolder matches 2024-04-21 and date=2024-04-21.
	datedFolder = regexp.MustCompile(`^(?:\w+=)?([0-9]{4}-[0-9]{2}-[0-9]{2})$`)
)

// datesIn returns the dates in names, in order and each once.
func datesIn(names ...string) (dates []time.Time) {
	for _, name := range names {
		for m := dateInName.FindStringSubmatchIndex(name); m != nil; m = dateInName.FindStringSubmatchIndex(name) {
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
