package flowfile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/reportgen/internal/workdir"
)

// A day with more conversations than fit into memory is profiled in parts. When the
// builder has become large, its profile is written to a file, and a new builder takes
// the flows that follow. In the end, the profiles are merged from file to file. That is
// exact because merging is: it does not matter which flows are in which part.

// partSize is about how many bytes the builder of a part may take: those of 2.3 million
// conversations.
const partSize = 2 << 30

// parts are the profiles on disk.
type parts struct {
	most   int64 // bytes of a builder
	folder string
	work   *workdir.Dir
	files  []string
	err    error
	stop   context.CancelCauseFunc
}

func newParts(o Options, stop context.CancelCauseFunc) parts {
	p := parts{most: o.partSize, folder: o.Folder, stop: stop}
	if p.most == 0 {
		p.most = partSize
	}
	if p.folder == "" {
		p.folder = os.TempDir()
	}
	return p
}

// write writes a part. An error ends the reading of files.
func (p *parts) write(part *profile.Profile) {
	if p.err != nil {
		return
	}
	if p.err = p.tryWrite(part); p.err != nil {
		p.err = fmt.Errorf("write a part of the day, which is larger than memory: %w", p.err)
		p.stop(p.err)
	}
}

func (p *parts) tryWrite(part *profile.Profile) (err error) {
	if err := p.makeWork(); err != nil {
		return err
	}
	name := filepath.Join(p.work.Path, fmt.Sprintf("%d.profile", len(p.files)))
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	p.files = append(p.files, name)
	return errors.Join(profile.Encode(f, part), f.Close())
}

func (p *parts) makeWork() (err error) {
	if p.work == nil {
		p.work, err = workdir.Make(p.folder, ".flowbook-parts-")
	}
	return err
}

// day is what flow files were read to.
type day struct {
	head    profile.Profile  // only its sources and rejected rows
	profile *profile.Profile // nil if the day is in parts
	parts   parts
}

// day returns what was read, given the error of reading.
func (s *profiling) day(err error) (*day, error) {
	d := &day{parts: s.parts}
	if d.parts.err != nil {
		err = d.parts.err
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	p := s.builder.Profile()
	if len(d.parts.files) == 0 {
		d.profile, d.head = p, profile.Profile{Sources: p.Sources, Rejected: p.Rejected}
		return d, nil
	}
	if err := d.parts.tryWrite(p); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	open, err := openParts(d.parts.files...)
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	d.head = *open.head()
	return d, open.Close()
}

// Close removes the parts.
func (d *day) Close() error {
	if d.parts.work == nil {
		return nil
	}
	return d.parts.work.Remove()
}

// whole returns the profile in memory.
func (d *day) whole() (*profile.Profile, error) {
	if d.profile != nil {
		return d.profile, nil
	}
	path := filepath.Join(d.parts.work.Path, "whole.profile")
	if err := d.write(path); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return profile.Unmarshal(b)
}

// write writes the encoded profile to a file that appears whole or not at all.
func (d *day) write(path string) error {
	if d.profile != nil {
		return WriteProfile(path, d.profile)
	}
	return d.parts.merge(path, d.parts.files)
}

// translation has the codes of one book in another, of those that were looked up.
type translation struct {
	from, to     *book
	addrs, names map[uint32]uint32
}

// translate replaces the codes of flows, which are those of a book that an earlier part
// of the day began with.
func (t *translation) translate(from, to *book, c profile.Columns, d profile.DetailColumns) {
	if t.from != from || t.to != to {
		*t = translation{from, to, map[uint32]uint32{}, map[uint32]uint32{}}
	}
	for i := range c.Time {
		c.Src[i] = translated(t.addrs, c.Src[i], func(code uint32) uint32 { return to.addr(from.at(code)) })
		c.Dst[i] = translated(t.addrs, c.Dst[i], func(code uint32) uint32 { return to.addr(from.at(code)) })
		if d.Name != nil {
			d.Name[i] = translated(t.names, d.Name[i], func(code uint32) uint32 { return to.names.Number(from.names.At(code)) })
		}
	}
}

func translated(known map[uint32]uint32, code uint32, look func(uint32) uint32) uint32 {
	n, ok := known[code]
	if !ok {
		n = look(code)
		known[code] = n
	}
	return n
}
