package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/flowbook/flowbook/pkg/flow"
)

// A log may come from the standard input or a pipe, packed or not, once.
func TestInputFromPipes(t *testing.T) {
	piped := func(content string) string {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.Close() })
		go func() {
			// A reader that ends early closes the pipe.
			_, err := w.WriteString(content)
			_ = errors.Join(err, w.Close())
		}()
		path := fmt.Sprintf("/dev/fd/%d", r.Fd())
		if _, err := os.Stat(path); err != nil {
			t.Skip("pipes have no paths here: ", err)
		}
		return path
	}
	packed := string(zipped(t, packedRow))
	for name, paths := range map[string][]string{
		"standard input, named twice": {"-", "-"},
		"pipe":                        {piped(packedRow)},
		"packed pipe":                 {piped(packed)},
	} {
		flows, summary, err := readAs(t, "zeek", paths, Options{Stdin: strings.NewReader(packed)})
		if err != nil || len(flows) != 1 || summary.Files != 1 {
			t.Errorf("%s: %v, %+v, %v", name, flows, summary, err)
		}
	}
	for name, test := range map[string]struct {
		format, path string
		opt          Options
		want         string
	}{
		"no standard input":          {"zeek", "-", Options{}, "-: there is no standard input to read"},
		"Parquet on standard input":  {"vpc", "-", Options{Stdin: strings.NewReader("PAR1....PAR1")}, "-: is Parquet, which cannot be read from a pipe; give the file"},
		"Parquet in a pipe":          {"vpc", piped("PAR1....PAR1"), Options{}, "is Parquet, which cannot be read from a pipe; give the file"},
		"what standard input breaks": {"zeek", "-", Options{Stdin: io.MultiReader(strings.NewReader(packedRow), errReader{})}, "-: line 2: the disk is on fire"},
	} {
		if _, _, err := readAs(t, test.format, []string{test.path}, test.opt); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// errReader fails.
type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, fmt.Errorf("the disk is on fire") }

func TestLinesUTF16(t *testing.T) {
	var little, big bytes.Buffer
	for _, unit := range utf16.Encode([]rune("\ufeff" + packedRow)) {
		little.Write([]byte{byte(unit), byte(unit >> 8)})
		big.Write([]byte{byte(unit >> 8), byte(unit)})
	}
	for name, log := range map[string]string{
		"little": little.String(), "big": big.String(), "little, no mark": little.String()[2:], "big, no mark": big.String()[2:], "packed": string(zipped(t, little.String())),
	} {
		got, want := decode(log, time.UTC), decode(packedRow, time.UTC)
		if got.err != nil || len(got.flows) == 0 || !slices.Equal(got.flows, want.flows) {
			t.Errorf("%s: %v, error %v", name, got.flows, got.err)
		}
	}
}

// A line too long is left out and the next one read; a field beyond 64 KiB is
// none.
func TestLinesTooLong(t *testing.T) {
	row := func(history int) string {
		return "tcp\t4\t3\t80\t10.0.0.2\t10.0.0.1\t1713530096\t" + strings.Repeat("h", history) + "\n"
	}
	got := decode(short+row(100_000)+row(maxLine)+row(3*maxLine)+row(1)+strings.Repeat("\x00", maxLine+1), time.UTC)
	if got.err != nil || len(got.flows) != 2 || got.flows[1].Line != 8 || got.flows[0].Record != record(12*flow.Hour+34*flow.Minute+56*flow.Second, "10.0.0.1", "10.0.0.2", flow.TCP, 80, 3, 4) {
		t.Errorf("%v, error %v", got.flows, got.err)
	}
	for i, line := range []int64{6, 7, 9} {
		if len(got.bad) != 3 || got.bad[i].Line != line || got.bad[i].Reason != tooLong || !strings.HasSuffix(got.bad[i].Detail, "… is longer than 256 KiB") {
			t.Fatalf("%+v", got.bad)
		}
	}
	path := write(t, t.TempDir(), "conn.log", []byte(short+strings.Repeat("x", 10*maxLine)))
	if _, _, err := readAll(t, []string{path}, Options{}); err == nil || !strings.Contains(err.Error(), "not a zeek log: no row can be read") {
		t.Errorf("a file without line ends: error %v", err)
	}
}

// Zero bytes, as a crash leaves them at the end of a log, spoil no other row.
func TestZeroBytes(t *testing.T) {
	row := "tcp\t4\t3\t80\t10.0.0.2\t10.0.0.1\t1713530096\tD\n"
	got := decode(short+strings.Replace(row, "10.0.0.2", "10.0.\x000.2", 1)+row+"\x00\x00\x00\n"+row+strings.Repeat("\x00", 100), time.UTC)
	if got.err != nil || len(got.flows) != 2 || len(got.bad) != 3 || got.bad[0].Reason != badAddress || got.bad[1].Reason != fieldCount || got.bad[2].Reason != cutOff {
		t.Errorf("%+v", got)
	}
}
