package compare

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/volatile"
)

// compareFigures lists what differs in a figure: its words, its labels, the data that it draws, or only how it is drawn.
func compareFigures(title string, was, is *document.Figure) []string {
	found := append(comparePictures(title, was.Picture, is.Picture), compareParts(title, was.Parts, is.Parts,
		func(p *document.Part) (string, *document.Text) { return p.Letter, p.Caption },
		func(part string, was, is *document.Part) []string {
			return comparePictures(part, was.Picture, is.Picture)
		})...)
	switch {
	case was.Data == nil && is.Data == nil:
	case was.Data == nil:
		found = append(found, title+": its data are new")
	case is.Data == nil:
		found = append(found, title+": its data were removed")
	default:
		found = append(found, compareTables(title+": data", was.Data, is.Data)...)
	}
	return found
}

// compareParts lists what differs between the parts of a figure or table: parts that are new or were removed, captions, and
// what compare finds. The name of a part is its letter.
func compareParts[P any](title string, was, is []P, name func(P) (letter string, caption *document.Text), compare func(part string, was, is P) []string) (found []string) {
	for i := range max(len(was), len(is)) {
		switch {
		case i >= len(was):
			letter, _ := name(is[i])
			found = append(found, fmt.Sprintf("%s: part (%s) is new", title, letter))
		case i >= len(is):
			letter, _ := name(was[i])
			found = append(found, fmt.Sprintf("%s: part (%s) was removed", title, letter))
		default:
			_, before := name(was[i])
			letter, now := name(is[i])
			part := fmt.Sprintf("%s (%s)", title, letter)
			found = append(found, captionChange(part, before, now)...)
			found = append(found, compare(part, was[i], is[i])...)
		}
	}
	return found
}

func captionChange(title string, was, is *document.Text) []string {
	plain := func(t *document.Text) string {
		if t == nil {
			return ""
		}
		return t.Plain()
	}
	if a, b := plain(was), plain(is); a != b {
		return []string{fmt.Sprintf("%s: caption %q → %q", title, a, b)}
	}
	return nil
}

func comparePictures(title string, was, is *document.Picture) []string {
	if was == nil || is == nil {
		if was != is {
			return []string{title + ": has other pictures"}
		}
		return nil
	}
	var found []string
	if was.Alt != is.Alt {
		before, after := changedWords(was.Alt, is.Alt)
		found = append(found, fmt.Sprintf("%s: alt text %q → %q", title, before, after))
	}
	switch {
	case (was.Vector == nil) != (is.Vector == nil) || was.Media != is.Media:
		found = append(found, fmt.Sprintf("%s: picture %s → %s", title, was.Extension(), is.Extension()))
	case is.Vector == nil && !slices.Equal(was.Data, is.Data):
		found = append(found, fmt.Sprintf("%s: other picture (%d bytes, was %d)", title, len(is.Data), len(was.Data)))
	case is.Vector != nil:
		a, b := volatile.Markup(string(was.Vector.Standalone(""))), volatile.Markup(string(is.Vector.Standalone("")))
		if a != b {
			found = append(found, title+": "+labelChanges(labels(a), labels(b)))
		}
	}
	return found
}

func labelChanges(was, is []string) string {
	var gone, added []string
	for _, run := range differences(was, is, func(s string) string { return s }) {
		gone, added = append(gone, run[0]...), append(added, run[1]...)
	}
	if len(gone)+len(added) == 0 {
		return "drawn differently, with the same labels"
	}
	list := func(texts []string) string {
		if len(texts) > maxListed {
			return fmt.Sprintf("%q and %d more", texts[:maxListed], len(texts)-maxListed)
		}
		return fmt.Sprintf("%q", texts)
	}
	return fmt.Sprintf("labels %s → %s", list(gone), list(added))
}

// labels returns the texts in a vector picture.
func labels(picture string) []string {
	var texts []string
	d := xml.NewDecoder(strings.NewReader(picture))
	style := false
	for {
		token, err := d.RawToken()
		if err != nil {
			return texts
		}
		switch t := token.(type) {
		case xml.StartElement:
			style = t.Name.Local == "style"
		case xml.EndElement:
			style = false
		case xml.CharData:
			if text := strings.Join(strings.Fields(string(t)), " "); text != "" && !style {
				texts = append(texts, text)
			}
		}
	}
}

// fragmentText is the text of HTML, with the words of its pictures.
func fragmentText(f document.Fragment) string {
	var source strings.Builder
	for _, p := range f.Pieces {
		source.WriteString(p.Markup)
		if p.Picture != nil {
			source.WriteString(html.EscapeString(" " + p.Picture.Alt + " "))
		}
		if p.Formula != nil {
			source.WriteString(html.EscapeString(" " + p.Formula.TeX + " "))
		}
	}
	return htmlText(source.String())
}

func htmlText(source string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(source))
	hidden := false
	for {
		switch z.Next() {
		case html.ErrorToken:
			return strings.Join(strings.Fields(b.String()), " ")
		case html.StartTagToken:
			name, _ := z.TagName()
			a := atom.Lookup(name)
			hidden = a == atom.Style || a == atom.Script
			b.WriteByte(' ')
		case html.EndTagToken:
			hidden = false
			b.WriteByte(' ')
		case html.TextToken:
			if !hidden {
				b.Write(z.Text())
			}
		}
	}
}
