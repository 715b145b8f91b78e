package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
)

// TestPreviewSoak previews a report for $FLOWBOOK_SOAK, `make soak`, while notebooks change, folders are replaced, and
// clients come, go, do not read, or belong to other sites. Every change is shown, and memory, goroutines and descriptors
// do not grow.
func TestPreviewSoak(t *testing.T) {
	duration, err := time.ParseDuration(os.Getenv("FLOWBOOK_SOAK"))
	if err != nil {
		t.Skip("runs for the time in FLOWBOOK_SOAK, such as 1h")
	}
	needPython(t)
	dir := notebookFolder(t, nil)
	paragraphs := strings.Repeat("A paragraph of a report, with **words** and `code`.\n\n", 3000)
	write := func(mark, code int) {
		t.Helper()
		after := fmt.Sprintf("mark%dmark\n\n%s", mark, paragraphs)
		testenv.WriteFiles(t, dir, map[string]string{"notebooks/a.ipynb": pythonNotebook(t, "Soak", after, fmt.Sprintf("print(%d)", code))})
	}
	write(0, 0)
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	address, end := startPreview(t)
	s := &soak{t: t, address: address}
	s.await(0)
	for range 4 {
		readers := s.connect("events")
		t.Cleanup(func() { _ = readers.Close() })
		go func() { _, _ = io.Copy(io.Discard, readers) }()
	}
	var sampled time.Time
	for i, began := 1, time.Now(); time.Since(began) < duration && !t.Failed(); i++ {
		change := time.Now()
		switch i % 8 {
		case 1:
			if err := errors.Join(os.RemoveAll("notebooks"), os.Mkdir("notebooks", 0o755)); err != nil {
				t.Fatal(err)
			}
		case 3:
			if err := errors.Join(os.Rename("notebooks", "away"), os.Rename("away", "notebooks")); err != nil {
				t.Fatal(err)
			}
		case 5:
			for j := range 100 { // a stream of changes
				testenv.WriteFiles(t, dir, map[string]string{"notebooks/report.yaml": fmt.Sprintf("title: \"%d", j)}) // not closed
			}
			testenv.WriteFiles(t, dir, map[string]string{"notebooks/report.yaml": "title: Soak\n"})
		}
		write(i, i/30) // cells run in each 30th round only
		s.await(i)
		s.slowest = max(s.slowest, time.Since(change))
		s.clients()
		if time.Since(sampled) > duration/60 {
			sampled = time.Now()
			s.sample(time.Since(began), i)
		}
	}
	s.leave()
	s.check()
	if status := end(); status != exit.Done {
		t.Errorf("it ends with status %d", status)
	}
	if left := leftIn(t, temp); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// soak is the clients of a preview and their measurements.
type soak struct {
	t       *testing.T
	address string
	kept    []net.Conn // connected, and read nothing
	slowest time.Duration
	samples [][3]int // heap in kB, goroutines, descriptors
}

// await waits until the report shows a mark.
func (s *soak) await(mark int) {
	s.t.Helper()
	want := fmt.Sprintf("mark%dmark", mark)
	for began := time.Now(); time.Since(began) < 10*time.Minute; time.Sleep(20 * time.Millisecond) { // other programs may keep the machine busy
		if _, body := get(s.t, s.address+"report/index.html", ""); strings.Contains(body, want) {
			return
		}
	}
	s.t.Fatalf("change %d is not shown", mark)
}

// connect opens a connection of a client that sends a request, and reads nothing.
func (s *soak) connect(request string) net.Conn {
	s.t.Helper()
	at, err := url.Parse(s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	c, err := new(net.Dialer).DialContext(s.t.Context(), "tcp", at.Host)
	if err != nil {
		s.t.Fatal(err)
	}
	if request != "" {
		fmt.Fprintf(c, "GET %s%s HTTP/1.1\r\nHost: %s\r\n\r\n", at.Path, request, at.Host)
	}
	return c
}

// clients lets a few clients come, and most of them go.
func (s *soak) clients() {
	s.t.Helper()
	for _, request := range []string{"events", "events", "report/index.html", ""} { // they go without a word
		_ = s.connect(request).Close()
	}
	s.kept = append(s.kept, s.connect(""), s.connect("report/index.html"), s.connect("events"))
	if status, _ := get(s.t, s.address, "evil.example"); status != http.StatusForbidden {
		s.t.Errorf("a foreign name is answered with %d", status)
	}
	if status, _ := get(s.t, s.address+"../guessed/report/index.html", ""); status != http.StatusForbidden {
		s.t.Errorf("an address without the token is answered with %d", status)
	}
}

// leave closes the connections of clients.
func (s *soak) leave() {
	for _, c := range s.kept {
		_ = c.Close()
	}
	s.kept = nil
	http.DefaultClient.CloseIdleConnections()
}

// sample measures what the preview holds once its clients have gone.
func (s *soak) sample(after time.Duration, changes int) {
	s.t.Helper()
	s.leave()
	var now [3]int
	for range 40 { // connections end, and a run may be under way: the least of two seconds
		debug.FreeOSMemory()
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		files, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			s.t.Fatal(err)
		}
		found := [3]int{int(memory.HeapAlloc >> 10), runtime.NumGoroutine(), len(files)}
		for i := range now {
			if now[i] == 0 || found[i] < now[i] {
				now[i] = found[i]
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.samples = append(s.samples, now)
	fmt.Printf("%8s  %5d changes, shown within %v: heap %d kB, %d goroutines, %d descriptors\n", after.Round(time.Second), changes, s.slowest.Round(time.Millisecond), now[0], now[1], now[2])
}

// check compares the last third of the samples with the first.
func (s *soak) check() {
	third := len(s.samples) / 3
	if third == 0 {
		s.t.Fatalf("%d samples", len(s.samples))
	}
	median := func(samples [][3]int, of int) int {
		values := make([]int, len(samples))
		for i, sample := range samples {
			values[i] = sample[of]
		}
		slices.Sort(values)
		return values[len(values)/2]
	}
	for of, what := range []string{"kB of heap", "goroutines", "descriptors"} {
		first, last := median(s.samples[:third], of), median(s.samples[len(s.samples)-third:], of)
		if most := first + first/10 + 2; last > most {
			s.t.Errorf("%s: %d, %d at first", what, last, first)
		}
	}
}
