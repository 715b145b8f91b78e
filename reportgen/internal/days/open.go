// Package days opens days of flows: flow files and profiles, alone, in folders of
// days or by date, and the networks that they are about.
package days

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// Open returns the profile of a day from a flow file or from a profile that
// reportgen profile -o wrote. It detects which by content.
func Open(ctx context.Context, path string, c *console.Console) (*profile.Profile, error) {
	encoded, err := isProfile(path)
	if err != nil {
		return nil, err
	}
	if !encoded {
		p, _, err := cached(ctx, path, c, flowfile.CachedProfile)
		return p, err
	}
	p, err := readProfile(path)
	if err != nil {
		return nil, err
	}
	WarnRejected(c, p)
	return p, nil
}

// Cached returns the profile of a flow file, or of a folder with all flow files of one
// day, and adds what is not there to the profile cache.
func Cached(ctx context.Context, path string) (*profile.Profile, error) {
	files, err := filesOf(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var parts []*profile.Profile
	for _, f := range files {
		if !f.date.Equal(files[0].date) {
			return nil, fmt.Errorf("%s: has several days; name the folder or file of one of them, such as %s", path, files[len(files)-1].path)
		}
		p, _, err := flowfile.CachedProfile(ctx, f.path, flowfile.Options{})
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return profile.Merge(parts...), nil
}

// cached returns what read returns of a flow file: its profile, or a part of it, and its
// path in the profile cache, or "" if it is not there.
func cached(ctx context.Context, path string, c *console.Console, read func(context.Context, string, flowfile.Options) (*profile.Profile, string, error)) (*profile.Profile, string, error) {
	bar := c.NewBar("flows", console.Count)
	p, at, err := read(ctx, path, flowfile.Options{Progress: bar.Set, CacheFailed: WarnCache(c)})
	bar.Close()
	if err != nil {
		return nil, "", err
	}
	WarnRejected(c, p)
	return p, at, nil
}

// CacheProfiles adds the profiles of flow files to the profile cache, and writes the
// path of each to w.
func CacheProfiles(ctx context.Context, files []string, w io.Writer, c *console.Console) error {
	for _, file := range files {
		_, at, err := cached(ctx, file, c, flowfile.Cache)
		if err != nil {
			return err
		}
		if at != "" {
			fmt.Fprintln(w, at)
		}
	}
	return nil
}

// WriteProfile writes one profile of several files to the file out. They are flow files,
// or profiles of parts of a day, such as of other machines. Flows that are in two of
// them would count twice, so a source that two of them have is an error.
func WriteProfile(ctx context.Context, files []string, out string, c *console.Console) error {
	var flows, profiles []string
	for _, path := range files {
		encoded, err := isProfile(path)
		switch {
		case err != nil:
			return err
		case encoded:
			profiles = append(profiles, path)
		default:
			flows = append(flows, path)
		}
	}
	bar := c.NewBar("flows", console.Count)
	head, err := flowfile.WriteMerged(ctx, out, flows, profiles, flowfile.Options{Progress: bar.Set})
	bar.Close()
	if err != nil {
		return err
	}
	WarnRejected(c, head)
	return nil
}

// WarnCache returns a function that warns of a profile cache that cannot be
// used, after which the result only takes longer.
func WarnCache(c *console.Console) func(error) {
	return func(err error) { c.Warnf("%v", err) }
}

// WarnRejected warns of the rows of a profile's files that were left out. Of a table in a
// database, neither the number of all rows nor the places of rows need be known.
func WarnRejected(c *console.Console, p *profile.Profile) {
	rows := int64(0)
	for _, s := range p.Sources {
		rows += s.Rows
	}
	for _, r := range p.Rejected {
		if r.First.File == "" {
			c.With("rejected", r.Count, "reason", r.Reason).Warnf("%d rows left out: %s, such as column %s: %q", r.Count, r.Reason, r.First.Column, r.First.Value)
			continue
		}
		c.With("rows", rows, "rejected", r.Count, "reason", r.Reason).Warnf("%d of %d rows left out: %s, first in %s, row group %d, row %d, column %s: %q",
			r.Count, rows, r.Reason, console.Escape(r.First.File), r.First.RowGroup, r.First.Row, r.First.Column, r.First.Value)
	}
}

// isProfile reports whether a file begins like a profile.
func isProfile(path string) (bool, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return false, err
	case info.IsDir():
		return false, fmt.Errorf("%s: is a folder; give a file in it, or the folder with --days and a date", path)
	case !info.Mode().IsRegular():
		return false, fmt.Errorf("%s: not a regular file; write what it gives to a file first", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	head := make([]byte, 64)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, err // which names the file
	}
	_, err = profile.Unmarshal(head[:n])
	return !errors.Is(err, profile.ErrNotProfile), nil
}

func readProfile(path string) (*profile.Profile, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	p, err := profile.Unmarshal(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}
