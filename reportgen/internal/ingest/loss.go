package ingest

import (
	"encoding/json"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/flowbook/flowbook/pkg/units"
)

// Loss counts the rows of a log that are likely to have been flows but cannot be
// read. If too many are lost, the absence of findings means nothing.
type Loss struct {
	Rows   int64   // lost
	Of     int64   // rows that are flows or lost
	Counts []Count // by reason

	lostBytes, mostBytes int64
}

// Loss returns what was lost.
func (s Summary) Loss() Loss {
	l := Loss{Of: s.Flows, lostBytes: s.LostBytes, mostBytes: s.MostBytes}
	for _, c := range s.LeftOut {
		if c.Reason.lossy() {
			l.Rows += c.Rows
			l.Counts = append(l.Counts, c)
		}
	}
	l.Of += l.Rows
	return l
}

// Err returns an error if more than one row in a hundred is lost, or if a lost row
// claims more bytes than any that was read: numbers of some form are then lost,
// which are the large ones.
func (l Loss) Err() error {
	var why string
	switch {
	case l.Rows*100 > l.Of:
		why = fmt.Sprintf("%.1f %% of the flows", 100*float64(l.Rows)/float64(l.Of))
	case l.Rows > 0 && l.lostBytes > l.mostBytes:
		why = fmt.Sprintf("among them the largest, of about %s", units.Bytes(l.lostBytes))
	default:
		return nil
	}
	return fmt.Errorf("%s of %s cannot be read, %s: %s", count(l.Rows, "row"), count(l.Of, "row"), why, l.reasons())
}

func (l Loss) reasons() string {
	var reasons []string
	for _, c := range l.Counts {
		reasons = append(reasons, fmt.Sprintf("%s (%d, first %s)", c.Reason, c.Rows, c.First))
	}
	return strings.Join(reasons, "; ")
}

// Metadata returns the loss for the footer of a flow file, as package flowfile
// reads it, or an empty text if nothing is lost. It has no folders.
func (l Loss) Metadata() string {
	if l.Rows == 0 {
		return ""
	}
	type lost struct {
		Reason string `json:"reason"`
		Rows   int64  `json:"rows"`
		First  string `json:"first"`
	}
	var all []lost
	for _, c := range l.Counts {
		all = append(all, lost{string(c.Reason), c.Rows, path.Base(filepath.ToSlash(c.First))})
	}
	b, err := json.Marshal(all)
	if err != nil {
		return "" // not reached: texts and numbers can always be written
	}
	return string(b)
}
