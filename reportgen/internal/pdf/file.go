package pdf

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/html"
	"github.com/flowbook/flowbook/reportgen/internal/volatile"
)

// file is a PDF as written by Chromium's Skia: version 1.4, with one
// cross-reference table and uncompressed dictionaries.
type file struct {
	data    []byte
	offsets map[int]int
}

var (
	startXref  = regexp.MustCompile(`startxref\s+(\d+)\s+%%EOF\s*$`)
	xrefHead   = regexp.MustCompile(`^xref\s+0 (\d+)\s*\n`)
	rootRef    = regexp.MustCompile(`/Root (\d+) 0 R`)
	infoRef    = regexp.MustCompile(`/Info (\d+) 0 R`)
	pagesRef   = regexp.MustCompile(`/Pages (\d+) 0 R`)
	destsRef   = regexp.MustCompile(`/Dests (\d+) 0 R`)
	kids       = regexp.MustCompile(`/Kids \[([^\]]*)\]`)
	ref        = regexp.MustCompile(`(\d+) 0 R`)
	dest       = regexp.MustCompile(`/(\S+) \[(\d+) 0 R /XYZ`)
	hexEscape  = regexp.MustCompile(`#([0-9A-Fa-f]{2})`)
	infoDate   = regexp.MustCompile(`/(?:CreationDate|ModDate) \(D:(\d{14}[+-]\d\d'\d\d')\)`)
	nodeName   = regexp.MustCompile(`\(node\d{8}\)`)
	infoSource = regexp.MustCompile(`/Creator \(((?:[^\\()]|\\.)*)\)`)
)

// maxDepth bounds the depth of the tree of pages.
const maxDepth = 32

func open(data []byte) (*file, error) {
	f := &file{data: data, offsets: map[int]int{}}
	m := startXref.FindSubmatch(data)
	if m == nil {
		return nil, errors.New("the browser's PDF has no startxref at its end")
	}
	at, err := strconv.Atoi(string(m[1]))
	if err != nil || at >= len(data) {
		return nil, fmt.Errorf("the browser's PDF has an invalid startxref %s", m[1])
	}
	head := xrefHead.FindSubmatch(data[at:])
	if head == nil {
		return nil, errors.New("the browser's PDF has an unsupported format: its cross-reference table is compressed")
	}
	rows := data[at+len(head[0]):]
	count, _ := strconv.Atoi(string(head[1]))
	const width = 20 // of a row, which is "nnnnnnnnnn ggggg n" and an end of line of two characters
	for i := range count {
		if len(rows) < (i+1)*width {
			return nil, errors.New("the browser's PDF has a truncated cross-reference table")
		}
		row := rows[i*width : (i+1)*width]
		offset, err := strconv.Atoi(string(row[:10]))
		if err == nil && row[17] == 'n' && offset < len(data) {
			f.offsets[i] = offset
		}
	}
	return f, nil
}

// object returns the text of an object without a stream, or nil.
func (f *file) object(number int) []byte {
	start, ok := f.offsets[number]
	if !ok {
		return nil
	}
	text, _, _ := bytes.Cut(f.data[start:], []byte("endobj"))
	return text
}

// referred returns the object that a reference in text points to, or nil.
func (f *file) referred(r *regexp.Regexp, text []byte) []byte {
	m := r.FindSubmatch(text)
	if m == nil {
		return nil
	}
	number, err := strconv.Atoi(string(m[1]))
	if err != nil {
		return nil
	}
	return f.object(number)
}

// trailer returns the text after the cross-reference table.
func (f *file) trailer() []byte {
	return f.data[max(0, bytes.LastIndex(f.data, []byte("trailer"))):]
}

// anchorPages returns the page numbers, from 1, of the anchors that are targets of
// links.
func anchorPages(data []byte) (map[string]int, error) {
	f, err := open(data)
	if err != nil {
		return nil, err
	}
	catalog := f.referred(rootRef, f.trailer())
	numbers := map[string]int{} // of pages, by their object
	f.count(f.referred(pagesRef, catalog), numbers, 0)
	if len(numbers) == 0 {
		return nil, errors.New("the browser's PDF has no pages")
	}
	anchors := map[string]int{}
	for _, m := range dest.FindAllSubmatch(f.referred(destsRef, catalog), -1) {
		if n := numbers[string(m[2])]; n > 0 {
			anchors[anchor(string(m[1]))] = n
		}
	}
	return anchors, nil
}

