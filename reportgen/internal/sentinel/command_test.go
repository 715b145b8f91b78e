package sentinel

import (
	"strings"
	"testing"
)

// FuzzArguments looks for a command line that parsing cannot take.
func FuzzArguments(f *testing.F) {
	f.Add("--data a -gi b -gin c -cv -td -dx 90 -bn -o")
	f.Add("-bn=10.0.0.0/8,fd00::/8 -botnet -q --")
	f.Add("--bn -- -bn")
	f.Fuzz(func(t *testing.T, line string) {
		o, err := parse(strings.Fields(line))
		if err == nil && (o.data == "" || o.country == "" || o.owner == "" || o.Percentile < 0 || o.Percentile > 100) {
			t.Errorf("%q is taken: %+v", line, o)
		}
		if err != nil && err.Error() == "" {
			t.Errorf("%q is refused without a word", line)
		}
	})
}
