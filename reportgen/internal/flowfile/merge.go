package flowfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/reportgen/internal/wholefile"
)

// WriteMerged writes one profile of flow files and of encoded profiles, such as those
// that other machines made of their part of a day, to a file that appears whole or not at
// all. It returns the sources and rejected rows. Its memory is bounded as that of a scan
// is, and grows by four bytes for each address of each profile.
//
// Flows that are in two of them would count twice, so a source that two of them have is
// an error.
func WriteMerged(ctx context.Context, out string, flows, profiles []string, o Options) (head *profile.Profile, err error) {
	if target, err := wholefile.Target(out); err == nil && target != "" && o.Folder == "" {
		o.Folder = filepath.Dir(target)
	}
	d := &day{parts: newParts(o, nil)}
	if len(flows) > 0 {
		if d, err = made(ctx, flows, o); err != nil {
			return nil, err
		}
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if len(profiles) == 0 {
		return &d.head, d.write(out)
	}
	if err := d.parts.makeWork(); err != nil {
		return nil, err
	}
	if d.profile != nil {
		if err := d.parts.tryWrite(d.profile); err != nil {
			return nil, err
		}
	}
	heads := []*profile.Profile{&d.head}
	for _, path := range profiles {
		part, err := openParts(path)
		if err != nil {
			return nil, err
		}
		heads = append(heads, part.head())
		if err := part.Close(); err != nil {
			return nil, err
		}
	}
	if err := checkDistinct(heads, append([]string{"the flow files"}, profiles...)); err != nil {
		return nil, err
	}
	return profile.Merge(heads...), d.parts.merge(out, append(d.parts.files, profiles...))
}

// checkDistinct finds a source of two profiles, which are from the files named.
func checkDistinct(parts []*profile.Profile, from []string) error {
	has := map[string]int{} // by hash
	for i, p := range parts {
		for _, s := range p.Sources {
			if j, ok := has[s.SHA256]; ok && i != j {
				return fmt.Errorf("%s: has the flows of %s, as %s does; name one of them", from[max(i, j)], s.Name, from[min(i, j)])
			}
			has[s.SHA256] = i
		}
	}
	return nil
}

// mergedAtOnce is how many profiles are merged at once. Each takes about half a megabyte
// besides its addresses.
const mergedAtOnce = 64

// merge merges encoded profiles to a file that appears whole or not at all.
func (p *parts) merge(path string, files []string) error {
	for n := 0; len(files) > mergedAtOnce; n++ {
		some := filepath.Join(p.work.Path, fmt.Sprintf("merged-%d.profile", n))
		if err := p.mergeSome(some, files[:mergedAtOnce]); err != nil {
			return err
		}
		files = append(files[mergedAtOnce:len(files):len(files)], some)
	}
	return p.mergeSome(path, files)
}

func (p *parts) mergeSome(path string, files []string) (err error) {
	open, err := openParts(files...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, open.Close()) }()
	scratch, err := os.MkdirTemp(p.work.Path, "columns-")
	if err != nil {
		return err
	}
	err = wholefile.Write(path, 0o600, func(w io.Writer) error { return profile.MergeEncoded(w, scratch, open.encoded...) })
	return errors.Join(err, os.RemoveAll(scratch))
}

// openedParts are encoded profiles.
type openedParts struct {
	files   []*os.File
	encoded []*profile.Encoded
}

func openParts(paths ...string) (*openedParts, error) {
	o := &openedParts{}
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return nil, errors.Join(err, o.Close())
		}
		o.files = append(o.files, f)
		info, err := f.Stat()
		if err != nil {
			return nil, errors.Join(err, o.Close())
		}
		e, err := profile.OpenEncoded(path, io.NewSectionReader(f, 0, info.Size()))
		if err != nil {
			return nil, errors.Join(err, o.Close())
		}
		o.encoded = append(o.encoded, e)
	}
	return o, nil
}

// Close closes the files.
func (o *openedParts) Close() error {
	var errs []error
	for _, f := range o.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// head returns the sources and rejected rows of all.
func (o *openedParts) head() *profile.Profile {
	heads := []*profile.Profile{{}}
	for _, e := range o.encoded {
		heads = append(heads, &profile.Profile{Sources: e.Sources, Rejected: e.Rejected})
	}
	return profile.Merge(heads...)
}
