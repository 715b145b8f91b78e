package main

import (
	"bytes"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// lean builds a program of the given source without what only costs time:
//
//   - net and os/user without the C library, which would bring cgo into every
//     program that displays anything,
//   - gonum/plot (tag minimal) without the file formats that only a program
//     that asks for one by its name can use,
//   - the tools of Go without collecting garbage below a gigabyte, of which
//     most take a fifth.
//
// What only differs there cannot be told apart in a program that names no user,
// looks up no host and asks for no format, and the linker leaves out functions
// that nothing calls: where one of those is in the program, or the build fails,
// lean reports false or the error, and the cell is to be built as GoNB says. Flags
// of the user go before ours.
func (b *builder) lean(src, out string, flags ...string) (bool, error) {
	if strings.Contains(src, `"os/user"`) {
		return false, nil
	}
	if err := b.command(true, slices.Concat([]string{"build", "-o", out}, flags, b.flags)...).Run(); err != nil {
		return false, err
	}
	program, err := os.ReadFile(out)
	return !plainOnly(program), err
}

// plainOnly reports whether a program holds a function that a lean build changes.
func plainOnly(program []byte) bool {
	for _, name := range []string{"net.(*Resolver).", "vg/draw.NewFormattedCanvas", "vg/draw.Formats", "image.Decode"} {
		if bytes.Contains(program, []byte(name)) {
			return true
		}
	}
	return false
}

// command is the real go command.
func (b *builder) command(lean bool, args ...string) *exec.Cmd {
	cmd := exec.Command(b.realGo, args...)
	cmd.Env = os.Environ()
	if lean {
		cmd.Env = append(cmd.Env, "GOGC=off", "GOMEMLIMIT=1GiB",
			"GOFLAGS="+strings.TrimSpace("-tags=netgo,osusergo,minimal "+os.Getenv("GOFLAGS")))
	}
	return cmd
}
