package days

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/filename"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/intel"
)

// historyDays is how many days before the test day are read from --days: four
// weeks, so that each day of the week is there four times.
const historyDays = 28

// latest is the value of --test for the last date of --days.
const latest = "latest"

// dayFile is one flow file or profile of a day.
type dayFile struct {
	path string
	date time.Time // zero if its name does not say

	named bool // by the user, and not found in a folder or by a pattern
}

// day is the same for all files of a day: its date, or the file itself if that is unknown.
func (f dayFile) day() dayFile {
	if f.date.IsZero() {
		return f
	}
	return dayFile{date: f.date}
}

// Selection names the days that a detection compares, as the flags of reportgen
// detect do.
type Selection struct {
	Baselines []string // files, folders or patterns of earlier days
	Folder    string   // a folder of days; "" means none
	Test      string   // the file of the day under test; with Folder, a date or latest
	Servers   string   // the file of the external clients of public servers; "" means none
}

// Open reads the days into in.
func (opt Selection) Open(ctx context.Context, in *detect.Input, c *console.Console) error {
	tests, history, err := opt.dayFiles(c)
	if err != nil {
		return err
	}
	test, err := readDays(ctx, tests, c)
	if err != nil {
		return fmt.Errorf("--test: %w", err)
	}
	if len(test) != 1 {
		return fmt.Errorf("--test %s: has %d days; give one day", opt.Test, len(test))
	}
	in.Test, in.TestDate = test[0].Profile, test[0].Date
	if in.History, err = readHistory(ctx, history, c); err != nil {
		return fmt.Errorf("--baseline: %w", err)
	}
	for _, d := range in.History {
		if slices.Equal(d.Profile.Sources, in.Test.Sources) {
			c.Warnf("--baseline and --test are the same flows, so that only clients of --servers can be detected; use another day of this network as the baseline")
		}
	}
	return opt.OpenServers(ctx, in, c)
}

// OpenServers reads the external clients of public servers into in, if they are named.
func (opt Selection) OpenServers(ctx context.Context, in *detect.Input, c *console.Console) (err error) {
	if opt.Servers == "" {
		return nil
	}
	if in.Servers, err = Open(ctx, opt.Servers, c); err != nil {
		return fmt.Errorf("--servers: %w", err)
	}
	return nil
}

// dayFiles lists the files of the test day and of the history.
func (opt Selection) dayFiles(c *console.Console) (tests, history []dayFile, err error) {
	for _, b := range opt.Baselines {
		files, err := filesOf(b)
		if err != nil {
			return nil, nil, fmt.Errorf("--baseline %s: %w", b, err)
		}
		days := slices.DeleteFunc(slices.Clone(files), func(f dayFile) bool { return f.path != b && opt.notEarlier(f.path) })
		if n := len(files) - len(days); n > 0 {
			c.Infof("--baseline %s: left out %d of %d files: the day under test and the clients of servers", b, n, len(files))
		}
		if len(days) == 0 {
			return nil, nil, fmt.Errorf("--baseline %s: has no earlier day", b)
		}
		for i := range days {
			days[i].named = days[i].path == b
		}
		history = append(history, days...)
	}
	if opt.Folder == "" {
		if _, err := os.Stat(opt.Test); opt.Test == latest && err != nil {
			return nil, nil, fmt.Errorf("--test %s: needs a folder of days; name it with --days", latest)
		}
		return []dayFile{{opt.Test, filename.Date(opt.Test), true}}, history, nil
	}
	files, err := filesOf(opt.Folder)
	if err != nil {
		return nil, nil, fmt.Errorf("--days %s: %w", opt.Folder, err)
	}
	byDate := map[time.Time][]dayFile{}
	for _, f := range files {
		if !f.date.IsZero() {
			byDate[f.date] = append(byDate[f.date], f)
		}
	}
	known := slices.SortedFunc(maps.Keys(byDate), time.Time.Compare)
	if len(known) == 0 {
		return nil, nil, fmt.Errorf("--days %s: has no day; name its files date=2024-03-20/*.parquet or 2024-03-20.parquet", opt.Folder)
	}
	date := known[len(known)-1]
	if opt.Test != latest {
		if date, err = time.Parse(time.DateOnly, opt.Test); err != nil {
			return nil, nil, fmt.Errorf("--test %s: is not a date of --days; write it as %s, or %s", opt.Test, known[len(known)-1].Format(time.DateOnly), latest)
		}
		if byDate[date] == nil {
			return nil, nil, fmt.Errorf("--test %s: %s has no such day; it has %d days from %s to %s", opt.Test, opt.Folder, len(known),
				known[0].Format(time.DateOnly), known[len(known)-1].Format(time.DateOnly))
		}
	}
	for _, d := range known {
		if d.Before(date) && !d.Before(date.AddDate(0, 0, -historyDays)) {
			history = append(history, byDate[d]...)
		}
	}
	return byDate[date], history, nil
}

// serversName is the name of the file with the external clients of public servers in
// a folder that reportgen synth wrote.
const serversName = "servers.parquet"

