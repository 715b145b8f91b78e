package render

import (
	"crypto/sha256"
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/flowbook/flowbook/pkg/units"
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
	if b.options.Attach == nil {
		b.deadFile(where, name, "the file is not part of the report")
		return link
	}
	inProject, data, err := readFile(b.inputs[where.Notebook], name)
	if err == nil && b.files[inProject] == "" {
		if b.filesSize += len(data); b.filesSize > maxFiles {
			err = fmt.Errorf("all such files are larger than %d MB", maxFiles>>20)
		} else {
			err = b.options.Attach(inProject, data)
		}
	}
	if err != nil {
		b.deadFile(where, name, "the file is not part of the report: "+err.Error())
		return link
	}
	if b.files[inProject] == "" {
		b.files[inProject] = (&url.URL{Path: path.Join(FilesFolder, inProject)}).EscapedPath()
		b.doc.Provenance = append(b.doc.Provenance, document.Field{
			Name: path.Join(FilesFolder, inProject), Value: fmt.Sprintf("%s, SHA-256 %x", units.Bytes(int64(len(data))), sha256.Sum256(data)),
		})
	}
	return b.files[inProject]
}

func (b *builder) deadFile(where document.Origin, name, why string) {
	b.warnOnce(where, "link "+name, "link to %q: %s; it works only next to the notebook", shorten([]byte(name)), why)
}
