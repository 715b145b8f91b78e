package ingest

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

	"github.com/flowbook/flowbook/pkg/flow"
)

// Summary says what became of the rows that a [Reader] read. Rows is always
// Flows and all that was left out, added up.
type Summary struct {
	Files        int
	Rows         int64      // data rows; header and blank lines are not counted
	Flows        int64      // rows that became flows, or one direction of a flow, of the chosen days
	LeftOut      []Count    // rows that did not, by reason, in the order of the reasons' names
	BytesUnknown Count      // flows with a direction whose byte count the log does not give
	BytesCapped  Count      // flows with a direction of more bytes than its packets held
	Relative     Count      // flows whose time counts from the start of a capture
	BytesRounded Count      // flows with a direction whose bytes the log rounds
	Summed       Count      // flows that are sums of connections of an interval
	PointGuessed Count      // flows with a count such as 2.000, of a column whose other values do not say what the point separates
	DetailLost   Count      // flows with a value of an optional column that cannot be read
	TimeGuessed  Count      // flows whose times are derived from when the record was sent
	Tunnelled    Count      // flows inside tunnels, which are not flows themselves
	Named        int64      // flows with the name that the client asked for
	Sampled      Count      // flows of sampled packets
	Sampling     uint32     // the most packets for each one that was counted
	Others       []string   // protocols other than TCP and UDP, with the number of their flows
	Guessed      Count      // flows whose log does not say which side opened them
	Days         []DayCount // days met, chosen or not, in order
	Empty        []string   // files without a single row
	Known        Count      // rows that were read before, as Options.Known has it
	Read         map[string]FileRows
	LostBytes    int64    // the most bytes that a row lost for a lossy reason claims
	MostBytes    int64    // the most bytes of a direction of a flow
	Passed       []string // files in folders that are not named as logs of the format are
}

// FileRows are the rows of a file, those read before included and one that is cut off
// aside.
type FileRows struct {
	Rows   int64
	CutOff bool // there is one that is cut off
}

// Count is a number of rows and the place of the first of them.
type Count struct {
	Reason Reason
	Rows   int64
	First  string // file, line and text
}

// DayCount is the number of flows of a day.
type DayCount struct {
	Date  Date
	Flows int64
}

// WriteTo writes the summary as readable text, one line for each subject. Line breaks
// in names and values are escaped.
func (s Summary) WriteTo(w io.Writer) (int64, error) {
	lines := []string{fmt.Sprintf("read %s of %s", count(s.Rows, "row"), count(int64(s.Files), "file"))}
	add := func(text, first string) { lines = append(lines, text+"; first "+first) }
	if c := s.Known; c.Rows > 0 {
		add(fmt.Sprintf("skipped %s imported before of logs that have grown", count(c.Rows, "row")), c.First)
	}
	for _, c := range s.LeftOut {
		add(fmt.Sprintf("left out %s: %s", count(c.Rows, "row"), c.Reason), c.First)
	}
	for _, note := range []struct {
		text string
		Count
	}{
		{"counted unknown bytes as 0", s.BytesUnknown},
		{"used the bytes of the packets instead of a larger count in the log", s.BytesCapped},
		{"took times that begin with the capture as times of 1970-01-01", s.Relative},
		{"derived times that the exporter did not send from when it sent the record", s.TimeGuessed},
		{"used byte counts that the log rounds", s.BytesRounded},
		{"read the connections inside tunnels (such as GRE or VXLAN) instead of the tunnels", s.Tunnelled},
		{"read sums of the connections of an interval, so that detections see neither their number, their rhythm nor how long they were,", s.Summed},
		{"took counts such as 2.000 for 2, not 2,000,", s.PointGuessed},
		{"ignored unreadable values of optional columns", s.DetailLost},
		{"took the end with the likelier service port as the destination, which the log does not name,", s.Guessed},
	} {
		if note.Rows > 0 {
			add(note.text+" in "+count(note.Rows, "row"), note.First)
		}
	}
	if c := s.Sampled; c.Rows > 0 && s.Sampling == scaledByCollector {
		add("used counts that the collector estimated from sampled packets in "+count(c.Rows, "row"), c.First)
	} else if c.Rows > 0 {
		add(fmt.Sprintf("used counts of sampled packets (1 of %d) as they are, which is less than was sent, in %s", s.Sampling, count(c.Rows, "row")), c.First)
	}
	if len(s.Others) > 0 {
		lines = append(lines, fmt.Sprintf("read flows of other protocols (%s), which detections do not use", strings.Join(s.Others, ", ")))
	}
	if s.Named > 0 {
		lines = append(lines, "found the name that the client asked for in "+count(s.Named, "flow"))
	}
	if len(s.Empty) > 0 {
		add("found no row in "+count(int64(len(s.Empty)), "file"), s.Empty[0])
	}
	if len(s.Passed) > 0 {
		add("passed over "+count(int64(len(s.Passed)), "file")+" with other names in the folders", s.Passed[0])
	}
	escape := strings.NewReplacer("\n", `\n`, "\r", `\r`)
	for i, line := range lines {
		lines[i] = escape.Replace(line) + "\n"
	}
	n, err := io.WriteString(w, strings.Join(lines, ""))
	return int64(n), err
}

// SamplingInterval returns how many packets there were for each one that an exporter
// counted, at most, or 0 if it counted all or the counts are estimates of all.
func (s Summary) SamplingInterval() uint32 {
	if s.Sampling == scaledByCollector {
		return 0
	}
	return s.Sampling
}

