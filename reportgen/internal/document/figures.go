package document

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
)

// Group is a figure or table that a directive of MyST or a div of Quarto makes of pictures or of a table, and of the
// paragraph of its caption.
type Group struct {
	Label   string // "" for none
	Name    string // of a figure in MyST, which need not be a label
	Columns int    // pictures in a row; 0 for as many as fit
}

// groupAttribute is the attribute of the nodes of a group.
const groupAttribute = "group"

// GroupOf returns the group of an image, a table or a caption; nil for none.
func GroupOf(n ast.Node) *Group {
	v, _ := n.AttributeString(groupAttribute)
	g, _ := v.(*Group)
	return g
}

var (
	divLabel   = regexp.MustCompile(`^:+\s*\{[^}]*#((?:fig|tbl)-[\w-]+)`)
	divColumns = regexp.MustCompile(`\blayout-ncol\s*=\s*"?([0-9])`)
)

// isFigure reports whether the name of a directive is that of a picture in MyST.
func isFigure(name string) bool { return name == "figure" || name == "image" }

// isOption applies a line before the content that is an option of MyST, as :name: value or, of a figure, as YAML between
// two lines ---. It returns false for any other line.
func (d *directive) isOption(line string) bool {
	if line == "---" && isFigure(d.name) && (d.options == nil || d.yaml) {
		d.yaml = !d.yaml
		if d.options == nil {
			d.options = map[string]string{}
		}
		return true
	}
	m := option.FindStringSubmatch(line)
	if m == nil || m[1] == "" && !d.yaml {
		return d.yaml
	}
	if d.options == nil {
		d.options = map[string]string{}
	}
	d.options[m[2]] = strings.Trim(strings.TrimSpace(m[3]), `"'`)
	d.option(m[2], m[3])
	return true
}

// figure puts the picture of a directive of MyST before its caption. It returns false if it has none.
func (d *directive) figure() bool {
	if d.argument == "" {
		return false
	}
	link := ast.NewLink()
	link.Destination = []byte(d.argument)
	image := ast.NewImage(link)
	for option, attribute := range map[string]string{"width": "width", "height": "height", "alt": "fig-alt"} {
		if v := d.options[option]; v != "" {
			image.SetAttributeString(attribute, v)
		}
	}
	p := ast.NewParagraph()
	p.AppendChild(p, image)
	if d.name == "figure" {
		g := &Group{Name: d.options["name"] + d.options["label"]}
		if g.Label = g.Name; g.Name != "" && LabelKind(g.Name) != KindFigure {
			g.Label = "fig-" + Slug(g.Name)
		}
		image.SetAttributeString(groupAttribute, g)
		if caption, ok := d.FirstChild().(*ast.Paragraph); ok {
			caption.SetAttributeString(groupAttribute, g)
		}
	}
	if first := d.FirstChild(); first != nil {
		d.InsertBefore(d, first, p)
	} else {
		d.AppendChild(d, p)
	}
	return true
}

// group marks the members of a div of Quarto with the label of a figure or table: images in paragraphs of their own, or a
// table, and the last paragraph as the caption. It returns false if the div has no such members.
func (d *directive) group() bool {
	m := divLabel.FindStringSubmatch(d.written)
	if m == nil || d.fence != ':' {
		return false
	}
	g := &Group{Label: m[1]}
	if columns := divColumns.FindStringSubmatch(d.written); columns != nil {
		g.Columns, _ = strconv.Atoi(columns[1]) // a digit
	}
	var members []ast.Node
	for n := d.FirstChild(); n != nil; n = n.NextSibling() {
		if table, ok := n.(*east.Table); ok && LabelKind(g.Label) == KindTable {
			members = append(members, table)
		} else if LabelKind(g.Label) == KindFigure {
			members = append(members, onlyImages(n)...)
		}
	}
	if len(members) == 0 {
		return false
	}
	if caption, ok := d.LastChild().(*ast.Paragraph); ok && len(onlyImages(caption)) == 0 {
		members = append(members, caption)
	}
	for _, n := range members {
		n.SetAttributeString(groupAttribute, g)
	}
	return true
}

// onlyImages returns the images of a paragraph that begins with one and has only their attributes besides.
func onlyImages(n ast.Node) []ast.Node {
	if _, ok := n.(*ast.Paragraph); !ok {
		return nil
	}
	var images []ast.Node
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c.(type) {
		case *ast.Image:
			images = append(images, c)
		case *ast.Text:
			if len(images) == 0 {
				return nil
			}
		default:
			return nil
		}
	}
	return images
}
