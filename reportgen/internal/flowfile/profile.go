package flowfile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/flowbook/flowbook/pkg/profile"
	"golang.org/x/sync/errgroup"
)

// Options configure reading. The zero value suits most uses.
type Options struct {
	// Workers is how many goroutines build the profile side by side, and how
	// many row groups are read side by side. Zero means one for each core.
	Workers int
	// Progress, if set, is called now and then with the rows read so far and
	// those of the files that were opened so far. Calls come one at a time, from
	// any goroutine.
	Progress func(rows, total int64)
	// Folder is where the parts of a day are that does not fit into memory; the
	// default is the folder for temporary files.
	Folder string
	// CacheFailed, if set, is called if [CachedProfile] cannot use the cache.
	CacheFailed func(error)

	partSize int64 // bytes of a part of a day; 0 means partSize
}

// Profile reads a flow file to its profile. Rows that are not flows are left out
// and counted in Profile.Rejected; everything else that is wrong with the file
// is an [*Error]. Memory grows with the distinct conversations of the file and
// with Options.Workers, not with its rows.
func Profile(ctx context.Context, path string, o Options) (*profile.Profile, error) {
	return ProfileAll(ctx, []string{path}, o)
}

// ProfileAll reads several files, such as the parts that Spark writes, to one
// Profile. Two files of the same bytes are refused: their flows would count
// twice.
func ProfileAll(ctx context.Context, paths []string, o Options) (*profile.Profile, error) {
	m, err := made(ctx, paths, o)
	if err != nil {
		return nil, err
	}
	p, err := m.whole()
	return p, errors.Join(err, m.Close())
}

// made reads flow files to a profile in memory, or to parts of it on disk.
func made(ctx context.Context, paths []string, o Options) (m *day, err error) {
	if len(paths) == 0 {
		return nil, errors.New("no flow file was named")
	}
	reading, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	s := begin(o, stop)
	err = s.readFiles(reading, paths)
	s.end()
	if m, err = s.day(err); err != nil {
		return nil, err
	}
	for i, path := range paths {
		switch {
		case s.flows[i] > 0:
		case len(paths) == 1:
			err = &Error{File: path, RowGroup: -1, Err: allRejected(&m.head)}
		default:
			_, err = Profile(ctx, path, o) // for the error that says why
		}
		if err != nil {
			return nil, errors.Join(err, m.Close())
		}
	}
	return m, nil
}

// readFiles reads as many files side by side as there are workers and names
// them as sources. One that fails ends those after it and lets those before it
// go on, so that of several bad files the first is always the one reported.
func (s *profiling) readFiles(ctx context.Context, paths []string) error {
	sources, errs := make([]profile.Source, len(paths)), make([]error, len(paths))
	ctx, cancel := context.WithCancel(ctx) // and with it all that are derived from it
	defer cancel()
	var g errgroup.Group
	g.SetLimit(s.workers)
	turn := make(chan struct{})
	close(turn)
	for i, path := range paths {
		mine, next, own := turn, make(chan struct{}), ctx
		later, end := context.WithCancel(ctx)
		g.Go(func() error {
			defer close(next)
			if sources[i], errs[i] = s.readFile(own, path, i, mine); errs[i] != nil {
				end()
			}
			return nil
		})
		turn, ctx = next, later
	}
	_ = g.Wait() // the errors are in errs
	pathOf := map[string]string{}
	for i, source := range sources {
		if errs[i] != nil {
			return errs[i]
		}
		if twin, ok := pathOf[source.SHA256]; ok {
			return &Error{File: paths[i], RowGroup: -1, Err: fmt.Errorf("%w: %s", errSameFlows, twin)}
		}
		pathOf[source.SHA256] = paths[i]
		s.parting.RLock()
		s.builder.AddSource(source)
		s.parting.RUnlock()
	}
	return nil
}

// readFile reads the file with a number among those being read. Its batches
// are handed on when turn is closed.
func (s *profiling) readFile(parent context.Context, path string, number int, turn <-chan struct{}) (profile.Source, error) {
	if err := parent.Err(); err != nil {
		return profile.Source{}, err
	}
	f, err := open(path)
	if err != nil {
		return profile.Source{}, err
	}
	defer f.Close()
	s.total.Add(f.rows)
	source := profile.Source{Name: f.base(), Rows: f.rows}
	s.addLoss(f)
	g, ctx := errgroup.WithContext(parent)
	g.Go(func() (err error) {
		source.SHA256, err = hashFile(ctx, f)
		return err
	})
	g.Go(func() error { return s.readRowGroups(ctx, f, number, turn) })
	err = g.Wait()
	if changed := f.unchanged(); changed != nil {
		return profile.Source{}, changed
	}
	if err != nil {
		return profile.Source{}, f.firstFailure(parent, err)
	}
	return source, nil
}

// LossKey is the key of the file metadata that says which rows of a log were lost
// on its import: a JSON array of objects with reason, rows and first.
const LossKey = "flowbook.loss"

// SamplingKey is the key of the file metadata that says that an exporter counted only
// one of so many packets: a whole number, the largest if there were several.
const SamplingKey = "flowbook.sampling"

// addLoss counts the rows that were lost before the file was written.
func (s *profiling) addLoss(f *file) {
	lost := f.lost()
	if len(lost) == 0 {
		return
	}
	s.parting.RLock()
	defer s.parting.RUnlock()
	adder := s.builder.Adder()
	for _, r := range lost {
		adder.RejectRows(r.Reason, r.Count, r.First)
	}
}

// lost returns the rows that were lost before the file was written, by reason.
func (f *file) lost() (rejected []profile.Rejected) {
	text, ok := f.lookup(LossKey)
	if !ok {
		return nil
	}
	var lost []struct {
		Reason string `json:"reason"`
		Rows   int64  `json:"rows"`
		First  string `json:"first"`
	}
	if json.Unmarshal([]byte(text), &lost) != nil {
		return nil // of another program
	}
	for _, l := range lost {
		if l.Rows > 0 {
			at := profile.Place{File: f.base(), Value: Clip(l.First)}
			rejected = append(rejected, profile.Rejected{Reason: "lost on import: " + Clip(l.Reason), Count: l.Rows, First: at})
		}
	}
	return rejected
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
		errAllRejected, most.Count, p.RejectedRows(), most.Reason,
		most.First.RowGroup, most.First.Row, most.First.Column, most.First.Value)
}