// count writes "1 row" or "12,345 rows".
func count(n int64, thing string) string {
	return humanize.Comma(n) + " " + english.PluralWord(int(n), thing, "")
}

// tally counts while reading.
type tally struct {
	files                       int
	passed                      []string
	empty                       []string
	file                        string // being read
	rows                        int64
	flows                       int64
	good                        int64 // rows that are not malformed
	leftOut                     map[Reason]*Count
	read                        map[string]FileRows
	known                       Count
	unknown                     Count
	capped                      Count
	rounded                     Count
	relative                    Count
	guessed                     Count
	sampled                     Count
	tunnelled                   Count
	timeGuessed                 Count
	sampling                    uint32
	others                      map[flow.Proto]int64
	lost                        Count
	summed, pointGuessed        Count
	days                        map[Date]int64
	lostBytes, mostBytes, named int64
	firstBad                    string // first malformed row of the file being read, one cut off aside
}

func newTally(files int, passed []string) tally {
	return tally{files: files, passed: passed, read: map[string]FileRows{}, leftOut: map[Reason]*Count{}, others: map[flow.Proto]int64{}, days: map[Date]int64{}}
}

// rowsOf returns how many rows were left out for a reason.
func (t *tally) rowsOf(reason Reason) int64 {
	if c := t.leftOut[reason]; c != nil {
		return c.Rows
	}
	return 0
}

// open notes that rows come from another file from now on.
func (t *tally) open(name string) {
	t.file, t.firstBad = name, ""
}

// knownOf counts the rows of a file that were read before.
func (t *tally) knownOf(name string, rows int64) {
	if t.known.Rows == 0 {
		t.known.First = name
	}
	t.known.Rows += rows
}

// flow counts a flow and says whether it is of a chosen day.
func (t *tally) flow(f Flow, days []Date) bool {
	t.rows++
	t.good++
	t.days[f.Date]++
	// The day of a flow of two rows is not known yet.
	if !f.OneWay && !chosen(days, f.Date) {
		t.add(otherDay, func() string { return fmt.Sprintf("%s:%d: a flow of %s", t.file, f.Line, f.Date) })
		return false
	}
	t.flows++
	if f.Name != "" {
		t.named++
	}
	t.mostBytes = max(t.mostBytes, f.Up, f.Down)
	if f.BytesUnknown {
		t.note(&t.unknown, f)
	}
	if f.BytesCapped {
		t.note(&t.capped, f)
	}
	if f.Relative {
		t.note(&t.relative, f)
	}
	if f.BytesRounded {
		t.note(&t.rounded, f)
	}
	if f.Summed {
		t.note(&t.summed, f)
	}
	if f.PointGuessed {
		t.note(&t.pointGuessed, f)
	}
	if f.DetailLost {
		t.note(&t.lost, f)
	}
	if f.TimeGuessed {
		t.note(&t.timeGuessed, f)
	}
	if f.Tunnelled {
		t.note(&t.tunnelled, f)
	}
	if f.DirectionGuessed {
		t.note(&t.guessed, f)
	}
	if f.Sampling > 1 {
		t.note(&t.sampled, f)
		t.sampling = max(t.sampling, f.Sampling)
	}
	if f.Proto != flow.TCP && f.Proto != flow.UDP {
		t.others[f.Proto]++
	}
	return true
}

// note counts a flow that the summary reports, and its place if it is the first.
func (t *tally) note(c *Count, f Flow) {
	if c.Rows == 0 {
		c.First = fmt.Sprintf("%s:%d", t.file, f.Line)
	}
	c.Rows++
}

// leaveOut counts a row that the decoder left out.
func (t *tally) leaveOut(e *rowError) {
	t.rows++
	t.lostBytes = max(t.lostBytes, e.Bytes)
	place := func() string { return fmt.Sprintf("%s:%d: %s", t.file, e.Line, e.Detail) }
	if !e.Reason.malformed() {
		t.good++
	} else if e.Reason != cutOff && t.firstBad == "" {
		t.firstBad = e.Error()
	}
	t.add(e.Reason, place)
}

func (t *tally) add(reason Reason, place func() string) {
	c := t.leftOut[reason]
	if c == nil {
		c = &Count{Reason: reason, First: place()}
		t.leftOut[reason] = c
	}
	c.Rows++
}

func (t *tally) summary() Summary {
	s := Summary{
		Files:        t.files,
		Rows:         t.rows,
		Flows:        t.flows,
		BytesUnknown: t.unknown,
		BytesCapped:  t.capped,
		Relative:     t.relative,
		BytesRounded: t.rounded,
		Guessed:      t.guessed,
		Sampled:      t.sampled,
		Tunnelled:    t.tunnelled,
		TimeGuessed:  t.timeGuessed,
		Sampling:     t.sampling,
		Summed:       t.summed,
		PointGuessed: t.pointGuessed,
		DetailLost:   t.lost,
		Empty:        slices.Clone(t.empty),
		Passed:       slices.Clone(t.passed),
		Named:        t.named,
		Known:        t.known,
		Read:         maps.Clone(t.read),
		LostBytes:    t.lostBytes,
		MostBytes:    t.mostBytes,
	}
	for _, reason := range slices.Sorted(maps.Keys(t.leftOut)) {
		s.LeftOut = append(s.LeftOut, *t.leftOut[reason])
	}
	for _, p := range slices.Sorted(maps.Keys(t.others)) {
		s.Others = append(s.Others, fmt.Sprintf("%s %s", p, humanize.Comma(t.others[p])))
	}
	s.Days = dayCounts(t.days)
	return s
}
