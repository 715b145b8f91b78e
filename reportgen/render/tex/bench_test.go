package tex_test

import (
	"testing"

	"github.com/flowbook/flowbook/reportgen/render/tex"
)

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := tex.New(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMathML(b *testing.B) {
	r := renderer(b)
	for b.Loop() {
		if _, err := r.MathML(`\frac{Q_1 + Q_3 - 2Q_2}{Q_3 - Q_1}`, true); err != nil {
			b.Fatal(err)
		}
	}
}
