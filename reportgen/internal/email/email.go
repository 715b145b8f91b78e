// Package email writes the summary of a document as a message that mail programs open: an
// .eml file with plain text and HTML, whose styles are inlined and whose pictures are
// parts of the message.
//
//	err := email.Write(w, d, email.Options{Time: day})
//
// The message is a draft without sender and recipient. Equal documents give equal bytes.
// Nothing in it is loaded from elsewhere, and it has no scripts. A vector picture is a
// part of type image/svg+xml; mail programs that do not draw it show its alt text.
package email

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"strings"
	"time"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/html"
	"github.com/flowbook/flowbook/reportgen/internal/language"
)

// FileName is the name of the message in a report's folder.
const FileName = "summary.eml"

// Options are the properties of a message that are not in its document.
type Options struct {
	Time time.Time // of the message; zero: it has none
}

// Write writes the title, the abstract and the summary of the document as a message.
func Write(w io.Writer, d *document.Document, o Options) error {
	page, err := html.Summary(d)
	if err != nil {
		return err
	}
	styled, pictures, err := inlined(page, d)
	if err != nil {
		return fmt.Errorf("e-mail: %w", err)
	}
	body, boundary, err := alternatives(plain(d), styled, pictures)
	if err != nil {
		return fmt.Errorf("e-mail: %w", err)
	}
	title := cmp.Or(strings.Join(strings.Fields(d.Title), " "), language.Of(d.Lang).Say("Report"))
	var b bytes.Buffer
	fmt.Fprintf(&b, "Subject: %s\r\n", folded(title))
	if !o.Time.IsZero() {
		fmt.Fprintf(&b, "Date: %s\r\n", o.Time.UTC().Format(time.RFC1123Z))
	}
	b.WriteString("X-Unsent: 1\r\n") // mail programs open it as a draft
	b.WriteString("MIME-Version: 1.0\r\n")
	fmt.Fprintf(&b, "Content-Type: multipart/alternative; boundary=%q\r\n\r\n", boundary)
	b.Write(body)
	_, err = w.Write(b.Bytes())
	return err
}

// folded returns a title as the value of a header, in words of at most 75 characters on
// lines of their own.
func folded(title string) string {
	return strings.ReplaceAll(mime.QEncoding.Encode("utf-8", title), "?= =?", "?=\r\n =?")
}

// picture is a part of the message.
type picture struct {
	id    string // without the angle brackets
	media string
	data  []byte
}

// alternatives returns the body of a message with plain text and HTML, and its boundary.
func alternatives(text, styled string, pictures []picture) ([]byte, string, error) {
	var b bytes.Buffer
	w, err := newParts(&b, "alternative", text+styled)
	if err != nil {
		return nil, "", err
	}
	if err := textPart(w, "text/plain", text); err != nil {
		return nil, "", err
	}
	if len(pictures) == 0 {
		err = textPart(w, "text/html", styled)
	} else {
		err = related(w, styled, pictures)
	}
	if err != nil {
		return nil, "", err
	}
	err = w.Close()
	return b.Bytes(), w.Boundary(), err
}

// related writes the HTML and the pictures that it shows.
func related(outer *multipart.Writer, styled string, pictures []picture) error {
	var b bytes.Buffer
	w, err := newParts(&b, "related", styled)
	if err != nil {
		return err
	}
	if err := textPart(w, "text/html", styled); err != nil {
		return err
	}
	for _, p := range pictures {
		part, err := w.CreatePart(textproto.MIMEHeader{
			"Content-Type":              {p.media},
			"Content-Transfer-Encoding": {"base64"},
			"Content-Disposition":       {"inline"},
			"Content-Id":                {"<" + p.id + ">"},
		})
		if err != nil {
			return err
		}
		encoded := base64.StdEncoding.EncodeToString(p.data)
		for encoded != "" {
			n := min(76, len(encoded))
			if _, err := io.WriteString(part, encoded[:n]+"\r\n"); err != nil {
				return err
			}
			encoded = encoded[n:]
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	part, err := outer.CreatePart(textproto.MIMEHeader{
		"Content-Type": {fmt.Sprintf("multipart/related; type=\"text/html\"; boundary=%q", w.Boundary())},
	})
	if err != nil {
		return err
	}
	_, err = part.Write(b.Bytes())
	return err
}

// newParts returns a writer of parts whose boundary depends on the content only.
func newParts(w io.Writer, kind, content string) (*multipart.Writer, error) {
	m := multipart.NewWriter(w)
	err := m.SetBoundary(fmt.Sprintf("%s-%x", kind, sha256.Sum256([]byte(content)))[:60])
	return m, err
}

func textPart(w *multipart.Writer, media, text string) error {
	part, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Type":              {media + "; charset=utf-8"},
		"Content-Transfer-Encoding": {"quoted-printable"},
	})
	if err != nil {
		return err
	}
	q := quotedprintable.NewWriter(part)
	if _, err := io.WriteString(q, text); err != nil {
		return err
	}
	return q.Close()
}
