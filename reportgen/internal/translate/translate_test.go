package translate

import (
	"strings"
	"testing"
)

const sample = `
- text: "%d flows"
  as: "%d fluxos"
- text: "sent %d DNS requests"
  as: "enviou %d pedidos de DNS"
- text: "%d times its baseline"
  as: "%d vezes a sua referência"
- text: The hosts sent %s and received %s on %s.
  as: "Em %[3]s, as máquinas receberam %[2]s e enviaram %[1]s."
- text: "The title"
  as: "O título"
- text: two words
  as: duas palavras
- text: "sent %s per request"
  as: "enviou %s por pedido"
- text: "gaps varying by %d %%"
  as: "pausas que variam %d %%"
`

// plain replaces the spaces that do not break.
func plain(s string) string { return strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(s) }

func TestText(t *testing.T) {
	tr, err := Parse([]byte(sample), "pt")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"334,778 flows": "334 778 fluxos",
		"The title":     "O título",
		"The hosts sent 1.19 GB and received 12 kB on 334,778 flows.":    "Em 334 778 fluxos, as máquinas receberam 12 kB e enviaram 1,19 GB.",
		"The hosts sent 82.155.120.192 and received v1.2 on 2024-03-21.": "Em 2024-03-21, as máquinas receberam v1.2 e enviaram 82.155.120.192.",
		"sent 1,075 DNS requests, 9.6 times its baseline":                "sent 1,075 DNS requests, 9.6 times its baseline",
		"gaps varying by 19 %": "pausas que variam 19 %",
	} {
		if got := plain(tr.Text(text)); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"sent 1,075 DNS requests, 9.6 times its baseline; 334,778 flows": "enviou 1 075 pedidos de DNS, 9,6 vezes a sua referência; 334 778 fluxos",
		"sent 1,075 DNS requests; 12 kB per request":                     "enviou 1 075 pedidos de DNS; 12 kB per request",
		"sent 12.5 kB per request":                                       "enviou 12,5 kB por pedido",
		"Germany":                                                        "Alemanha",
		"The Netherlands":                                                "Países Baixos",
		"Dropbox, Inc.":                                                  "Dropbox, Inc.",
		"two words and Germany":                                          "duas palavras e Alemanha",
		"09:29:38":                                                       "09:29:38",
		"10.0.0.1/24":                                                    "10.0.0.1/24",
		"tcp":                                                            "tcp",
		"":                                                               "",
		"an unknown word here":                                           "an unknown word here",
	} {
		if got := plain(tr.Value(text)); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	want := "12 kB per request\nan unknown word here\nsent 1,075 DNS requests, 9.6 times its baseline"
	if got := strings.Join(tr.Missing(), "\n"); got != want {
		t.Errorf("missing:\n%s\nwant:\n%s", got, want)
	}
}

func TestMarkdown(t *testing.T) {
	tr, err := Parse([]byte(sample), "pt")
	if err != nil {
		t.Fatal(err)
	}
	source := "# The title {#sec-x}\n\n- two\n  words\n- 12 flows\n\n| Host | What |\n|---|---|\n| 10.0.0.1 | two words |\n\n```go\ntwo words\n```\n\n$$\nx\n$$\n\n> two words\n\n<p>two words</p>\n\n::: {.callout-note}\ntwo words\n:::"
	want := "# O título {#sec-x}\n\n- duas palavras\n- 12 fluxos\n\n| Host | What |\n|---|---|\n| 10.0.0.1 | duas palavras |\n\n```go\ntwo words\n```\n\n$$\nx\n$$\n\n> duas palavras\n\n<p>two words</p>\n\n::: {.callout-note}\nduas palavras\n:::"
	if got := tr.Markdown(source); got != want {
		t.Errorf("%s\nwant:\n%s", got, want)
	}
	if missing := tr.Missing(); len(missing) > 0 {
		t.Errorf("missing: %q", missing)
	}
}

func TestParseErrors(t *testing.T) {
	for source, want := range map[string]string{
		"- text: a": "entry 1: text or as is missing",
		"- {text: a b, as: c}\n- {text: a  b, as: d}": `entry 2: "a b" occurs twice`,
		"- {text: 'a %s', as: b}":                     "the translation lacks a verb: it has 0 of 1",
		"- {text: 'a %s', as: 'b %s %d'}":             "the translation has a verb %d that the text lacks",
		"- {text: a, to: b}":                          "unknown field",
		"text: a":                                     "",
	} {
		_, err := Parse([]byte(source), "pt")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", source, err, want)
		}
	}
}

// FuzzTranslate: no text makes a translator fail or lose a line of code.
func FuzzTranslate(f *testing.F) {
	f.Add("# a\n\n- 1,234.5 flows and b\n\n| a | b |\n")
	f.Fuzz(func(t *testing.T, text string) {
		tr, err := Parse([]byte(sample), "pt")
		if err != nil {
			t.Fatal(err)
		}
		tr.Text(text)
		tr.Value(text)
		tr.Markdown(text)
	})
}
