//go:build unix

package trust_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/flowbook/flowbook/pkg/trust"
)

func TestReadFile(t *testing.T) {
	nobody := 65534
	for _, tt := range []struct {
		name         string
		folder, file fs.FileMode
		uid, gid     int // of the file, if the test runs as root; 0 leaves it
		folderUID    int // of the folder
		want         string
	}{
		{"ours", 0o700, 0o600, 0, 0, 0, ""},
		{"readable by all", 0o755, 0o644, 0, 0, 0, ""},
		{"file of all", 0o700, 0o666, 0, 0, 0, "can be written by all users"},
		{"folder of all", 0o777, 0o600, 0, 0, 0, "can be written by all users"},
		{"folder of all, sticky", 0o777 | fs.ModeSticky, 0o600, 0, 0, 0, "can be written by all users"},
		{"file of a group", 0o700, 0o660, 0, nobody, 0, "can be written by a group"},
		{"file of another user", 0o700, 0o600, nobody, 0, 0, "belongs to another user"},
		{"folder of another user", 0o755, 0o600, 0, 0, nobody, "belongs to another user"},
	} {
		if (tt.uid != 0 || tt.gid != 0 || tt.folderUID != 0) && os.Geteuid() != 0 {
			continue // only root can give files away
		}
		folder := filepath.Join(t.TempDir(), "cache")
		path := filepath.Join(folder, "entry")
		err := errors.Join(os.Mkdir(folder, 0o700), os.WriteFile(path, []byte("x"), 0o600), os.Chmod(path, tt.file), os.Chmod(folder, tt.folder))
		if tt.uid != 0 || tt.gid != 0 {
			err = errors.Join(err, os.Chown(path, tt.uid, tt.gid))
		}
		if tt.folderUID != 0 {
			err = errors.Join(err, os.Chown(folder, tt.folderUID, 0))
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := trust.ReadFile(path)
		var foreign *trust.Error
		switch {
		case tt.want == "" && (err != nil || string(text) != "x"):
			t.Errorf("%s: %q, %v", tt.name, text, err)
		case tt.want != "" && (!errors.As(err, &foreign) || foreign.Reason != tt.want || text != nil):
			t.Errorf("%s: %q, %v, want %s", tt.name, text, err, tt.want)
		}
	}
	if _, err := trust.ReadFile(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if err := trust.CheckFolder(filepath.Join(t.TempDir(), "none")); err != nil {
		t.Errorf("a missing folder: %v", err)
	}
}
