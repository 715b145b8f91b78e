package days

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"time"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/filename"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/reportgen/internal/console"
	"golang.org/x/sync/errgroup"
)

// readHistory reads days as readDays does, without those that cannot be read: a damaged day
// of four weeks must not stop the judging of all days after it. A day is left out as a whole,
// since a part of it has less of everything than others. Files that the user named must be
// readable, and so must one day at least.
func readHistory(ctx context.Context, files []dayFile, c *console.Console) ([]detect.Day, error) {
	profiles, errs := readFiles(ctx, files, c)
	damaged, all := map[dayFile]error{}, map[dayFile]bool{}
	for i, f := range files {
		day := f.day()
		all[day] = true
		switch {
		case errs[i] == nil:
		case f.named || ctx.Err() != nil:
			return nil, errs[i]
		case damaged[day] == nil:
			damaged[day] = errs[i]
		}
	}
	if len(damaged) == 0 {
		return daysOf(files, profiles), nil
	}
	var left []dayFile
	var read []*profile.Profile
	for i, f := range files {
		if damaged[f.day()] == nil {
			left, read = append(left, f), append(read, profiles[i])
			continue
		}
		if errs[i] != nil {
			c.Warnf("left out of the history: %v", errs[i])
		}
	}
	if len(left) == 0 {
		return nil, fmt.Errorf("no day of the history can be read: %w", errors.Join(errs...))
	}
	c.Warnf("the history has %d of %d days: %d cannot be read", len(all)-len(damaged), len(all), len(damaged))
	return daysOf(left, read), nil
}

// readDays reads days, and merges the files of one date.
func readDays(ctx context.Context, files []dayFile, c *console.Console) ([]detect.Day, error) {
	profiles, errs := readFiles(ctx, files, c)
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return daysOf(files, profiles), nil
}

// readFiles reads the profiles of files, and returns the error of each.
func readFiles(ctx context.Context, files []dayFile, c *console.Console) ([]*profile.Profile, []error) {
	profiles, errs := make([]*profile.Profile, len(files)), make([]error, len(files))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, f := range files {
		group.Go(func() error {
			profiles[i], errs[i] = Open(ctx, f.path, c)
			return nil
		})
	}
	_ = group.Wait() // errors are those of files
	return profiles, errs
}

// daysOf makes days of profiles, and merges those of one date.
func daysOf(files []dayFile, profiles []*profile.Profile) []detect.Day {
	var days []detect.Day
	parts := map[time.Time][]*profile.Profile{}
	for i, f := range files {
		if f.date.IsZero() {
			f.date = dateOfSources(profiles[i])
		}
		if f.date.IsZero() {
			days = append(days, detect.Day{Profile: profiles[i]})
			continue
		}
		parts[f.date] = append(parts[f.date], profiles[i])
	}
	for _, date := range slices.SortedFunc(maps.Keys(parts), time.Time.Compare) {
		p := parts[date][0]
		if len(parts[date]) > 1 {
			p = profile.Merge(parts[date]...)
		}
		days = append(days, detect.Day{Date: date, Profile: p})
	}
	return days
}

// dateOfSources is the date that the names of a profile's logs agree on.
func dateOfSources(p *profile.Profile) (date time.Time) {
	for _, s := range p.Sources {
		switch d := filename.Date(s.Name); {
		case d.IsZero(), !date.IsZero() && !d.Equal(date):
			return time.Time{}
		default:
			date = d
		}
	}
	return date
}
