package alert

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/flowbook/flowbook/pkg/detect"
)

// facility is that of RFC 5424 for security messages.
const facility = 4

// structuredID names our structured data. 32473 is the enterprise number that
// RFC 5612 reserves for documentation.
const structuredID = "flowbook@32473"

// syslog writes the alert as a message of RFC 5424. It leaves out the host, since
// the alert is about the entity, and the time if the day is not known. The text is
// the finding's summary, or the alert in the given format.
func (a Alert) syslog(format string) (string, error) {
	f := a.Finding
	text := printable(f.Summary)
	if format != "" {
		line, err := a.encode(format)
		if err != nil {
			return "", err
		}
		text = string(line)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) {
		text = "\ufeff" + text // as the RFC asks of UTF-8
	}
	params := [][2]string{{"uid", a.UID}, {"rule", f.Rule}, {"entity", f.Entity.String()}, {"severity", string(f.Severity)},
		{"score", strconv.FormatFloat(f.Score, 'f', 3, 64)}, {"attack", strings.Join(f.Attack, " ")}}
	var data strings.Builder
	for _, p := range params {
		fmt.Fprintf(&data, ` %s="%s"`, p[0], strings.NewReplacer(`\`, `\\`, `"`, `\"`, `]`, `\]`).Replace(printable(p[1])))
	}
	timestamp := "-"
	if !a.Last.IsZero() {
		timestamp = a.Last.Format("2006-01-02T15:04:05.00Z07:00")
	}
	return fmt.Sprintf("<%d>1 %s - flowbook - %s [%s%s] %s", facility*8+syslogSeverity(f.Severity),
		timestamp, messageID(f.Rule), structuredID, data.String(), text), nil
}

// syslogSeverity returns 2 (critical) to 6 (informational).
func syslogSeverity(s detect.Severity) int {
	id, _ := ocsfSeverity(s)
	return 7 - max(id, 1)
}

// messageID returns a rule's key as a MSGID: at most 32 visible ASCII characters.
func messageID(key string) string {
	id := strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f {
			return '_'
		}
		return r
	}, key)
	if id == "" {
		return "-"
	}
	return id[:min(len(id), 32)]
}

// printable replaces each control character by a space.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}
