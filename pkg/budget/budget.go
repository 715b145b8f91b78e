// Package budget limits what an input can ask for. A few bytes of a file can claim gigabytes: a length, a run, a
// reference to a reference. Each decoder checks a claim before it allocates memory, and reports a
// claim that is too large as an [Exceeded].
package budget

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/flowbook/flowbook/pkg/units"
)

// Nesting is the depth to which values are nested at most: far deeper than any real document, and shallow enough for
// decoders that call themselves.
const Nesting = 100

// Exceeded is the error of an input that asks for more than its reader allows. Test for it with errors.As.
type Exceeded struct {
	What string // what is too large, as its reader knows it: "page", "file"
	Most int64
	Unit Unit
}

// Unit is what a limit counts, in the plural.
type Unit string

// The units of limits. Bytes are written with a prefix, such as 64 MB.
const (
	Bytes  Unit = "bytes"
	Values Unit = "values"
	Levels Unit = "levels"
)

// Error names the limit.
func (e *Exceeded) Error() string {
	if e.Unit == Bytes {
		return fmt.Sprintf("%s: larger than the limit of %s", e.What, units.Bytes(e.Most))
	}
	return fmt.Sprintf("%s: more than the limit of %d %s", e.What, e.Most, e.Unit)
}

// Check returns an [Exceeded] if n is more than most.
func Check(what string, n, most int64, unit Unit) error {
	if n <= most {
		return nil
	}
	return &Exceeded{What: what, Most: most, Unit: unit}
}

// Reader returns r limited to most bytes: reading further is an [Exceeded].
func Reader(r io.Reader, what string, most int64) io.Reader {
	return &reader{r: r, left: most, exceeded: Exceeded{What: what, Most: most, Unit: Bytes}}
}

type reader struct {
	r        io.Reader
	left     int64
	exceeded Exceeded
}

func (r *reader) Read(p []byte) (int, error) {
	if int64(len(p)) > r.left+1 {
		p = p[:r.left+1]
	}
	n, err := r.r.Read(p)
	if int64(n) <= r.left {
		r.left -= int64(n)
		return n, err
	}
	n, r.left = int(r.left), 0
	return n, &r.exceeded
}

// ReadFile returns the content of a file, which may have up to most bytes.
func ReadFile(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(Reader(f, "file", most))
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return b, errors.Join(err, f.Close())
}
