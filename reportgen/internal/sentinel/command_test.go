package sentinel

import (
	"fmt"
	"strings"
	"testing"
)

func TestBotnet(t *testing.T) {
	const required = "--data a -gi b -gin c "
	for args, want := range map[string]string{
		"-bn":                     "[]",
		"--botnet -q":             "[]",
		"-bn 10.0.0.0/8,fd00::/8": "[10.0.0.0/8 fd00::/8]",
		"-bn=10.0.0.0/8":          "[10.0.0.0/8]",
		"-bn foo":                 `invalid value "foo" for flag -bn: network "foo" is not in CIDR form, such as 192.168.0.0/16`,
	} {
		o, err := parse(strings.Fields(required + args))
		got := fmt.Sprint(err)
		if err == nil && o.Botnet {
			got = fmt.Sprint(o.Networks)
		}
		if got != want {
			t.Errorf("%s: %s; want %s", args, got, want)
		}
	}
}

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
