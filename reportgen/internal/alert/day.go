package alert

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/flowbook/flowbook/pkg/filename"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/reportgen/internal/dates"
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
	made, err := dates.Epoch()
	if err == nil && made.IsZero() {
		made = time.Now().UTC().Truncate(time.Millisecond)
	}
	return made, err
}

// DayOf returns the day of a profile that was read from path. The date is the one
// in the names of its flow files or of path, or else in the names of its folders. If
// there is no date, or several, reason says so and the day has no date.
func DayOf(p *profile.Profile, path string, made time.Time) (day Day, reason string) {
	day.Made = made
	names := []string{filepath.Base(path)}
	var hashes []string
	for _, s := range p.Sources {
		names, hashes = append(names, s.Name), append(hashes, s.SHA256)
	}
	slices.Sort(hashes)
	day.Files = strings.Join(hashes, " ")
	found := filename.Dates(names...)
	if len(found) == 0 {
		found = filename.FolderDates(path)
	}
	switch len(found) {
	case 1:
		day.Midnight = found[0]
	case 0:
		reason = fmt.Sprintf("neither %s nor its folders have a date in their names", filepath.Base(path))
	default:
		reason = fmt.Sprintf("the flow files have several dates in their names, %s and %s among them",
			found[0].Format(time.DateOnly), found[1].Format(time.DateOnly))
	}
	return day, reason
}
