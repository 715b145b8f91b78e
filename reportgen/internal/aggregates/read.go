package aggregates

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// Tables are aggregates of a day.
type Tables struct {
	Folders []string
	// Files are the flow files that the tables were computed from, if they are at hand: they
	// are hashed, but their rows are not read.
	Files []string
	// Name is the name of the source if it is not in a table or a file. If it is empty, that
	// of the first folder is used.
	Name string
}

// ErrNoFlows says that the tables are of rows that are not flows, or of none.
var ErrNoFlows = errors.New("none of the rows is a flow")

// Read makes a profile of tables.
func Read(ctx context.Context, t Tables) (*profile.Profile, error) {
	r := &reader{out: profile.NewAssembler(), addrs: map[string]netip.Addr{}}
	var err error
	if r.files, err = flowfile.Identify(ctx, t.Files); err != nil {
		return nil, err
	}
	for _, dir := range t.Folders {
		for _, table := range []struct {
			name string
			use  func(*flowfile.Record) error
		}{{Conversations, r.conversation}, {HalfHours, r.halfHour}, {Largest, r.largest}, {Rejected, r.rejected}, {sources, r.source}} {
			paths, err := filesOf(dir, table.name)
			if err != nil {
				return nil, err
			}
			for _, path := range paths {
				if err := flowfile.ReadRecords(ctx, path, columns[table.name], table.use); err != nil {
					return nil, err
				}
			}
		}
	}
	for _, f := range r.files {
		r.out.AddSource(f.Source)
		for _, lost := range f.Lost {
			r.out.AddRejected(lost)
		}
	}
	p, err := r.out.Profile()
	if err != nil {
		return nil, fmt.Errorf("%s: the tables contradict each other: %w; compute all of them again from the same flows", t.name(), err)
	}
	if len(p.Conversations) == 0 {
		return nil, fmt.Errorf("%s: the table %s has no rows: %w", t.name(), Conversations, ErrNoFlows)
	}
	if len(p.Sources) == 0 {
		return p, nameSource(p, t.name())
	}
	return p, nil
}

// name names the source.
func (t Tables) name() string {
	if t.Name != "" || len(t.Folders) == 0 {
		return t.Name
	}
	dir, err := filepath.Abs(t.Folders[0])
	if err != nil {
		return t.Folders[0]
	}
	return filepath.Base(dir)
}

// nameSource makes the aggregates themselves the source of a profile.
func nameSource(p *profile.Profile, name string) error {
	h := sha256.New()
	if err := profile.Encode(h, p); err != nil {
		return err
	}
	rows := p.Total().Flows + p.RejectedRows()
	p.Sources = []profile.Source{{Name: name, SHA256: hex.EncodeToString(h.Sum(nil)), Rows: rows}}
	return nil
}

// reader adds the rows of the tables to a profile.
type reader struct {
	out   *profile.Assembler
	files []flowfile.Identity
	addrs map[string]netip.Addr

	seconds []uint32 // of a conversation
}

func (r *reader) addr(s string) (netip.Addr, error) {
	a, ok := r.addrs[s]
	if !ok {
		var err error
		if a, err = flow.ParseAddr(s); err != nil {
			return a, err
		}
		r.addrs[s] = a
	}
	return a, nil
}

// fields reads the values of a row, and keeps the first error.
type fields struct {
	*flowfile.Record
	err error
}

func (f *fields) text(column int) string {
	s, err := f.Text(column)
	f.fail(err)
	return s
}

// number returns a number from 0 to most.
func (f *fields) number(column int, most int64) int64 {
	n, err := f.Number(column)
	if err == nil && (n < 0 || n > most) {
		err = fmt.Errorf("column number %d: %d is not from 0 to %d", column+1, n, most)
	}
	f.fail(err)
	return n
}

// known returns a number, and 0 if it is null.
func (f *fields) known(column int) int64 {
	if len(f.Numbers(column)) == 0 {
		return 0
	}
	return f.number(column, maxInt)
}

func (f *fields) fail(err error) {
	if f.err == nil {
		f.err = err
	}
}

const maxInt = 1<<63 - 1

// key reads the four columns of a conversation that a table begins with.
func (r *reader) key(f *fields) (k profile.Key) {
	var err error
	if k.Src, err = r.addr(f.text(cSrc)); err != nil {
		f.fail(err)
	}
	if k.Dst, err = r.addr(f.text(cDst)); err != nil {
		f.fail(err)
	}
	k.Proto, k.Port = flow.Proto(f.number(cProto, 255)), uint16(f.number(cPort, 65535))
	if f.err == nil && k.Proto != flow.TCP && k.Proto != flow.UDP {
		f.fail(fmt.Errorf("protocol %s is not counted in profiles", k.Proto))
	}
	return k
}

func (r *reader) halfHour(row *flowfile.Record) error {
	f := &fields{Record: row}
	src, err := r.addr(f.text(0))
	f.fail(err)
	slot := profile.Slot{
		Index:  uint8(f.number(1, int64(profile.SlotsPerDay)-1)),
		Counts: profile.Counts{Flows: f.number(2, maxInt), Up: f.number(3, maxInt), Down: f.number(4, maxInt)},
	}
	if f.err == nil {
		r.out.AddHalfHour(src, slot)
	}
	return f.err
}

func (r *reader) largest(row *flowfile.Record) error {
	f := &fields{Record: row}
	k := r.key(f)
	flow := flow.Record{
		Src: k.Src, Dst: k.Dst, Proto: k.Proto, Port: k.Port,
		Time: flow.Time(f.number(4, int64(flow.Day)-1)), Up: f.number(5, maxInt), Down: f.number(6, maxInt),
	}
	if f.err == nil {
		r.out.AddLargest(flow)
	}
	return f.err
}

func (r *reader) source(row *flowfile.Record) error {
	f := &fields{Record: row}
	s := profile.Source{Name: f.text(0), SHA256: f.text(1), Rows: f.number(2, maxInt)}
	if f.err == nil && len(r.files) == 0 {
		r.out.AddSource(s)
	}
	return f.err
}

// pairs checks two lists of the same length. The second are numbers of flows, which add up
// to at most total.
func pairs(values, flows []int64, most, total int64) error {
	if len(values) != len(flows) {
		return fmt.Errorf("a list of %d values and one of %d numbers of flows", len(values), len(flows))
	}
	sum := int64(0)
	for i, v := range values {
		if v < 0 || v > most {
			return fmt.Errorf("value %d in a list is not from 0 to %d", v, most)
		}
		if flows[i] < 1 || flows[i] > total-sum {
			return errors.New("the flows of a list do not add up")
		}
		sum += flows[i]
	}
	return nil
}
