// Package program finds the programs that reportgen starts if they are installed, such as
// a browser.
package program

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// ErrNotFound says that a program is not installed.
var ErrNotFound = errors.New("not found")

// Find returns the program that an environment variable names, else the first of names on
// PATH, else ErrNotFound. It is another error if the variable names no program.
func Find(variable string, names ...string) (string, error) {
	if path := os.Getenv(variable); path != "" {
		found, err := exec.LookPath(path)
		if err != nil {
			return "", fmt.Errorf("%s=%s: not an executable: %w", variable, path, err)
		}
		return found, nil
	}
	for _, name := range names {
		if found, err := exec.LookPath(name); err == nil {
			return found, nil
		}
	}
	return "", ErrNotFound
}
