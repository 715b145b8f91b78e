package svg_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/svg"
)

// bomb is a picture of levels of groups, each of which refers ten times to the one
// below it.
func bomb(levels int, refer string) string {
	var b strings.Builder
	b.WriteString(`<svg viewBox="0 0 9 9"><rect id="l0" width="1" height="1"/>`)
	for i := range levels {
		fmt.Fprintf(&b, `<g id="l%d">%s</g>`, i+1, strings.Repeat(fmt.Sprintf(refer, i), 10))
	}
	return b.String() + "</svg>"
}

// TestReferences: references are drawn as long as they do not multiply without end.
func TestReferences(t *testing.T) {
	for name, refer := range map[string]string{"use": `<use href="#l%d"/>`, "xlink": `<use xlink:href="#l%d"/>`, "fill": `<rect fill="url(#l%d)"/>`, "style": `<rect style="mask: url('#l%d')"/>`} {
		if _, err := svg.Parse([]byte(bomb(4, refer))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := svg.Parse([]byte(bomb(12, refer))); err == nil || !strings.Contains(err.Error(), "draw more than 1000000 elements") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	// Cycles draw nothing, and a chain what it is long.
	var chain strings.Builder
	for i := range 500 {
		fmt.Fprintf(&chain, `<g id="c%d"><use href="#c%d"/></g>`, i, i+1)
	}
	for _, source := range []string{`<svg><g id="a"><use href="#b"/></g><g id="b"><use href="#a"/><use href="#b"/></g></svg>`, "<svg>" + chain.String() + "</svg>"} {
		if _, err := svg.Parse([]byte(source)); err != nil {
			t.Errorf("%.60s: %v", source, err)
		}
	}
}
