package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// isQuery reports whether goimports runs the go command for each cell. A query is
// answered once while a notebook runs, until something that it reads changes.
func isQuery(args []string) bool {
	return len(args) > 1 && args[0] == "env" && !strings.HasPrefix(args[1], "-w") && !strings.HasPrefix(args[1], "-u") ||
		slices.Equal(args, []string{"list", "-m", "-e", "-json", "..."})
}

// answer writes the answer of the go command, and reports whether it did. Answers
// are kept in files in the folder of the notebook.
func (b *builder) answer(w io.Writer, dir string, args []string) bool {
	key, err := b.state(args)
	if err != nil {
		return false
	}
	file := filepath.Join(dir, "answer-"+key)
	if text, err := os.ReadFile(file); err == nil {
		_, err := w.Write(text)
		return err == nil
	}
	cmd := b.command(false, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		return false
	}
	// Whole or not at all: two may ask at once.
	tmp, err := os.CreateTemp(dir, "answering-")
	if err != nil {
		return false
	}
	defer os.Remove(tmp.Name()) // unless it was renamed
	_, err = tmp.Write(text)
	if closeErr := tmp.Close(); err != nil || closeErr != nil || os.Rename(tmp.Name(), file) != nil {
		return false
	}
	_, err = w.Write(text)
	return err == nil
}

// state is a hash of what the go command's answer depends on: its arguments, the
// folder, its variables and their file, and the modules of the workspace.
func (b *builder) state(args []string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q\n", args, dir, b.setting())
	files := []string{"go.mod", "go.work", "go.work.sum", "go.sum"}
	work, err := os.ReadFile("go.work")
	if err != nil && !os.IsNotExist(err) {
		return "", err
	}
	for path := range strings.FieldsSeq(string(work)) {
		if path[0] == '.' || path[0] == '/' { // of a module that is used
			files = append(files, filepath.Join(path, "go.mod"), filepath.Join(path, "go.sum"))
		}
	}
	if config, err := os.UserConfigDir(); err == nil {
		files = append(files, filepath.Join(config, "go", "env"))
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil && !os.IsNotExist(err) {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n%s", name, len(text), text)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:16]), nil
}
