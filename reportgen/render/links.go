package render

import (
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// FilesFolder is the folder of a report with the files that notebooks link to.
const FilesFolder = document.FilesFolder

// maxFiles bounds the files that notebooks link to, in bytes together.
const maxFiles = 100 << 20

// localLink attaches the file that a link leads to, and returns the link to the copy.
// Without a copy, it warns and returns the link as it is.
func (b *builder) localLink(where document.Origin, link, name string) string {
	if strings.HasSuffix(name, ".ipynb") {
		b.deadFile(where, name, "the notebook is not part of the report")
		return link
	}
	attached, err := b.attachFile(b.inputs[where.Notebook], name)
	if err != nil {
		b.deadFile(where, name, err.Error())
		return link
	}
	return attached
}

func (b *builder) deadFile(where document.Origin, name, why string) {
	b.warnOnce(where, "link "+name, "link to %q: %s; it works only next to the notebook", shorten([]byte(name)), why)
}
