package profile

import (
	"fmt"
	"os"
	"syscall"
	"time"
)

// stampOf returns the stamp of an open file.
func stampOf(f *os.File) (stamp, error) {
	info, err := f.Stat()
	if err != nil {
		return stamp{}, err
	}
	s := stamp{size: info.Size(), changed: info.ModTime()}
	sys, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.Mode().IsRegular() {
		return s, nil
	}
	if changed := time.Unix(sys.Ctim.Unix()); changed.After(s.changed) {
		s.changed = changed
	}
	s.text = fmt.Sprint(sys.Dev, sys.Ino, sys.Size, sys.Mtim.Nano(), sys.Ctim.Nano())
	return s, nil
}
