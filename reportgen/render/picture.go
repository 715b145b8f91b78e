package render

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/svg"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// maxPicture bounds the file of an image in prose and of a link, in bytes.
const maxPicture = 20 << 20

// hasPicture reports whether the output is a picture. GoNB sends its SVG as
// text/html, so an HTML output that is nothing but one counts.
func hasPicture(o *nbformat.Output) bool {
	if text(o, mimeSVG) != "" || embeddedSVG(text(o, mimeHTML)) != "" {
		return true
	}
	for _, media := range bitmaps() {
		if text(o, media) != "" {
			return true
		}
	}
	return false
}

func pictures(outputs []*nbformat.Output) int {
	n := 0
	for _, o := range outputs {
		if o != nil && hasPicture(o) {
			n++
		}
	}
	return n
}

// aroundSVG matches what an SVG picture may have around it.
var aroundSVG = regexp.MustCompile(`(?is)</?(?:div|p)>|<\?xml.*?\?>|<!doctype[^>]*>|<!--.*?-->`)

// embeddedSVG is the SVG that an HTML output consists of, "" where it holds
// more than that.
func embeddedSVG(html string) string {
	start, end := strings.Index(html, "<svg"), strings.LastIndex(html, "</svg>")
	if start < 0 || end < start {
		return ""
	}
	if strings.TrimSpace(aroundSVG.ReplaceAllString(html[:start]+html[end+len("</svg>"):], "")) != "" {
		return ""
	}
	return html[start : end+len("</svg>")]
}

// bundlePicture is the picture of an output: the vector before the bitmap.
func (b *builder) bundlePicture(where document.Origin, o *nbformat.Output, alt string) (*document.Picture, error) {
	alt = b.options.Translator.Text(alt)
	if source := text(o, mimeSVG); source != "" {
		return b.vector(where, []byte(source), alt)
	}
	for _, media := range bitmaps() {
		encoded := text(o, media)
		if encoded == "" {
			continue
		}
		data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(encoded), ""))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", media, err)
		}
		return bitmap(data, media, alt)
	}
	if source := embeddedSVG(text(o, mimeHTML)); source != "" {
		return b.vector(where, []byte(source), alt)
	}
	return nil, errors.New("the output has neither image/svg+xml nor a bitmap")
}

func (b *builder) vector(where document.Origin, source []byte, alt string) (*document.Picture, error) {
	img, err := svg.Parse(source)
	if err != nil {
		return nil, fmt.Errorf("image/svg+xml: %w", err)
	}
	if len(img.Dropped) > 0 {
		b.warn(where, 0, "parts of an SVG picture were removed as unsafe: %s", strings.Join(img.Dropped, ", "))
	}
	b.translatePicture(img)
	return &document.Picture{Alt: alt, Vector: img}, nil
}

// bitmap is a picture of the type of its bytes, as in browsers: the declared media type may be that of another picture, or "".
func bitmap(data []byte, media, alt string) (*document.Picture, error) {
	actual := http.DetectContentType(data)
	switch {
	case slices.Contains(bitmaps(), actual):
		return &document.Picture{Alt: alt, Media: actual, Data: data}, nil
	case strings.HasPrefix(actual, "image/"):
		return nil, fmt.Errorf("%s is not supported by every browser; use SVG or PNG", actual)
	case media == "" || media == actual:
		return nil, fmt.Errorf("%s is not a picture", actual)
	}
	return nil, fmt.Errorf("declared as %s, but its data is %s", media, actual)
}

