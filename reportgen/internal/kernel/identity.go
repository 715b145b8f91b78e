package kernel

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// outputVersion is the version of what this package makes of a kernel's messages.
// Increase it with every change that gives a cell other outputs: cached outputs are
// then no longer used.
const outputVersion = 1

// Identity is a SHA-256, in hexadecimal, of what a cell's outputs owe to the kernel
// and to this package. Kernels with the same identity give a cell the same outputs.
func (s *Spec) Identity() (string, error) {
	h := sha256.New()
	enc := json.NewEncoder(h) // sorts the keys of maps
	if err := enc.Encode(s); err != nil {
		return "", fmt.Errorf("kernel %s: %w", s.Name, err)
	}
	fmt.Fprintf(h, "%d\n%s\n%q\n%q\n", outputVersion, s.Build, s.Hide, s.Project)
	if err := s.driver().Identity(h, s); err != nil {
		return "", fmt.Errorf("kernel %s: %w", s.Name, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
