package scan

import (
	"context"
	"errors"
	"fmt"

	"github.com/flowbook/flowbook/pkg/profile"
	"golang.org/x/sync/errgroup"
)

// Options are how to scan. The zero value is right for most.
type Options struct {
	// Workers is how many goroutines build the profile side by side, and how
	// many row groups are read side by side. Zero means one for each core.
	Workers int
	// Progress, if set, is called now and then with the rows read so far and
	// those of the whole file. Calls come one at a time, from any goroutine.
	Progress func(rows, total int64)
}

// File reads a flow file to its Profile. Rows that are no flows are left out
// and counted in Profile.Rejected; everything else that is wrong with the file
// is an [*Error]. Memory grows with the distinct conversations of the file and
// with Options.Workers, not with its rows.
func File(parent context.Context, path string, o Options) (*profile.Profile, error) {
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var sum string
	var p *profile.Profile
	g, ctx := errgroup.WithContext(parent)
	g.Go(func() (err error) {
		sum, err = hashFile(ctx, f)
		return err
	})
	g.Go(func() (err error) {
		p, err = newScan(f, o).read(ctx)
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, f.firstFailure(parent, err)
	}
	p.Sources = []profile.Source{{Name: f.base(), SHA256: sum, Rows: f.rows}}
	if len(p.Conversations) == 0 {
		return nil, f.fail(-1, "", allRejected(p))
	}
	return p, nil
}

// Files reads several files, such as the parts that Spark writes, to one
// Profile. Two files of the same bytes are refused: their flows would count
// twice.
func Files(ctx context.Context, paths []string, o Options) (*profile.Profile, error) {
	if len(paths) == 0 {
		return nil, errors.New("no flow file was named")
	}
	profiles := make([]*profile.Profile, len(paths))
	pathOf := map[string]string{}
	for i, path := range paths {
		p, err := File(ctx, path, o)
		if err != nil {
			return nil, err
		}
		sum := p.Sources[0].SHA256
		if twin, ok := pathOf[sum]; ok {
			return nil, &Error{File: path, RowGroup: -1, Err: fmt.Errorf("%w: %s", ErrSameFlows, twin)}
		}
		pathOf[sum], profiles[i] = path, p
	}
	return profile.Merge(profiles...), nil
}

// allRejected explains a file none of whose rows is a flow by the reason that
// most of them share.
func allRejected(p *profile.Profile) error {
	most := p.Rejected[0]
	for _, r := range p.Rejected {
		if r.Count > most.Count {
			most = r
		}
	}
	return fmt.Errorf("%w: %d of %d rows have %q, first in row group %d, row %d, column %s: %q",
		ErrAllRejected, most.Count, p.RejectedRows(), most.Reason,
		most.First.RowGroup, most.First.Row, most.First.Column, most.First.Value)
}
