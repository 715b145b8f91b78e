package ingest

import (
	"bytes"
	"os"
)

// pointForm is what a point in the counts of a column separates.
type pointForm int

const (
	pointUndecided pointForm = iota
	pointDecimals            // 2.000 is 2
	pointThousands           // 2.000 is 2,000
	pointGuessed             // no other value of the column decides, so 2.000 is 2
	pointUnclear             // values of the column speak for both, or it can be read only once
)

// points decides by all values of a column of text what a count such as 2.000 is.
type points struct {
	text   bool // the log is a table of text: in JSON, 2.000 is always 2
	forms  [numFields]pointForm
	survey func() *[numFields]pointEvidence // reads the whole log; nil if it can be read only once
	seen   *[numFields]pointEvidence        // during a survey
}

// pointEvidence says which forms of counts a column has.
type pointEvidence struct {
	thousands bool // 1.234, which is not whole otherwise, 1.234.567, or 560 without a point
	decimals  bool // 0.000, 12.50, 1234.000, or 1234 without a point
}

func (e pointEvidence) form() pointForm {
	switch {
	case e.thousands && e.decimals:
		return pointUnclear
	case e.thousands:
		return pointThousands
	case e.decimals:
		return pointDecimals
	}
	return pointGuessed
}

// see takes in a count.
func (e *pointEvidence) see(v []byte) {
	whole, rest, found := bytes.Cut(v, []byte("."))
	n, ok := digits(whole)
	switch {
	case !ok || n == 0 && !found:
	case !found && n < 1000, bytes.Count(rest, []byte(".")) > 0:
		e.thousands = true
	case !isThousands(v):
		e.decimals = true
	case string(rest) != "000":
		e.thousands = true
	}
}

// isThousands reports whether a point in a count may separate thousands: 2.000 or 12.345.
func isThousands(v []byte) bool {
	at := bytes.IndexByte(v, '.')
	if at < 1 || at > 3 || len(v) != at+4 || v[0] == '0' {
		return false
	}
	_, before := digits(v[:at])
	_, after := digits(v[at+1:])
	return before && after
}

// of returns the form of a column. It is decided once.
func (p *points) of(column field) pointForm {
	if p.forms[column] != pointUndecided {
		return p.forms[column]
	}
	if p.survey == nil {
		p.forms[column] = pointUnclear
		return pointUnclear
	}
	for c, e := range p.survey() {
		p.forms[c] = e.form()
	}
	return p.forms[column]
}

// points returns what decides for the current log, which is read once more if it is a file.
func (r *Reader) points(row rowReader) *points {
	p, name := &points{}, r.file.name
	if info, err := os.Stat(name); name != stdin && err == nil && info.Mode().IsRegular() {
		p.survey = func() *[numFields]pointEvidence { return r.surveyPoints(name, row) }
	}
	return p
}

// surveyPoints reads a log and returns the forms of counts of its columns.
func (r *Reader) surveyPoints(name string, row rowReader) *[numFields]pointEvidence {
	seen := &[numFields]pointEvidence{}
	row.points = &points{seen: seen}
	file, err := openInput(name, nil)
	if err != nil {
		return seen
	}
	defer func() { _ = file.Close() }() // it was only read from
	in, err := newLines(file)
	if err != nil {
		return seen
	}
	defer in.Close()
	d, err := r.format.open(in, row, r.opt)
	for err == nil {
		_, err = d.Read()
		if _, left := err.(*rowError); left { //nolint:errorlint // a decoder does not wrap it
			err = nil
		}
	}
	return seen // what ended it ends the reading of the log as well
}
