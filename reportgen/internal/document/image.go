package document

import "github.com/yuin/goldmark/ast"

// Image is a Markdown image whose picture was found. It takes the place of
// goldmark's node.
type Image struct {
	ast.BaseInline
	Picture *Picture
}

// KindImage is the node kind of Image.
var KindImage = ast.NewNodeKind("Picture")

// Kind returns KindImage.
func (*Image) Kind() ast.NodeKind { return KindImage }

// Dump prints the node for goldmark's debugging.
func (i *Image) Dump(source []byte, level int) {
	ast.DumpHelper(i, source, level, map[string]string{"Name": i.Picture.Name}, nil)
}