// pictures replaces Markdown images by their pictures.
func (b *builder) pictures(where document.Origin, t *document.Text, attachments map[string]any) {
	var images []*ast.Image
	_ = ast.Walk(t.Root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if img, ok := n.(*ast.Image); ok && entering {
			images = append(images, img)
		}
		return ast.WalkContinue, nil
	})
	for _, img := range images {
		attributes := takeAttributes(img, t.Source)
		alt := strings.TrimSpace(document.PlainNode(img, t.Source))
		if alt == "" {
			alt = attributes["fig-alt"]
		}
		if alt == "" {
			b.problem(where, 0, "the image %q has no alt text; write ![what it shows](…)", shorten(img.Destination))
		}
		picture, err := b.imagePicture(where, string(img.Destination), alt, attachments)
		if err != nil {
			b.problem(where, 0, "the image %q cannot be shown: %v", shorten(img.Destination), err)
			continue
		}
		resize(picture, attributes["width"], attributes["height"])
		picture.Name = b.anchors.unique("image")
		image := &document.Image{Picture: picture}
		if group := document.GroupOf(img); group != nil {
			b.grouped[image] = group
		}
		if label := attributes["#"]; document.LabelKind(label) == document.KindFigure {
			picture.Alt = cmp.Or(attributes["fig-alt"], alt)
			b.labelled[image] = labelledImage{label, captionOf(img, t.Source)}
		}
		parent := img.Parent()
		parent.ReplaceChild(parent, img, image)
	}
}

// labelledImage is a Markdown image with a label, as in Quarto: ![caption](file){#fig-x}.
type labelledImage struct {
	label   string
	caption *document.Text
}

// captionOf moves the text of an image to a caption.
func captionOf(img *ast.Image, source []byte) *document.Text {
	root := ast.NewParagraph()
	for n := img.FirstChild(); n != nil; {
		next := n.NextSibling()
		root.AppendChild(root, n)
		n = next
	}
	return &document.Text{Source: source, Root: root}
}

var (
	attributeList = regexp.MustCompile(`^\{([^{}\n]*)\}`)
	attributePair = regexp.MustCompile(`([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|(\S+))|[.#][\w-]+`)
)

// takeAttributes removes Pandoc's attributes, such as {width=50%}, from the text after
// an image and returns them. Text in braces that is not a list of attributes is kept.
func takeAttributes(img *ast.Image, source []byte) map[string]string {
	attributes := map[string]string{}
	for _, name := range []string{"width", "height", "fig-alt"} { // of a directive
		if v := attribute(img, name); v != "" {
			attributes[name] = v
		}
	}
	first, ok := img.NextSibling().(*ast.Text)
	if !ok {
		return attributes
	}
	start := first.Segment.Start
	m := attributeList.FindSubmatch(source[start:])
	if m == nil || strings.TrimSpace(attributePair.ReplaceAllString(string(m[1]), "")) != "" {
		return attributes
	}
	for _, pair := range attributePair.FindAllStringSubmatch(string(m[1]), -1) {
		attributes[pair[1]] = pair[2] + pair[3] + pair[4]
		if strings.HasPrefix(pair[0], "#") {
			attributes["#"] = pair[0][1:]
		}
	}
	// Spaces split the text of the attributes into several nodes.
	end := start + len(m[0])
	for n, isText := first, true; isText && n.Segment.Start < end; {
		next, nextIsText := n.NextSibling().(*ast.Text)
		switch {
		case n.Segment.Stop > end:
			n.Segment = n.Segment.WithStart(end)
		case n.SoftLineBreak() || n.HardLineBreak():
			n.Segment = n.Segment.WithStart(n.Segment.Stop)
		default:
			n.Parent().RemoveChild(n.Parent(), n)
		}
		n, isText = next, nextIsText
	}
	return attributes
}

func shorten(destination []byte) string {
	if s := string(destination); len(s) <= 60 {
		return s
	}
	return string(destination[:57]) + "…"
}

func (b *builder) imagePicture(where document.Origin, destination, alt string, attachments map[string]any) (*document.Picture, error) {
	data, err := b.imageData(destination, attachments)
	if err != nil {
		return nil, err
	}
	return b.filePicture(where, data, alt)
}

