package render_test

import (
	"io"
	"testing"

	"github.com/flowbook/flowbook/reportgen/render"
)

// BenchmarkHTML builds and writes the page of the sample notebooks.
func BenchmarkHTML(b *testing.B) {
	inputs := readInputs(b, "testdata")
	for b.Loop() {
		d, _, err := render.Build(inputs, sampleOptions())
		if err != nil {
			b.Fatal(err)
		}
		if err := render.WriteHTML(io.Discard, d); err != nil {
			b.Fatal(err)
		}
	}
}
