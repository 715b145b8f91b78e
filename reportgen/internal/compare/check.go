package compare

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/flowbook/flowbook/reportgen/internal/report"
)

// Check compares a folder with what notebooks produce now.
type Check struct {
	Dir     string    // of a report or a series, which Check does not change
	Out     io.Writer // for the differences
	Options report.WriteOptions
	Run     func(*report.Source) (*report.Run, error) // runs notebooks
}

// Report compares a report and returns whether it is stale. It writes the new report in
// the formats of the old one, whatever Options says.
func (c Check) Report(ctx context.Context, source *report.Source) (stale bool, err error) {
	if c.Options.Formats, err = Formats(c.Dir); err != nil {
		return false, err
	}
	if c.Options.Formats, err = printable(c.Options.Formats); err != nil {
		return false, err
	}
	if _, err := report.ReadDocument(c.Dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	r, err := c.Run(source)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, r.Wait()) }()
	if ctx.Err() != nil {
		return false, fmt.Errorf("interrupted: %w", context.Cause(ctx))
	}
	return fresh(ctx, c.Out, c.Dir, r, c.Options)
}

// Series compares each report of a series and returns whether any is stale, missing or
// no longer made.
func (c Check) Series(ctx context.Context, members []report.Member) (stale bool, err error) {
	gone, err := report.ReadSeries(c.Dir)
	if err != nil {
		return false, err
	}
	if gone == nil {
		return false, fmt.Errorf("%s: not a series of reports (it has no %s), which %s asks for; make it with reportgen run -o %s",
			c.Dir, report.SeriesName, report.ConfigName, c.Dir)
	}
	for _, m := range members {
		one := c
		one.Dir = filepath.Join(c.Dir, m.Name)
		at := slices.Index(gone, m.Name)
		if at < 0 {
			fmt.Fprintf(c.Out, "%s is missing\n", one.Dir)
			stale = true
			continue
		}
		gone = slices.Delete(gone, at, at+1)
		differs, err := one.Report(ctx, m.Source)
		if err != nil {
			return false, fmt.Errorf("%s: %w", m.Name, err)
		}
		stale = stale || differs
	}
	for _, name := range gone {
		fmt.Fprintf(c.Out, "%s is no longer made\n", filepath.Join(c.Dir, name))
		stale = true
	}
	return stale, nil
}
