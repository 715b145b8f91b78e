package wholefile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
)

// An output replaces a file of its own kind only, and no input.
func TestCheckOutput(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	long := strings.Repeat("text\n", 5000)
	testenv.WriteFiles(t, dir, map[string]string{
		"day.parquet": "PAR1" + long + "\x00PAR1", "a.profile": "flowbook profile 3\n\x00", "c.mmdb": "\x00" + long + "\xab\xcd\xefMaxMind.com\x00", "conn.log": long,
		"picture": "\x89PNG\r\n\x00", "empty": "", "report/.reportgen": "", "report/dossiers/a": "", "plain/a": "",
	})
	if err := os.Symlink("conn.log", "link"); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		path   string
		kind   Kind
		inputs []string
		want   string
	}{
		{"new.parquet", Parquet, nil, ""},
		{"day.parquet", Parquet, []string{"conn.log", "none"}, ""},
		{"empty", Parquet, nil, ""},
		{os.DevNull, Parquet, []string{os.DevNull}, ""},
		{"a.profile", Profile, nil, ""},
		{"c.mmdb", MMDB, nil, ""},
		{"conn.log", Text, nil, ""},
		{"plain/new", Text, nil, ""},
		{"conn.log", Parquet, nil, "conn.log: exists and is not a Parquet file; name another file, or remove it"},
		{"link", Parquet, nil, "link: exists and is not a Parquet file"},
		{"day.parquet", Profile, nil, "is not a profile"},
		{"day.parquet", Text, nil, "is not a text"},
		{"picture", MMDB, nil, "is not an MMDB"},
		{"picture", Text, nil, "is not a text"},
		{"day.parquet", Parquet, []string{"conn.log", filepath.Join(dir, "day.parquet")}, "day.parquet: is an input, which the output would replace"},
		{"link", Text, []string{"conn.log"}, "link: is an input"},
		{"report/new.csv", Text, nil, "report: is in the folder of a report"},
		{"report/dossiers/new.csv", Text, nil, "report/dossiers: is in the folder of a report"},
		{"none/new.csv", Text, nil, "folder none does not exist"},
	} {
		err := CheckOutput(tt.path, tt.kind, tt.inputs...)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", tt.path, err, tt.want)
		}
	}
}

// What is written below the folder of a report would be lost, also if a part of the path does not exist.
func TestCheckFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	testenv.WriteFiles(t, ".", map[string]string{"report/.reportgen": "", "days/a": ""})
	if err := os.Symlink("report", "latest"); err != nil {
		t.Fatal(err)
	}
	for path, ok := range map[string]bool{"days": true, "new": true, ".": true, "report": false, "report/days/more": false, "latest": false, "days/../report": false} {
		if err := CheckFolder(path); (err == nil) != ok {
			t.Errorf("%s: %v", path, err)
		}
	}
}
