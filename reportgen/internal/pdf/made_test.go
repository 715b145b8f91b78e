package pdf_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/pdf"
	"github.com/flowbook/flowbook/reportgen/render"
)

// TestMade: a file says which browser printed it, and which document.
func TestMade(t *testing.T) {
	d := newDocument(t)
	digest, err := pdf.Digest(d)
	if err != nil {
		t.Fatal(err)
	}
	made, ok := pdf.ReadMade(write(t, d, pdf.Options{}))
	if !ok || made.Digest != digest || !strings.HasPrefix(made.Browser, "Chrome/") {
		t.Errorf("read %+v, %t, want the document %s", made, ok, digest)
	}
	other, _, err := render.Build(swept(), render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := pdf.Digest(other); err != nil || got == digest {
		t.Errorf("two documents have the digest %s, %v", got, err)
	}
}

// FuzzReadMade: a file that nobody vouches for is read without harm.
func FuzzReadMade(f *testing.F) {
	f.Add([]byte(""))
	objects := "%PDF-1.4\n1 0 obj\n<</Creator (Flowbook reportgen, Chrome/1.2, document 0123456789abcdef0123456789abcdef  )>>\nendobj\n"
	small := fmt.Sprintf("%sxref\n0 2\n0000000000 65535 f \n0000000009 00000 n \ntrailer\n<</Info 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", objects, len(objects))
	if _, ok := pdf.ReadMade([]byte(small)); !ok {
		f.Fatal("the seed is not read")
	}
	f.Add([]byte(small))
	f.Fuzz(func(t *testing.T, data []byte) {
		if made, ok := pdf.ReadMade(data); ok && (made.Browser == "" || len(made.Digest) != 32) {
			t.Errorf("read %+v", made)
		}
	})
}
