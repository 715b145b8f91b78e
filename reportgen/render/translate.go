package render

import (
	"time"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/language"
	"github.com/flowbook/flowbook/reportgen/internal/svg"
	"github.com/flowbook/flowbook/reportgen/internal/translate"
)

// Translator translates the texts of notebooks: see package translate.
type Translator = translate.Translator

// ParseTranslations reads a catalog of translations to a language.
func ParseTranslations(source []byte, lang string) (*Translator, error) {
	return translate.Parse(source, lang)
}

// translated returns the options with their texts in the language of the report.
func translated(o Options) Options {
	if o.Translator == nil {
		o.Translator = translate.Numbers(o.Lang)
	}
	o.Title, o.Subtitle = o.Translator.Text(o.Title), o.Translator.Text(o.Subtitle)
	if day, err := time.Parse(time.DateOnly, o.Date); err == nil && o.Lang != "" {
		o.Date = language.Of(o.Lang).Date(day)
	}
	return o
}

// translateTable translates the titles and values of a table. Names remain, except those of
// countries.
func (b *builder) translateTable(t *document.Table) {
	if t == nil || b.options.Translator.Idle() {
		return
	}
	say := b.options.Translator
	for j := range t.Columns {
		t.Columns[j].Title = say.Value(t.Columns[j].Title)
	}
	for _, row := range t.Rows {
		for j, v := range row {
			switch c := t.Columns[j]; {
			case c.Numeric:
				row[j].Text = say.Number(v.Text)
			case c.Kind == document.KindEntity && v.Raw != "":
				row[j].Text = say.Name(v.Text)
			default:
				row[j].Text = say.Value(v.Text)
			}
			if v.Raw == v.Text && !t.Columns[j].Numeric {
				row[j].Raw = row[j].Text
			}
		}
	}
}

// translatePicture translates the labels of a figure.
func (b *builder) translatePicture(img *svg.Image) {
	if !b.options.Translator.Idle() {
		img.Translate(b.options.Translator.Value)
	}
}

// untranslated warns of the texts that the catalog lacks.
func (b *builder) untranslated() {
	for _, text := range b.options.Translator.Missing() {
		b.warn(document.Origin{Notebook: b.options.Lang + ".yaml"}, 0, "no translation of %q", text)
	}
}
