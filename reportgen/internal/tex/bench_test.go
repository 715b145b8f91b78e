package tex_test

import (
	"fmt"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/tex"
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
	for i := 0; b.Loop(); i++ {
		// Each is another formula, which the renderer has not set before.
		if _, err := r.MathML(fmt.Sprintf(`\frac{Q_1 + Q_3 - 2Q_2}{Q_3 - Q_1} + %d`, i), true); err != nil {
			b.Fatal(err)
		}
	}
}
