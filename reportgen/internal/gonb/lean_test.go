package gonb_test

import (
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/kernel"
	"github.com/flowbook/flowbook/reportgen/internal/kerneltest"
)

// A cell's program is built lean unless that could change what it does.
func TestLean(t *testing.T) {
	kerneltest.PrivateTemp(t)
	k := kerneltest.Start(t, "gonb", kernel.Options{Dir: "."})
	const tags = `
import "runtime/debug"

func tags() string {
	info, _ := debug.ReadBuildInfo()
	for _, s := range info.Settings {
		if s.Key == "-tags" {
			return s.Value
		}
	}
	return "none"
}`
	if _, err := kerneltest.Execute(t, k, tags); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ source, prints string }{
		{"%%\nfmt.Print(tags())", "netgo,osusergo,minimal"},
		{"import \"github.com/flowbook/flowbook/pkg/chart\"\n%%\n_, err := chart.Hours(chart.Figure{}.Data, \"x\").SVG()\nfmt.Print(tags(), err != nil)",
			"netgo,osusergo,minimaltrue"},
		{`import "gonum.org/v1/plot"
%%
for _, format := range []string{"png", "pdf", "eps", "tex", "jpg", "tiff", "svg"} {
	if _, err := plot.New().WriterTo(100, 100, format); err != nil {
		fmt.Println(format, err)
	}
}
fmt.Print(tags())`, "none"},
		{"%%\n_, err := net.LookupHost(\"127.0.0.1\")\nfmt.Print(tags(), err)", "none<nil>"},
		{"%%\nu, err := user.Current()\nfmt.Print(tags(), u.Uid == fmt.Sprint(os.Getuid()), err)", "nonetrue <nil>"},
		{"%%\n_, _, err := image.Decode(strings.NewReader(\"\"))\nfmt.Print(tags(), err == image.ErrFormat)", "nonetrue"},
		{"%goflags -tags=mine\n%%\nfmt.Print(tags())", "%goflags=[\"-tags=mine\"]\nmine"}, // and so for the cells after it
	} {
		r, err := kerneltest.Execute(t, k, c.source)
		if got := kerneltest.Stream(r, "stdout"); err != nil || got != c.prints {
			t.Errorf("it prints %q (%v), want %q:\n%s", got, err, c.prints, c.source)
		}
	}
}
