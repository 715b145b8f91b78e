package typst

import (
	"fmt"
	"strings"
)

// front is the title page and the contents.
func (w *writer) front(title string) []string {
	d := w.doc
	blocks := []string{"#v(5cm)"}
	if d.Logo != nil {
		blocks = []string{"#v(2cm)", "#block(height: 2cm, " + w.picture(d.Logo) + ")", "#v(1cm)"}
	}
	blocks = append(blocks, "#block(text(size: 26pt, weight: \"bold\", "+quoted(title)+"))")
	if d.Subtitle != "" {
		blocks = append(blocks, "#block(text(size: 14pt, "+quoted(d.Subtitle)+"))")
	}
	blocks = append(blocks, w.byline()...)
	if failed := d.Failures(); len(failed) > 0 {
		list := ""
		for _, f := range failed {
			list += "\n- " + w.link(f.Anchor, escape(f.Origin.String())) + ": " + escape(f.Name)
		}
		blocks = append(blocks, fmt.Sprintf("#note(%s)[%s%s\n]", quoted(w.words.Say("This report is incomplete.")), escape(w.words.Failed(len(failed))), list))
	}
	if d.Abstract != nil {
		blocks = append(blocks, "#v(1.5cm)", w.nodes(d.Abstract.Root, d.Abstract.Source))
	}
	if len(d.Headings()) > 0 {
		blocks = append(blocks, "#pagebreak()", fmt.Sprintf("#outline(title: %s, depth: 2)", quoted(w.words.Say("Contents"))))
	}
	return blocks
}

// byline is the authors with their affiliations, and the date.
func (w *writer) byline() []string {
	d := w.doc
	raised := func(mark string) string {
		if mark == "" {
			return ""
		}
		return "#super[" + escape(mark) + "]"
	}
	var names, more []string
	for _, a := range d.Authors {
		name := isolated(escape(a.Name) + raised(d.AuthorMark(a)))
		if link := a.ORCIDLink(); link != "" {
			name += " #link(" + quoted(link) + ")[ORCID]"
		}
		names = append(names, name)
	}
	if d.Date != "" {
		names = append(names, escape(d.Date))
	}
	for i, name := range d.Affiliations {
		more = append(more, raised(d.AffiliationMark(i))+" "+escape(name))
	}
	if answer := d.Corresponding(); len(answer) > 0 {
		var who []string
		for _, a := range answer {
			text := escape(a.Name)
			if link := a.EmailLink(); link != "" {
				text += ", #link(" + quoted(link) + ")[" + escape(a.Email) + "]"
			}
			who = append(who, text)
		}
		more = append(more, raised(d.CorrespondingMark())+" "+escape(w.words.Say("Correspondence"))+": "+strings.Join(who, "; "))
	}
	blocks := []string{strings.Join(names, " · ")}
	if len(more) > 0 {
		blocks = append(blocks, "#block(text(size: 9.5pt)["+strings.Join(more, " \\\n")+"])")
	}
	return blocks
}
