package nb

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// inputsVariable names a file in which reportgen wants to be told of the files
// that a cell reads, so that it runs the cell again when one of them changes.
const inputsVariable = "REPORTGEN_INPUTS"

// declare tells reportgen that the cell's result depends on a file. Elsewhere
// nobody listens.
func declare(path string) error {
	listener := os.Getenv(inputsVariable)
	if listener == "" {
		return nil
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(listener, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("tell reportgen what the cell reads: %w", err)
	}
	_, err = fmt.Fprintln(f, path)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("tell reportgen what the cell reads: %w", err)
	}
	return nil
}
