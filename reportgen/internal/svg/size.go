package svg

import (
	"fmt"
	"strconv"
	"strings"
)

// ensureViewBox gives a picture that only states its size the viewBox that
// lets a page scale it.
func (img *Image) ensureViewBox() {
	if img.root.attr("viewBox") != "" {
		return
	}
	w, h := img.Size()
	if w > 0 && h > 0 {
		box := fmt.Sprintf("0 0 %s %s", number(w), number(h))
		img.root.attrs = append(img.root.attrs, attr{"viewBox", box})
	}
}

// Size is the picture's width and height in CSS pixels, from its width and
// height or else its viewBox; 0 where it states neither.
func (img *Image) Size() (width, height float64) {
	width, height = pixels(img.root.attr("width")), pixels(img.root.attr("height"))
	if width > 0 && height > 0 {
		return width, height
	}
	box := strings.FieldsFunc(img.root.attr("viewBox"), func(r rune) bool { return r == ' ' || r == ',' })
	if len(box) != 4 {
		return 0, 0
	}
	return pixels(box[2]), pixels(box[3])
}

// pixels reads a CSS length with an absolute unit; any other is 0. The ratios
// are those of CSS Values and Units, section 6.2.
func pixels(length string) float64 {
	units := []struct {
		suffix string
		pixels float64
	}{{"px", 1}, {"pt", 96.0 / 72}, {"pc", 16}, {"in", 96}, {"cm", 96 / 2.54}, {"mm", 96 / 25.4}}
	length, factor := strings.TrimSpace(length), 1.0
	for _, u := range units {
		if rest, ok := strings.CutSuffix(length, u.suffix); ok {
			length, factor = rest, u.pixels
			break
		}
	}
	v, err := strconv.ParseFloat(length, 64)
	if err != nil || !(v > 0 && v < 1e6) {
		return 0
	}
	return v * factor
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