// filePicture returns the picture of a file.
func (b *builder) filePicture(where document.Origin, data []byte, alt string) (*document.Picture, error) {
	if strings.Contains(http.DetectContentType(data), "text/") {
		return b.vector(where, data, alt)
	}
	if picture, err := moving(data, alt); err == nil {
		return picture, nil
	}
	return bitmap(data, "", alt)
}

// moving returns the picture of a video or sound.
func moving(data []byte, alt string) (*document.Picture, error) {
	media := http.DetectContentType(data)
	if media == "application/ogg" {
		media = "audio/ogg"
	}
	picture := &document.Picture{Alt: alt, Media: media, Data: data}
	if !picture.Moving() || picture.Extension() == ".png" {
		return nil, fmt.Errorf("its data is %s, not a video or sound that browsers play", media)
	}
	return picture, nil
}

// imageData is the bytes behind an image's destination: an attachment of the
// cell, a data: URL, or a file below the notebook's folder.
func (b *builder) imageData(destination string, attachments map[string]any) ([]byte, error) {
	if name, ok := strings.CutPrefix(destination, "attachment:"); ok {
		bundle, ok := attachments[name].(map[string]any)
		if unescaped, err := url.PathUnescape(name); !ok && err == nil {
			bundle, _ = attachments[unescaped].(map[string]any)
		}
		for _, media := range append(bitmaps(), mimeSVG) {
			if encoded, ok := bundle[media].(string); ok {
				if strings.HasPrefix(strings.TrimSpace(encoded), "<") {
					return []byte(encoded), nil
				}
				return base64.StdEncoding.DecodeString(strings.Join(strings.Fields(encoded), ""))
			}
		}
		return nil, errors.New("the cell has no such attachment")
	}
	if rest, ok := strings.CutPrefix(destination, "data:"); ok {
		head, encoded, ok := strings.Cut(rest, ",")
		if !ok {
			return nil, errors.New("the data: URL has no data")
		}
		decoded, err := url.PathUnescape(encoded)
		if err != nil {
			return nil, fmt.Errorf("data: URL: %w", err)
		}
		if !strings.HasSuffix(head, ";base64") {
			return []byte(decoded), nil
		}
		return base64.StdEncoding.DecodeString(strings.Join(strings.Fields(decoded), ""))
	}
	u, err := url.Parse(destination)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "" || u.Host != "" {
		return nil, errors.New("a report fetches nothing from the network; keep the file beside the notebook, or attach it to the cell")
	}
	_, data, err := readFile(b.input, u.Path)
	return data, err
}

// readFile reads a file that a notebook names and returns its path in the project.
func readFile(in Input, name string) (inProject string, data []byte, err error) {
	inProject = path.Join(in.Folder, name)
	if in.Files == nil || path.IsAbs(name) || !fs.ValidPath(inProject) || inProject == "." {
		return "", nil, errors.New("not in the project of the notebook; copy it there")
	}
	if slices.ContainsFunc(strings.Split(path.Clean(name), "/"), func(part string) bool { return len(part) > 2 && part[0] == '.' }) {
		return "", nil, errors.New("a hidden file or folder; copy it to another one")
	}
	f, err := in.Files.Open(inProject)
	if rest, old := strings.CutPrefix(name, "files/"); old && errors.Is(err, fs.ErrNotExist) {
		return readFile(in, rest) // IPython before 2.0 served the files beside a notebook there
	}
	if err != nil {
		return "", nil, withoutPath(err)
	}
	data, err = io.ReadAll(io.LimitReader(f, maxPicture+1))
	if err := errors.Join(withoutPath(err), f.Close()); err != nil {
		return "", nil, err
	}
	if len(data) > maxPicture {
		return "", nil, fmt.Errorf("larger than %d MB", maxPicture>>20)
	}
	return inProject, data, nil
}

// withoutPath returns the reason of an error of a file, whose path depends on the machine.
func withoutPath(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
