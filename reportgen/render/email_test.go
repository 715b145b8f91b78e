package render_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
	"github.com/flowbook/flowbook/reportgen/render"
)

// readMessage reads a message with Python's package email and writes its HTML part, with
// the pictures in place of their identifiers, to the file page.
const readMessage = `
import base64, email, email.policy, json, sys
m = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
html = m.get_body(("html",)).get_content()
parts, pictures = [], 0
for p in m.walk():
    parts.append(p.get_content_type())
    if p.defects: raise SystemExit("defects: %r" % p.defects)
    if p["Content-ID"]:
        id = p["Content-ID"].strip("<>")
        pictures += html.count('src="cid:%s"' % id)
        html = html.replace("cid:" + id, "data:%s;base64,%s" % (p.get_content_type(), base64.b64encode(p.get_content()).decode()))
open(sys.argv[2], "w", encoding="utf-8").write(html)
if m.defects: raise SystemExit("defects: %r" % m.defects)
print(json.dumps({"subject": m["Subject"], "date": m["Date"], "headers": m.keys(), "parts": parts, "pictures": pictures, "text": m.get_body(("plain",)).get_content(), "html": html}))
`

type readMail struct {
	Subject, Date, Text, HTML string
	Headers, Parts            []string
	Pictures                  int
}

// mail writes the document as a message and reads it with Python. It returns the path of
// its HTML part too.
func mail(t *testing.T, d *render.Document) (readMail, string) {
	t.Helper()
	var b, again bytes.Buffer
	made := time.Date(2024, 3, 21, 0, 0, 0, 0, time.UTC)
	for _, w := range []*bytes.Buffer{&b, &again} {
		if err := render.WriteEmail(w, d, made); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(b.Bytes(), again.Bytes()) {
		t.Error("the message differs when it is written again")
	}
	for i, line := range strings.Split(b.String(), "\r\n") {
		if len(line) > 998 || strings.ContainsAny(line, "\r\n") {
			t.Errorf("line %d of the message: %.80q", i+1, line)
		}
	}
	dir := t.TempDir()
	message, page := filepath.Join(dir, "summary.eml"), filepath.Join(dir, "mail.html")
	if err := os.WriteFile(message, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), testenv.Program(t, "python3", "Debian's package python3"), "-c", readMessage, message, page).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var m readMail
	if err := json.Unmarshal(out, &m); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return m, page
}

func TestEmail(t *testing.T) {
	m, page := mail(t, build(t, summaryReport(), render.Options{Title: "Um dia de tráfego: relatório muito comprido sobre os dispositivos que comunicam com o exterior da rede", Lang: "pt"}))
	if !strings.HasPrefix(m.Subject, "Um dia de tráfego: relatório muito comprido") || strings.Contains(m.Subject, "\n") {
		t.Errorf("the subject is %q", m.Subject)
	}
	if m.Date != "Thu, 21 Mar 2024 00:00:00 +0000" {
		t.Errorf("the date is %s", m.Date)
	}
	if got := strings.Join(m.Parts, " "); got != "multipart/alternative text/plain multipart/related text/html image/svg+xml" {
		t.Errorf("the parts are %s", got)
	}
	if m.Pictures != 1 {
		t.Errorf("%d pictures are shown", m.Pictures)
	}
	for _, want := range []string{"Two hosts are compromised; see Figure 1.1, Section 1", "[Figura"} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("the text lacks %q:\n%s", want, m.Text)
		}
	}
	if strings.Contains(m.Text, ": :") || strings.Contains(m.Text, " ]") {
		t.Errorf("the text names a figure by nothing:\n%s", m.Text)
	}
	for _, bad := range []string{"<script", "<style", "class=", " id=", "href=\"#"} {
		if strings.Contains(m.HTML, bad) {
			t.Errorf("the HTML has %s", bad)
		}
	}
	rendertest.CheckHTML(t, page)
}

// What notebooks and titles hold cannot add headers, scripts or requests.
func TestHostileEmail(t *testing.T) {
	hostile := "<script>alert(1)</script><img src=\"https://tracker.example/x.png\" onerror=\"alert(2)\"><a href=\"javascript:alert(3)\">x</a>" +
		"<style>p{}</style><p style=\"background:url(https://tracker.example/y)\">kept</p><iframe src=\"https://tracker.example\"></iframe><form action=\"https://tracker.example\"><input></form>"
	cell := tagged(markdownCell("Verdict <b>bold</b> <img src=x onerror=alert(1)>\n\n"+hostile+"\n\n--alternative-\n\n.\n\nFrom here"), "summary")
	output := tagged(codeCell("show()", displayed(map[string]any{"text/html": hostile}, nil)), "summary")
	inputs := []render.Input{notebook(markdownCell("# A"), cell, output)}
	inputs[0].Executed = true
	d, _, err := render.Build(inputs, render.Options{Title: "A\r\nBcc: everyone@example.com\r\n\r\nbody", Lang: "en\"><script>", Trust: true})
	if d == nil {
		t.Fatal(err)
	}
	m, page := mail(t, d)
	if got := strings.Join(m.Headers, " "); got != "Subject Date X-Unsent MIME-Version Content-Type" {
		t.Errorf("the headers are %s", got)
	}
	for _, bad := range []string{"<script", "src=\"http", "javascript:", "onerror=", "<iframe", "<form", "<style", "url("} {
		if strings.Contains(strings.ToLower(m.HTML), bad) {
			t.Errorf("the HTML has %s:\n%s", bad, m.HTML)
		}
	}
	if !strings.Contains(m.HTML, "kept") {
		t.Error("the HTML lacks a harmless paragraph")
	}
	p := rendertest.Open(t, page)
	p.Show("light", 800)
	for _, noise := range p.Noise() {
		t.Error(noise)
	}
}
