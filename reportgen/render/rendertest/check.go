package rendertest

import _ "embed"

//go:embed check.js
var check string

// problems runs the checks within the page.
func (p *Page) problems() []string {
	p.t.Helper()
	return Evaluate[[]string](p, check)
}
