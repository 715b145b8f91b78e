package render

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/units"
	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// Download is something that readers of a report can save. Exactly one of ID, File and URL is set.
type Download struct {
	ID    string // the label of a table or figure, whose rows are written as CSV and JSON
	File  string // a file of the project, as in a link of the first notebook
	URL   string
	Title string // "" for the name
	Name  string // under which the file is saved; "" for its own
}

// ParseDownloads reads a list of downloads as in MyST (https://mystmd.org/guide/frontmatter#downloads), as decoded from
// YAML. A string is a label, a file or an address.
func ParseDownloads(value any) ([]Download, error) {
	var all []Download
	for i, v := range listOf(value) {
		fields, ok := v.(map[string]any)
		if !ok {
			text := oneLine(v)
			switch {
			case document.ValidLabel(text):
				fields = map[string]any{"id": text}
			case strings.Contains(text, "://"):
				fields = map[string]any{"url": text}
			default:
				fields = map[string]any{"file": text}
			}
		}
		d := Download{oneLine(fields["id"]), oneLine(fields["file"]), oneLine(fields["url"]), oneLine(fields["title"]), oneLine(fields["filename"])}
		set := 0
		for _, s := range []string{d.ID, d.File, d.URL} {
			if s != "" {
				set++
			}
		}
		if set != 1 {
			return nil, fmt.Errorf("downloads: %d: has %d of id, file and url, want one", i+1, set)
		}
		if u, err := url.Parse(d.URL); d.URL != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http") {
			return nil, fmt.Errorf("downloads: %d: url %q is not an address", i+1, d.URL)
		}
		all = append(all, d)
	}
	return all, nil
}

// downloads writes the files of downloads and lists them in the document.
func (b *builder) downloads(first Input) {
	where := document.Origin{Notebook: "downloads"}
	for _, d := range b.options.Downloads {
		title := b.options.Translator.Text(d.Title)
		switch {
		case d.URL != "":
			b.doc.Downloads = append(b.doc.Downloads, document.Download{Title: cmp.Or(title, d.URL), Link: d.URL})
		case d.File != "":
			if link, err := b.attachFile(first, d.File); err != nil {
				b.problem(where, 0, "%q: %v", d.File, err)
			} else {
				b.doc.Downloads = append(b.doc.Downloads, document.Download{Title: cmp.Or(title, d.Name, path.Base(d.File)), Link: link, Name: d.Name})
			}
		default:
			if err := b.rowFiles(d, title); err != nil {
				b.problem(where, 0, "%s: %v", d.ID, err)
			}
		}
	}
}

// rowFiles writes the rows of a table or figure as CSV and JSON.
func (b *builder) rowFiles(d Download, title string) error {
	t, err := b.rowsOf(d.ID)
	if err != nil {
		return err
	}
	records, objects := t.Records()
	var text bytes.Buffer
	if err := csv.NewWriter(&text).WriteAll(records); err != nil {
		return err
	}
	encoded, err := json.MarshalIndent(objects, "", " ")
	if err != nil {
		return err
	}
	for _, file := range []struct {
		extension string
		data      []byte
	}{{".csv", text.Bytes()}, {".json", append(encoded, '\n')}} {
		extension, name := file.extension, ""
		if b.files[d.ID+extension] != "" {
			return fmt.Errorf("the report has a file %s already", d.ID+extension)
		}
		if err := b.attach(d.ID+extension, file.data); err != nil {
			return err
		}
		if d.Name != "" {
			name = strings.TrimSuffix(d.Name, path.Ext(d.Name)) + extension
		}
		b.doc.Downloads = append(b.doc.Downloads, document.Download{
			Title: cmp.Or(title, d.ID) + " (" + strings.ToUpper(extension[1:]) + ")", Link: b.files[d.ID+extension], Name: name,
		})
	}
	return nil
}

// rowsOf returns the table with a label, or the rows of the figure with it.
func (b *builder) rowsOf(label string) (*document.Table, error) {
	var t *document.Table
	known := false
	if i := slices.IndexFunc(b.doc.Tables(), func(t *document.Table) bool { return t.ID == label }); i >= 0 {
		t, known = b.doc.Tables()[i], true
	}
	if i := slices.IndexFunc(b.doc.Figures(), func(f *document.Figure) bool { return f.ID == label }); i >= 0 {
		t, known = b.doc.Figures()[i].Data, true
	}
	switch {
	case !known:
		return nil, errors.New("no table or figure has this label")
	case t == nil || len(t.Columns) == 0:
		return nil, errors.New("its rows are not in the notebook as data")
	}
	return t, nil
}

// attach keeps data as a file of the report, and its size and SHA-256 as provenance.
func (b *builder) attach(name string, data []byte) error {
	if b.options.Attach == nil {
		return errors.New("this report has no files")
	}
	if b.filesSize += len(data); b.filesSize > maxFiles {
		return fmt.Errorf("all such files are larger than %d MB", maxFiles>>20)
	}
	if err := b.options.Attach(name, data); err != nil {
		return err
	}
	b.files[name] = (&url.URL{Path: path.Join(FilesFolder, name)}).EscapedPath()
	b.doc.Provenance = append(b.doc.Provenance, document.Field{
		Name: path.Join(FilesFolder, name), Value: fmt.Sprintf("%s, SHA-256 %x", units.Bytes(int64(len(data))), sha256.Sum256(data)),
	})
	return nil
}

// attachFile attaches a file that a notebook names, once, and returns the link to it.
func (b *builder) attachFile(in Input, name string) (string, error) {
	if b.options.Attach == nil {
		return "", errors.New("the file is not part of the report")
	}
	inProject, data, err := readFile(in, name)
	if err == nil && b.files[inProject] == "" {
		err = b.attach(inProject, data)
	}
	if err != nil {
		return "", fmt.Errorf("the file is not part of the report: %w", err)
	}
	return b.files[inProject], nil
}
