package ingest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// decodeAs decodes a log of any format.
func decodeAs(name, log string, opt Options) decoded {
	format, err := Lookup(name)
	if err != nil {
		return decoded{err: err}
	}
	r, err := opt.row(format)
	if err != nil {
		return decoded{err: err}
	}
	in, err := newLines(strings.NewReader(log))
	if err != nil {
		return decoded{err: err}
	}
	defer in.Close()
	d, err := format.open(in, r, opt)
	if err != nil {
		return decoded{err: err}
	}
	return drain(d)
}

// formatDecoded returns the result of decoding a log: a line for each flow, each row
// left out, and the error.
func formatDecoded(got decoded) string {
	type line struct {
		n    int64
		text string
	}
	var all []line
	for _, f := range got.flows {
		all = append(all, line{f.Line, formatFlow(f)})
	}
	for _, bad := range got.bad {
		all = append(all, line{bad.Line, fmt.Sprintf("%d left out: %s: %s", bad.Line, bad.Reason, bad.Detail)})
	}
	slices.SortStableFunc(all, func(a, b line) int { return int(a.n - b.n) })
	var b strings.Builder
	for _, l := range all {
		b.WriteString(l.text + "\n")
	}
	if got.err != nil {
		fmt.Fprintln(&b, "error:", got.err)
	}
	return b.String()
}

func formatFlow(f Flow) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s %s %s %s:%d > %s:%d %d", f.Line, f.Date, f.Time, f.Proto, f.Src, f.SrcPort, f.Dst, f.Port, f.Up)
	if f.OneWay {
		fmt.Fprintf(&b, " one-way for %d", f.Duration.Hundredths())
	} else {
		fmt.Fprintf(&b, "/%d", f.Down)
	}
	for _, note := range []struct {
		text string
		on   bool
	}{
		{" unknown", f.BytesUnknown}, {" rounded", f.BytesRounded}, {" guessed", f.DirectionGuessed}, {" capped", f.BytesCapped},
		{" opened by source", f.Opener == openerSrc}, {" opened by destination", f.Opener == openerDst},
	} {
		if note.on {
			b.WriteString(note.text)
		}
	}
	return b.String()
}

// formatCase is a log and the result of decoding it, as formatDecoded returns it.
type formatCase struct {
	name string
	opt  Options
	log  string
	want string
}

func testFormat(t *testing.T, format string, cases []formatCase) {
	t.Helper()
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			got := formatDecoded(decodeAs(format, test.log, test.opt))
			if strings.HasPrefix(test.want, "error: ") && strings.Contains(got, strings.TrimSpace(test.want)) {
				return
			}
			if diff := cmp.Diff(strings.TrimPrefix(test.want, "\n"), got); diff != "" {
				t.Error("want(-) got(+):\n", diff)
			}
		})
	}
}
