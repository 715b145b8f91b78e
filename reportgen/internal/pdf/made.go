package pdf

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/html"
)

// Made says how a file was made. The file says it itself, as its creator, so that
// one whose bytes differ can tell why: another browser, or another document.
type Made struct {
	Browser string // the browser and its version: "Chrome/156.0.8078.79"
	Digest  string // of the document, see Digest
}

// Digest is what tells a document from another that would be printed otherwise:
// the first half of the SHA-256 of its printed form, in hexadecimal.
func Digest(d *document.Document) (string, error) {
	hash := sha256.New()
	if err := html.WritePrint(hash, d, html.Print{}); err != nil {
		return "", fmt.Errorf("PDF: %w", err)
	}
	return hex.EncodeToString(hash.Sum(nil)[:sha256.Size/2]), nil
}

func (m Made) creator() string {
	return fmt.Sprintf("Flowbook reportgen, %s, document %s", m.Browser, m.Digest)
}

var creator = regexp.MustCompile(`^Flowbook reportgen, (\S+), document ([0-9a-f]{32}) *$`)

// ReadMade reads how a file of Write was made. It is false for any other file.
func ReadMade(data []byte) (Made, bool) {
	f, err := open(data)
	if err != nil {
		return Made{}, false
	}
	source := infoSource.FindSubmatch(f.referred(infoRef, f.trailer()))
	if source == nil {
		return Made{}, false
	}
	m := creator.FindStringSubmatch(string(source[1]))
	if m == nil {
		return Made{}, false
	}
	return Made{Browser: m[1], Digest: m[2]}, true
}

// browserName is how a browser calls itself, in its windows or without.
func browserName(product string) string {
	return strings.Replace(strings.Join(strings.Fields(product), "-"), "HeadlessChrome", "Chrome", 1)
}
