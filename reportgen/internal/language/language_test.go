package language

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
)

func TestSay(t *testing.T) {
	for _, tt := range []struct{ tag, want string }{
		{"", "Contents 1,234 cells failed: (A warning about this report:)"},
		{"en-GB", "Contents 1,234 cells failed: (A warning about this report:)"},
		{"pt", "Índice 1 234 células falharam: (Um aviso sobre este relatório:)"},
		{"pt-PT", "Índice 1 234 células falharam: (Um aviso sobre este relatório:)"},
		{"pt_BR", "Índice 1.234 células falharam: (Um aviso sobre este relatório:)"},
		{"de-AT", "Inhalt 1.234 Zellen sind fehlgeschlagen: (Eine Warnung zu diesem Bericht:)"},
		{"fr", "Table des matières 1 234 cellules ont échoué : (Un avertissement sur ce rapport :)"},
		{"es", "Índice Fallaron 1.234 celdas: (Un aviso sobre este informe:)"},
		{"ja", "Contents 1,234 cells failed: (A warning about this report:)"},
		{"no such tag", "Contents 1,234 cells failed: (A warning about this report:)"},
	} {
		w := Of(tt.tag)
		got := w.Say("Contents") + " " + w.Failed(1234) + " (" + w.Warnings(1) + ")"
		if spaces.ReplaceAllString(got, " ") != tt.want {
			t.Errorf("%s: %s, want %s", tt.tag, got, tt.want)
		}
	}
}

func TestParse(t *testing.T) {
	for tag, want := range map[string]string{
		"pt_br": "pt-BR true", "EN-gb": "en-GB true", "it": "it false", "ar": "ar false", "xx": " false", "klingon": " false", "../pt": " false", "": " false",
	} {
		usual, known, err := Parse(tag)
		if got := fmt.Sprint(usual, " ", known); got != want || (err != nil) != (usual == "") {
			t.Errorf("%q: %s (%v), want %s", tag, got, err, want)
		}
	}
	if !Same("pt", "pt-BR") || Same("pt", "es") {
		t.Error("regions are languages of their own")
	}
}

// spaces are those that languages write between digits and before colons.
var spaces = regexp.MustCompile("[\u00a0\u202f]")

var verbs = regexp.MustCompile("%[sd]")

// Every key that writers say has a translation in every language, with the same verbs,
// and no translation is unused.
func TestEveryKeyIsTranslated(t *testing.T) {
	said := map[string]bool{}
	for _, key := range scriptKeys() {
		said[key] = true
	}
	// Keys that are values of variables: kinds of targets and of alerts.
	for _, key := range []string{"Section", "Equation", "Listing", "Figure", "Table", "Note", "Tip", "Important", "Warning", "Caution"} {
		said[key] = true
	}
	for _, month := range months {
		said[month] = true
	}
	script, err := os.ReadFile(testenv.Path(t, "reportgen/internal/html/assets/report.js"))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keysOf(string(script), `say\(("(?:[^"\\]|\\.)*")`) {
		if !slices.Contains(scriptKeys(), key) {
			t.Errorf("report.js says %q, which scriptKeys lacks", key)
		}
	}
	for _, folder := range []string{"html", "html/templates", "markdown", "document", "language", "report", "translate", "email"} {
		for _, text := range sources(t, "reportgen/internal/"+folder) {
			for _, key := range keysOf(text, `(?:[sS]ay[ (])("(?:[^"\\]|\\.)*")`) {
				said[key] = true
			}
		}
	}
	if len(said) < 50 {
		t.Fatalf("only %d keys are found", len(said))
	}
	for lang, all := range translations() {
		for key := range said {
			switch text := all[key]; {
			case text == "":
				t.Errorf("%s: no translation of %q", lang, key)
			case !slices.Equal(verbs.FindAllString(text, -1), verbs.FindAllString(key, -1)):
				t.Errorf("%s: %q has other verbs than %q", lang, text, key)
			}
		}
		for key := range all {
			if !said[key] {
				t.Errorf("%s: nothing says %q", lang, key)
			}
		}
	}
}

// keysOf returns the strings that a pattern finds.
func keysOf(text, pattern string) []string {
	var keys []string
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		keys = append(keys, strings.Trim(m[1], `"`))
	}
	return keys
}

// sources returns the texts of the files of a folder that are not tests.
func sources(t *testing.T, folder string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	dir := testenv.Path(t, folder)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		text, err := os.ReadFile(dir + "/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		texts[e.Name()] = string(text)
	}
	return texts
}
