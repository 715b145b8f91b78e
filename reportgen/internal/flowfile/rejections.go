package flowfile

import (
	"slices"
	"sync"

	"github.com/flowbook/flowbook/pkg/profile"
)

// rejections counts rows that are not flows by reason.
type rejections struct {
	mu    sync.Mutex
	found []profile.Rejected
}

// add adds counts. Of each reason, the first place in the order of reading files
// is kept.
func (r *rejections) add(more []profile.Rejected) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range more {
		i := slices.IndexFunc(r.found, func(f profile.Rejected) bool { return f.Reason == m.Reason })
		if i < 0 {
			r.found = append(r.found, m)
			continue
		}
		f := &r.found[i]
		f.Count += m.Count
		if before(m.First, f.First) {
			f.First = m.First
		}
	}
}

func before(a, b profile.Place) bool {
	switch {
	case a.File != b.File:
		return a.File < b.File
	case a.RowGroup != b.RowGroup:
		return a.RowGroup < b.RowGroup
	}
	return a.Row < b.Row
}

func (r *rejections) list() []profile.Rejected {
	slices.SortFunc(r.found, func(a, b profile.Rejected) int {
		if a.Reason < b.Reason {
			return -1
		}
		return 1
	})
	return r.found
}
