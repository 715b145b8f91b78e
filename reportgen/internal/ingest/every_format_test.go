package ingest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/flowbook/flowbook/pkg/flow"
)

// everyLog is a log of fifty rows of each form of text.
func everyLog(form string) (format, log string, opt Options) {
	format, _, _ = strings.Cut(form, "-csv")
	if format, _, _ = strings.Cut(format, "-json"); form == "csv" {
		opt.Map = benchMap
	}
	var b strings.Builder
	if form == "zeek" {
		b.WriteString(tsvHeader)
	}
	b.WriteString(benchHead[form])
	for n := range 50 {
		if format == "zeek" {
			b.Write(benchRow(nil, n, form == "zeek-json"))
		} else {
			b.Write(benchLine(form, n))
		}
	}
	return format, b.String(), opt
}

var everyForm = []string{"zeek", "zeek-json", "binetflow", "nfdump", "nfdump-csv", "eve", "vpc", "ecs", "csv"}

// What editors, systems and transport do to a text changes no flow of any
// format.
func TestEveryFormatSurvives(t *testing.T) {
	for _, form := range everyForm {
		format, log, opt := everyLog(form)
		records := func(name, log string) (all []flow.Record) {
			flows, _, err := readAs(t, format, []string{write(t, t.TempDir(), "log", []byte(log))}, opt)
			if err != nil {
				t.Errorf("%s, %s: %v", form, name, err)
			}
			for _, f := range flows {
				all = append(all, f.Record)
			}
			return all
		}
		want := records("as it is", log)
		if len(want) != 50 {
			t.Fatalf("%s: %d flows", form, len(want))
		}
		crlf := strings.ReplaceAll(log, "\n", "\r\n")
		var wide []byte
		for _, unit := range utf16.Encode([]rune(log)) {
			wide = append(wide, byte(unit), byte(unit>>8))
		}
		for name, changed := range map[string]string{
			"line ends of Windows":     crlf,
			"byte order mark":          "\ufeff" + log,
			"UTF-16":                   string(wide),
			"both, packed":             string(zipped(t, "\ufeff"+crlf)),
			"blank lines":              "\n\r\n" + strings.ReplaceAll(log, "\n", "\n\n"),
			"a zero byte in a row":     log + "\x00\n",
			"a row of another kind":    log + "?\n",
			"a row of 300 KiB":         log + strings.Repeat("x", 300<<10) + "\n",
			"zeros of a crash, at end": log + strings.Repeat("\x00", 1000),
		} {
			got := records(name, changed)
			if len(got) != len(want) {
				t.Errorf("%s, %s: %d flows", form, name, len(got))
				continue
			}
			for i := range got {
				if got[i] != want[i] {
					t.Errorf("%s, %s: flow %d is %v, was %v", form, name, i, got[i], want[i])
				}
			}
		}
		if twice := records("put one after the other", log+log); len(twice) != 100 {
			t.Errorf("%s, twice: %d flows", form, len(twice))
		}
	}
}

// If a file cannot be read as its format, the error names the file, the line if
// the fault has one, and what to do.
func TestEveryFormatRefuses(t *testing.T) {
	for _, form := range everyForm {
		format, log, opt := everyLog(form)
		packed := zipped(t, strings.Repeat(log, 20))
		for name, test := range map[string]struct {
			content []byte
			want    []string
		}{
			"packed and truncated": {packed[:len(packed)*2/3], []string{": line ", "stream is truncated (unexpected EOF); copy the file again"}},
			"packed and damaged":   {append(packed[:len(packed)-6:len(packed)-6], 1, 2, 3, 4, 5, 6), []string{": line ", "the gzip stream is damaged (gzip: invalid checksum); copy the file again"}},
			"a picture":            {[]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), []string{"line "}},
			"prose":                {[]byte("Lorem ipsum dolor sit amet,\nconsectetur adipiscing elit.\n"), []string{"line 1"}},
			"Parquet's beginning":  {[]byte("PAR1"), []string{"arquet"}},
		} {
			path := write(t, t.TempDir(), "day.log", test.content)
			_, _, err := readAs(t, format, []string{path}, opt)
			if err == nil {
				t.Errorf("%s, %s: no error", form, name)
				continue
			}
			for _, want := range append(test.want, path+":") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%s, %s: %v lacks %q", form, name, err, want)
				}
			}
		}
		dir := t.TempDir()
		if _, _, err := readAs(t, format, []string{dir}, opt); err == nil || !strings.Contains(err.Error(), dir+": no file in this folder is named as "+format+" logs are") {
			t.Errorf("%s, empty folder: %v", form, err)
		}
		gone := filepath.Join(dir, "gone.log")
		if err := os.Symlink(filepath.Join(dir, "nowhere"), gone); err != nil {
			t.Fatal(err)
		}
		if _, _, err := readAs(t, format, []string{gone}, opt); err == nil || !strings.Contains(err.Error(), "gone.log: no such file") {
			t.Errorf("%s, broken link: %v", form, err)
		}
	}
}
