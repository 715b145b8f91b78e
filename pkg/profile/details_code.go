package profile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
)

// hasDetails reports whether a conversation has details.
func (p *Profile) hasDetails() bool {
	return slices.ContainsFunc(p.Conversations, func(c Conversation) bool { return c.Details != nil })
}

// detailNumbers are the numbers of Details, column by column.
var detailNumbers = func() []func(*Details) *int64 {
	columns := []func(*Details) *int64{
		func(d *Details) *int64 { return &d.Longest },
		func(d *Details) *int64 { return &d.Lasted },
		func(d *Details) *int64 { return &d.PacketFlows },
		func(d *Details) *int64 { return &d.UpPackets },
		func(d *Details) *int64 { return &d.DownPackets },
		func(d *Details) *int64 { return &d.NamedFlows },
	}
	for s := flow.UnknownState + 1; s < flow.NumStates; s++ {
		columns = append(columns, func(d *Details) *int64 { return &d.States[s] })
	}
	return columns
}()

// putDetails appends the details of conversations to b and puts what is ready:
// how many conversations have some, which ones as differences of their places,
// the numbers column by column, the distributions of durations, the table of
// names, and the names of each conversation by their place in the table.
func putDetails(b []byte, cs []Conversation, put func([]byte) ([]byte, error)) (_ []byte, err error) {
	var rows []*Details
	var places []uint64
	next := 0
	for i := range cs {
		if d := cs[i].Details; d != nil {
			rows, places = append(rows, d), append(places, uint64(i-next))
			next = i + 1
		}
	}
	b = binary.AppendUvarint(b, uint64(len(rows)))
	for _, place := range places {
		b = binary.AppendUvarint(b, place)
	}
	for _, number := range detailNumbers {
		b = appendColumn(b, rows, func(d **Details) uint64 { return uint64(*number(*d)) })
		if b, err = put(b); err != nil {
			return nil, err
		}
	}
	for _, d := range rows {
		b = d.Durations.append(b)
	}
	if b, err = put(b); err != nil {
		return nil, err
	}
	var names []string
	for _, d := range rows {
		for _, n := range d.Names {
			names = append(names, n.Name)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	b = binary.AppendUvarint(b, uint64(len(names)))
	number := make(map[string]uint64, len(names))
	for i, name := range names {
		number[name] = uint64(i)
		b = append(binary.AppendUvarint(b, uint64(len(name))), name...)
	}
	for _, d := range rows {
		b = binary.AppendUvarint(b, uint64(len(d.Names)))
		for _, n := range d.Names {
			b = binary.AppendUvarint(binary.AppendUvarint(b, number[n.Name]), uint64(n.Flows))
		}
		if len(b) >= pieceSize {
			if b, err = put(b); err != nil {
				return nil, err
			}
		}
	}
	return b, nil
}

var errNoConversation = errors.New("details of a conversation that does not exist")

// details takes the details of conversations.
func (d *decoder) details(cs []Conversation) error {
	n, err := d.count()
	if err != nil {
		return err
	}
	if n == 0 || n > len(cs) {
		return fmt.Errorf("%d of %d conversations have details", n, len(cs))
	}
	all := make([]Details, n)
	rows := make([]*Details, n)
	next := uint64(0)
	for i := range rows {
		skipped, err := d.uint(uint64(len(cs)) - 1)
		if err != nil {
			return err
		}
		if next += skipped; next >= uint64(len(cs)) {
			return errNoConversation
		}
		rows[i] = &all[i]
		cs[next].Details = rows[i]
		next++
	}
	for _, number := range detailNumbers {
		if err := column(d, rows, math.MaxInt64, func(row **Details, v uint64) { *number(*row) = int64(v) }); err != nil {
			return err
		}
	}
	for _, row := range rows {
		if row.Durations, err = d.sizes(); err != nil {
			return fmt.Errorf("durations: %w", err)
		}
	}
	names, err := d.names()
	if err != nil {
		return err
	}
	return d.namesOf(rows, names)
}

// names takes the table of names.
func (d *decoder) names() ([]string, error) {
	n, err := d.count()
	if err != nil {
		return nil, err
	}
	names := make([]string, n)
	for i := range names {
		size, err := d.uint(math.MaxUint16)
		if err != nil {
			return nil, err
		}
		raw, err := d.bytes(int(size))
		if err != nil {
			return nil, err
		}
		if names[i] = string(raw); i > 0 && names[i-1] >= names[i] {
			return nil, errors.New("names are out of order")
		}
	}
	return names, nil
}

// namesOf takes the names of each row.
func (d *decoder) namesOf(rows []*Details, names []string) error {
	used := make([]bool, len(names))
	for _, row := range rows {
		n, err := d.uint(namesKept)
		if err != nil {
			return err
		}
		if n > 0 && len(names) == 0 {
			return errors.New("names without a table")
		}
		for range n {
			number, err := d.uint(uint64(max(len(names), 1) - 1))
			if err != nil {
				return err
			}
			flows, err := d.uint(math.MaxInt64)
			if err != nil {
				return err
			}
			used[number] = true
			row.Names = append(row.Names, Name{names[number], int64(flows)})
		}
	}
	if slices.Contains(used, false) {
		return errors.New("a name that no conversation has")
	}
	return nil
}
