package snapshot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// Vega draws a chart of Vega-Lite or Vega as a vector picture: with vl-convert if the
// packages have it, else with the scripts that they ship.
func (b *Browser) Vega(spec any) (*Picture, error) {
	encoded, err := json.Marshal(spec)
	if err != nil {
		return nil, err
	}
	if python := b.vlConvert(); python != "" && !loads(spec) {
		return convertVega(python, encoded)
	}
	body := fmt.Sprintf(`<div id="chart"></div><script src="https://cdn.jsdelivr.net/npm/vega@6"></script>
<script src="https://cdn.jsdelivr.net/npm/vega-lite@6"></script><script src="https://cdn.jsdelivr.net/npm/vega-embed@7"></script>
<script type="application/json" id="spec">%s</script>
<script>const drawn = vegaEmbed("#chart", JSON.parse(document.getElementById("spec").textContent), {actions: false, renderer: "svg"}).then((r) => r.view.toSVG());</script>`, encoded)
	return b.draw(body, "drawn")
}

// vlConvert returns the Python program whose packages have vl-convert; "" for none.
func (b *Browser) vlConvert() string {
	module := b.installed("vl_convert/__init__.py")
	if module == "" {
		return ""
	}
	// PREFIX/lib/python3.N/site-packages/vl_convert/__init__.py
	prefix := module
	for range 5 {
		prefix = filepath.Dir(prefix)
	}
	python, err := exec.LookPath(filepath.Join(prefix, "bin", "python3"))
	if err != nil {
		return ""
	}
	return python
}

// loads reports whether a specification names data elsewhere, which vl-convert might
// read from the machine.
func loads(spec any) bool {
	switch v := spec.(type) {
	case map[string]any:
		for key, value := range v {
			if key == "url" || key == "href" || loads(value) {
				return true
			}
		}
	case []any:
		for _, value := range v {
			if loads(value) {
				return true
			}
		}
	}
	return false
}

const vegaProgram = `
import json, sys, vl_convert
spec = json.load(sys.stdin)
convert = vl_convert.vegalite_to_svg if "lite" in spec.get("$schema", "vega-lite") else vl_convert.vega_to_svg
sys.stdout.buffer.write(convert(spec, allowed_base_urls=[]).encode())
`

func convertVega(python string, spec []byte) (*Picture, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	command := exec.CommandContext(ctx, python, "-I", "-c", vegaProgram)
	command.Stdin = bytes.NewReader(spec)
	var said bytes.Buffer
	command.Stderr = &said
	svg, err := command.Output()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(said.String()), "\n")
		return nil, fmt.Errorf("vl-convert: %w: %s", err, lines[len(lines)-1])
	}
	if len(svg) == 0 {
		return nil, errors.New("vl-convert draws nothing")
	}
	return &Picture{SVG: string(svg)}, nil
}
