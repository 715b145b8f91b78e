package markdown

import (
	"fmt"
	"html"
	"strings"
)

// title returns the blocks of the title page.
func (w *writer) title() []string {
	d := w.doc
	title := d.Title
	if title == "" {
		title = w.words.Say("Report")
	}
	var blocks []string
	if d.Logo != nil {
		blocks = append(blocks, w.picture(d.Logo))
	}
	blocks = append(blocks, "# "+Escape(title))
	if d.Subtitle != "" {
		blocks = append(blocks, "**"+Escape(d.Subtitle)+"**")
	}
	blocks = append(blocks, w.byline()...)
	var downloads []string
	for _, download := range d.Downloads {
		downloads = append(downloads, "["+Escape(download.Title)+"](<"+download.Link+">)")
	}
	if len(downloads) > 0 {
		blocks = append(blocks, w.words.Say("Downloads")+": "+strings.Join(downloads, ", "))
	}
	if failed := d.Failures(); len(failed) > 0 {
		lines := []string{fmt.Sprintf("> **%s** %s", w.words.Say("This report is incomplete."), w.words.Failed(len(failed)))}
		for _, f := range failed {
			lines = append(lines, fmt.Sprintf("> - [%s](#%s): %s", Escape(f.Origin.String()), f.Anchor, Escape(f.Name)))
		}
		blocks = append(blocks, strings.Join(lines, "\n"))
	}
	if d.Abstract != nil {
		blocks = append(blocks, w.blocks(d.Abstract.Root, d.Abstract.Source))
	}
	return blocks
}

// byline returns the authors with their affiliations, and the date.
func (w *writer) byline() []string {
	d := w.doc
	raised := func(mark string) string {
		if mark == "" {
			return ""
		}
		return "<sup>" + html.EscapeString(mark) + "</sup>"
	}
	var names, more []string
	for _, a := range d.Authors {
		name := Escape(a.Name) + raised(d.AuthorMark(a))
		if link := a.ORCIDLink(); link != "" {
			name += " ([ORCID](" + link + "))"
		}
		names = append(names, name)
	}
	for i, name := range d.Affiliations {
		more = append(more, strings.TrimSpace(raised(d.AffiliationMark(i))+" "+Escape(name)))
	}
	if answer := d.Corresponding(); len(answer) > 0 {
		var who []string
		for _, a := range answer {
			text := Escape(a.Name)
			if link := a.EmailLink(); link != "" {
				text += ", [" + Escape(a.Email) + "](" + link + ")"
			}
			who = append(who, text)
		}
		more = append(more, strings.TrimSpace(raised(d.CorrespondingMark())+" "+w.words.Say("Correspondence")+": "+strings.Join(who, "; ")))
	}
	return []string{strings.Join(names, ", "), strings.Join(more, " \\\n"), Escape(d.Date)}
}
