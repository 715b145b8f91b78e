package document

import "github.com/flowbook/flowbook/reportgen/internal/svg"

// Figure is a picture, numbered where it has a caption.
type Figure struct {
	Origin
	ID      string   // the anchor: the label, or one made from the number
	Number  string   // "2.1"; "" without a caption
	Caption *Text    // nil for none
	Picture *Picture // nil where there are Parts
	Parts   []*Part
	Columns int    // how many Parts stand side by side; 0 for as many as fit
	Data    *Table // what the figure draws; nil where the output does not say
}

// Part is one of several pictures under one number, "(a)".
type Part struct {
	ID      string
	Letter  string
	Caption *Text // nil for none
	Picture *Picture
}

func (*Figure) block() {}

// Picture is an image and the words that stand for it.
type Picture struct {
	Alt    string
	Vector *svg.Image // nil for a bitmap
	Media  string     // of a bitmap: image/png, image/jpeg, image/gif, image/webp
	Data   []byte     // of a bitmap
	Name   string     // a file name without extension, unique in the document
}

// Extension is the file name extension of the picture's format, with its dot.
func (p *Picture) Extension() string {
	if p.Vector != nil {
		return ".svg"
	}
	switch p.Media {
	case "image/jpeg":
		return ".jpg"
	case "image/gif":
		return ".gif"
	case "image/webp":
		return ".webp"
	}
	return ".png"
}
