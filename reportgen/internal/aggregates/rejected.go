package aggregates

import (
	"context"
	"math"
	"path"
	"strconv"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// ReadRejected reads a file of the table rejected. Flows of protocols that profiles leave
// out are not among its rows.
func ReadRejected(ctx context.Context, path string) ([]profile.Rejected, error) {
	r := &reader{out: profile.NewAssembler()}
	err := flowfile.ReadRecords(ctx, path, columns[Rejected], func(row *flowfile.Record) error {
		if reason := row.Texts(0); len(reason) == 1 && reason[0] == UnusedProtocol {
			return nil
		}
		return r.rejected(row)
	})
	if err != nil {
		return nil, err
	}
	p, err := r.out.Profile()
	if err != nil {
		return nil, err
	}
	return p.Rejected, nil
}

// rejected adds a row of the table rejected.
func (r *reader) rejected(row *flowfile.Record) error {
	f := &fields{Record: row}
	out := profile.Rejected{Reason: f.text(0), Count: f.number(2, maxInt)}
	at := &out.First
	at.Column = f.text(1)
	if file := row.Texts(3); len(file) == 1 {
		at.File = file[0]
	}
	if value := row.Texts(5); len(value) == 1 {
		at.Value = value[0]
	}
	if n := row.Numbers(4); len(n) == 1 {
		at.Row = f.number(4, maxInt)
	}
	if f.err != nil {
		return f.err
	}
	r.place(at)
	switch out.Reason {
	case UnusedProtocol:
		p, err := flow.ParseProto(at.Value)
		if err != nil {
			return err
		}
		at.Value = p.String()
		out.Reason = flowfile.UnusedProtocol(at.Value)
	case flowfile.ReasonNumber:
		at.Value = numberText(at.Value)
	}
	at.Value = flowfile.Clip(at.Value)
	r.out.AddRejected(out)
	return nil
}

// place puts a row into its row group, if its file is at hand, and leaves out the folder
// of the file.
func (r *reader) place(at *profile.Place) {
	name := path.Base(strings.ReplaceAll(at.File, `\`, "/"))
	if at.File == "" {
		name = ""
	}
	var of *flowfile.Identity
	for i := range r.files {
		f := &r.files[i]
		if f.Path == at.File || f.Source.Name == name && of == nil {
			of = f
		}
	}
	if at.File = name; of != nil {
		at.RowGroup, at.Row = of.Place(at.Row)
	}
}

// numberText writes a number that is not a whole one as a profile does: in digits if it
// is an unsigned integer that is too large, and else as floating point.
func numberText(s string) string {
	if n, err := strconv.ParseUint(s, 10, 64); err == nil && n > math.MaxInt64 {
		return s
	}
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return s
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}
