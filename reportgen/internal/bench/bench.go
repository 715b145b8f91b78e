// Package bench has what the programs below it share, which make bench measures.
package bench

import (
	"errors"
	"os"
	"runtime/pprof"
)

// Profiled calls f and writes a CPU profile of the call to the file at path, if that is
// not empty.
func Profiled(path string, f func() error) error {
	if path == "" {
		return f()
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return errors.Join(err, file.Close())
	}
	err = f()
	pprof.StopCPUProfile()
	return errors.Join(err, file.Close())
}