// notEarlier reports whether a file of a folder or pattern is the day under test or
// the clients of servers.
func (opt Selection) notEarlier(path string) bool {
	if filepath.Base(path) == serversName {
		return true
	}
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	for _, other := range []string{opt.Test, opt.Servers} {
		if o, err := os.Stat(other); err == nil && os.SameFile(info, o) {
			return true
		}
	}
	return false
}

// filesOf lists the flow files and profiles of a file, a folder or a pattern.
func filesOf(name string) (files []dayFile, err error) {
	paths := []string{name}
	switch info, statErr := os.Stat(name); {
	case statErr == nil && info.IsDir():
		paths, err = filename.Below(name, ".parquet", ".profile")
		if err == nil && len(paths) == 0 {
			err = errors.New("the folder has no .parquet or .profile file")
		}
	case statErr != nil && strings.ContainsAny(name, "*?["):
		if paths, err = filepath.Glob(name); err == nil && len(paths) == 0 {
			err = errors.New("no file matches")
		}
	case statErr != nil:
		err = statErr
	}
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) && pathErr.Path == name {
		err = pathErr.Err // the name is known
	}
	for _, p := range paths {
		files = append(files, dayFile{path: p, date: filename.Date(p)})
	}
	return files, err
}

// FlowFile is a flow file of a day.
type FlowFile struct {
	Path string
	Date string // as 2024-03-20, from the name of the file or of its folder; see FlowFiles
}

// FlowFiles lists the flow files that names stand for: files, folders of days and
// patterns. If neither the name of a file nor that of its folder has a date, its date is
// its name, such as "monday" of monday.parquet, or empty if it is the only file.
func FlowFiles(names []string) (files []FlowFile, err error) {
	for _, name := range names {
		found, err := filesOf(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		before := len(files)
		for _, f := range found {
			if filepath.Ext(f.path) == ".profile" {
				continue // of the same flows, or of none that are there
			}
			file := FlowFile{Path: f.path}
			if !f.date.IsZero() {
				file.Date = f.date.Format(time.DateOnly)
			}
			if slices.ContainsFunc(files, func(g FlowFile) bool { return g.Path == f.path }) {
				return nil, fmt.Errorf("%s: is given twice", f.path)
			}
			files = append(files, file)
		}
		if len(files) == before {
			return nil, fmt.Errorf("%s: has no flow file, only profiles, which hold no flows", name)
		}
	}
	for i := range files {
		if f := &files[i]; f.Date == "" && len(files) > 1 {
			f.Date = strings.TrimSuffix(filepath.Base(f.Path), filepath.Ext(f.Path))
		}
	}
	return files, nil
}

// SetInternal sets the organisation's networks: those given, or those that
// the flows show, which are reported unless they are the private ones.
func SetInternal(in *detect.Input, given string, c *console.Console) error {
	days := []*profile.Profile{in.Test} // all destinations of --servers are servers, internal or not
	for _, d := range in.History {
		days = append(days, d.Profile)
	}
	if given != "" {
		var err error
		if in.Internal, err = flow.ParseNetworks(given); err != nil {
			return fmt.Errorf("--internal: %w", err)
		}
		if !hasInternal(in.Internal, days) {
			return fmt.Errorf("--internal %s: no flow has an end in these networks; %s", given, networkText(detect.InferNetworks(days...)))
		}
		return nil
	}
	n := detect.InferNetworks(days...)
	switch {
	case n.Internal == nil:
		return fmt.Errorf("which hosts are internal is not clear: no network is part of most flows; give your networks with --internal CIDR,...; %s", networkText(n))
	case len(n.Inferred) > 0:
		c.Infof("internal networks: the private ones and %s; if these are not yours, give your networks with --internal", networkList(n.Inferred))
	}
	in.Internal = n.Internal
	return nil
}

func hasInternal(internal flow.Networks, days []*profile.Profile) bool {
	for _, p := range days {
		if p != nil && slices.ContainsFunc(p.Conversations, func(c profile.Conversation) bool { return internal.Contains(c.Src) || internal.Contains(c.Dst) }) {
			return true
		}
	}
	return len(days) == 0
}

// networkText lists networks that may be meant.
func networkText(n detect.Networks) string {
	switch {
	case len(n.Inferred) > 0 && n.Internal != nil:
		return "most flows have an end in " + networkList(n.Inferred)
	case len(n.Candidates) > 0:
		return "those with most flows are " + networkList(n.Candidates)
	case n.Share > 0:
		return "most flows have an end in the private networks"
	}
	return "the days have no flows between single hosts"
}

func networkList(shares []detect.NetworkShare) string {
	var parts []string
	for _, s := range shares {
		parts = append(parts, fmt.Sprintf("%s (%.0f %% of the flows)", s.Network, 100*s.Share))
	}
	return strings.Join(parts, ", ")
}

// ReadIntel reads lists of indicators and reports their dates and hashes.
func ReadIntel(paths []string, c *console.Console) (lists []detect.IntelList, err error) {
	for _, path := range paths {
		l, err := intel.Read(path)
		if err != nil {
			return nil, fmt.Errorf("--intel: %w", err)
		}
		c.Infof("--intel %s", console.Escape(l.String()))
		lists = append(lists, l.IntelList)
	}
	return lists, nil
}
