package evaluation

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"text/tabwriter"
)

// ReadTruth reads a truth.json as reportgen synth writes it.
func ReadTruth(path string) (Truth, error) {
	var t Truth
	b, err := os.ReadFile(path)
	if err != nil {
		return t, err
	}
	if err := json.Unmarshal(b, &t); err != nil {
		return t, fmt.Errorf("%s: not a truth.json of reportgen synth: %w", path, err)
	}
	for i, p := range t.Planted {
		if _, err := netip.ParseAddr(p.Entity); err != nil || p.Rule == "" {
			return t, fmt.Errorf("%s: planted[%d]: want a rule and an address, got rule %q and entity %q", path, i, p.Rule, p.Entity)
		}
	}
	return t, nil
}

// WriteTable writes a row a rule, and then what was missed and the false alarms.
// The share of benign entities with a false alarm needs hosts, the number of
// hosts and clients of the days; if it is 0 the share is left out.
func (e Comparison) WriteTable(w io.Writer, hosts int) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "RULE\tPLANTED\tFOUND\tWRONG\tPRECISION\tRECALL\tF1\tP@K")
	for _, s := range e.rules {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%s\t%s\t%s\t%s\n", s.rule, s.planted, s.found, s.wrong,
			s.precision(), s.recall(), s.f1(), s.atK())
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, m := range e.missed {
		fmt.Fprintf(w, "missed: %s %s\n", m.Rule, m.Entity)
	}
	for _, a := range e.falseAlarms {
		fmt.Fprintf(w, "false alarm: %s %s %s\n", a.Rule, a.Entity, cmp.Or(a.kind, "ordinary"))
	}
	wrong := e.alarmed()
	_, err := fmt.Fprintf(w, "benign entities with a false alarm: %d%s\n", wrong, rate(wrong, hosts-e.planted))
	return err
}

// rate returns the share of n in all benign entities, if their number is known.
func rate(n, benign int) string {
	if benign <= 0 {
		return ""
	}
	return fmt.Sprintf(" of %d (%.2f %%)", benign, 100*float64(n)/float64(benign))
}
