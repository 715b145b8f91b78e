package render

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// gluePrefix begins the MIME types of outputs that MyST-NB's glue keeps for roles, and that JupyterLab does not show
// (https://myst-nb.readthedocs.io/en/latest/render/glue.html).
const gluePrefix = "application/papermill.record/"

// gluedOutputs returns the outputs of a notebook that are glued, by name.
func gluedOutputs(nb *nbformat.Notebook) map[string]*nbformat.Output {
	all := map[string]*nbformat.Output{}
	for _, c := range nb.Cells {
		if c == nil {
			continue
		}
		for _, o := range c.Outputs {
			if o == nil {
				continue
			}
			if name, _ := member(o.Metadata["scrapbook"], "name").(string); name != "" {
				all[name] = o
			}
		}
	}
	return all
}

// onlyGlued reports whether an output is for roles only.
func onlyGlued(o *nbformat.Output) bool {
	for mime := range o.Data {
		if !strings.HasPrefix(mime, gluePrefix) {
			return false
		}
	}
	return len(o.Data) > 0
}

// glueFormat matches a name and how Python formats its value, such as "mean:.2f".
var glueFormat = regexp.MustCompile(`^(.*?)(?::\.(\d+)([feg]))?$`)

// gluedText returns the text of a glued value.
func (b *builder) gluedText(content string) (string, bool) {
	m := glueFormat.FindStringSubmatch(content)
	o := b.glued[m[1]]
	if o == nil {
		return "", false
	}
	value := text(o, gluePrefix+mimePlain)
	if value == "" {
		value = text(o, mimePlain)
	}
	if number, err := strconv.ParseFloat(value, 64); err == nil && m[3] != "" {
		return fmt.Sprintf("%."+m[2]+m[3], number), true
	}
	if len(value) > 1 && value[0] == '\'' && value[len(value)-1] == '\'' {
		value = value[1 : len(value)-1] // the representation of a string
	}
	return value, value != "" && !strings.HasPrefix(value, "<")
}
