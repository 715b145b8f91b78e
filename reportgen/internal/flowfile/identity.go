package flowfile

import (
	"context"
	"fmt"

	"github.com/flowbook/flowbook/pkg/profile"
)

// Identity is what a profile says of a flow file beside its flows.
type Identity struct {
	Path      string
	Source    profile.Source
	Lost      []profile.Rejected // rows that were lost before the file was written
	RowGroups []int64            // rows of each row group
}

// Identify hashes flow files and reads their footers, but not their rows. Two files of
// the same bytes are refused, as by [ProfileAll].
func Identify(ctx context.Context, paths []string) ([]Identity, error) {
	var all []Identity
	pathOf := map[string]string{}
	for _, path := range paths {
		id, err := identify(ctx, path)
		if err != nil {
			return nil, err
		}
		if twin, ok := pathOf[id.Source.SHA256]; ok {
			return nil, &Error{File: path, RowGroup: -1, Err: fmt.Errorf("%w: %s", errSameFlows, twin)}
		}
		pathOf[id.Source.SHA256] = path
		all = append(all, id)
	}
	return all, nil
}

func identify(ctx context.Context, path string) (Identity, error) {
	f, err := open(path)
	if err != nil {
		return Identity{}, err
	}
	defer f.Close()
	id := Identity{Path: path, Source: profile.Source{Name: f.base(), Rows: f.rows}, Lost: f.lost()}
	for i := range f.metadata.RowGroups {
		id.RowGroups = append(id.RowGroups, f.rowsOf(i))
	}
	id.Source.SHA256, err = hashFile(ctx, f)
	return id, err
}

// Place returns the row group of a row of the file, counted from 0, and its place in it.
func (id *Identity) Place(row int64) (rowGroup int, inGroup int64) {
	for i, n := range id.RowGroups {
		if row < n {
			return i, row
		}
		row -= n
	}
	return 0, row
}
