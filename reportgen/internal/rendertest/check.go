package rendertest

import _ "embed"

//go:embed check.js
var check string

// Problems runs the checks of CheckHTML within the page as it is shown.
func (p *Page) Problems() []string {
	p.t.Helper()
	return Evaluate[[]string](p, check)
}