// count numbers the pages below a node of the tree of pages.
func (f *file) count(node []byte, numbers map[string]int, depth int) {
	list := kids.FindSubmatch(node)
	if list == nil || depth > maxDepth {
		return
	}
	for _, m := range ref.FindAllSubmatch(list[1], -1) {
		number, err := strconv.Atoi(string(m[1]))
		if err != nil {
			continue
		}
		child := f.object(number)
		if kids.Match(child) {
			f.count(child, numbers, depth+1)
		} else if child != nil {
			numbers[string(m[1])] = len(numbers) + 1
		}
	}
}

// anchor decodes a PDF name, in which #2f is a slash. The browser names an anchor as the links to it do, in which other than
// ASCII letters are percent-encoded.
func anchor(name string) string {
	name = hexEscape.ReplaceAllStringFunc(name, func(s string) string {
		n, err := strconv.ParseUint(s[1:], 16, 8)
		if err != nil {
			return s
		}
		return string([]byte{byte(n)})
	})
	if decoded, err := url.PathUnescape(name); err == nil {
		return decoded
	}
	return name
}

// normalised replaces the time of printing, the names of the browser and its machine,
// and the numbers of structure nodes, which the browser counts over all pages that it
// has shown. Every text keeps its length, so that the cross-reference table stays
// valid.
func normalised(data []byte, t time.Time, made Made) []byte {
	f, err := open(data)
	if err != nil {
		return data // anchorPages has returned this error
	}
	if t.IsZero() {
		t = time.Unix(0, 0)
	}
	info := f.referred(infoRef, f.trailer()) // part of data
	stamp := t.UTC().Format("20060102150405") + "+00'00'"
	for _, m := range infoDate.FindAllSubmatchIndex(info, -1) {
		copy(info[m[2]:m[3]], stamp)
	}
	if m := infoSource.FindSubmatchIndex(info); m != nil {
		name := made.creator()
		copy(info[m[2]:m[3]], name+strings.Repeat(" ", max(0, m[3]-m[2]-len(name))))
	}
	// The tree of names is sorted, so the order of the nodes stays.
	var names []string
	for _, m := range nodeName.FindAll(data, -1) {
		names = append(names, string(m))
	}
	slices.Sort(names)
	names = slices.Compact(names)
	for _, m := range nodeName.FindAllIndex(data, -1) {
		rank, _ := slices.BinarySearch(names, string(data[m[0]:m[1]]))
		copy(data[m[0]:m[1]], fmt.Sprintf("(node%08d)", rank+1))
	}
	return data
}

// Made is how a file was made. It is kept in the file as its creator or keywords, so that a
// difference can be attributed to another browser or another document.
type Made struct {
	Browser string // the program and its version: "Chrome/156.0.8078.79", "Typst/0.15.2"
	Digest  string // of the document, see Digest
}

// Digest returns the first half of the SHA-256 of the document's printed form, in
// hexadecimal.
func Digest(d *document.Document) (string, error) {
	var b strings.Builder
	if err := html.WritePrint(&b, d, html.Print{}); err != nil {
		return "", fmt.Errorf("PDF: %w", err)
	}
	sum := sha256.Sum256([]byte(volatile.Markup(b.String())))
	return hex.EncodeToString(sum[:sha256.Size/2]), nil
}

func (m Made) creator() string {
	return fmt.Sprintf("Flowbook reportgen, %s, document %s", m.Browser, m.Digest)
}

var creator = regexp.MustCompile(`^Flowbook reportgen, (\S+), document ([0-9a-f]{32}) *$`)

// ReadMade returns how a file of Write was made. It returns false for other files.
func ReadMade(data []byte) (Made, bool) {
	if m := keywords.FindSubmatch(data); m != nil {
		return parseMade(string(m[1]))
	}
	f, err := open(data)
	if err != nil {
		return Made{}, false
	}
	source := infoSource.FindSubmatch(f.referred(infoRef, f.trailer()))
	if source == nil {
		return Made{}, false
	}
	return parseMade(string(source[1]))
}

func parseMade(text string) (Made, bool) {
	m := creator.FindStringSubmatch(text)
	if m == nil {
		return Made{}, false
	}
	return Made{Browser: m[1], Digest: m[2]}, true
}

// browserName returns a browser's name and version, the same with and without windows.
func browserName(product string) string {
	return strings.Replace(strings.Join(strings.Fields(product), "-"), "HeadlessChrome", "Chrome", 1)
}
