package alert

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// testSpool returns an empty spool.
func testSpool(t *testing.T) *spool {
	t.Helper()
	s, err := openSpool(filepath.Join(t.TempDir(), "spool"), Destination{"file:x", "file", "x"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func waiting(t *testing.T, s *spool, wantDamaged int) []message {
	t.Helper()
	list, damaged, err := s.pending(t.Context())
	if err != nil || damaged != wantDamaged {
		t.Fatalf("%d damaged, want %d, %v", damaged, wantDamaged, err)
	}
	return list
}

var threeMessages = []message{{UID: "1", Payload: `{"a":"<é>"}`}, {UID: "2", Format: "ocsf", Payload: "x"}, {UID: "2", Format: "ecs", Payload: "y\nz"}}

// Messages wait in order, each once a format, until they are marked.
func TestSpoolMarks(t *testing.T) {
	s := testSpool(t)
	for _, list := range [][]message{threeMessages[:2], threeMessages} {
		if err := s.add(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(threeMessages, waiting(t, s, 0)); diff != "" {
		t.Fatal(diff)
	}
	marks, err := s.marks()
	if err != nil {
		t.Fatal(err)
	}
	marks.delivered(threeMessages[1:2])
	marks.close()
	// A program that is killed here has not rewritten the file.
	if diff := cmp.Diff([]message{threeMessages[0], threeMessages[2]}, waiting(t, s, 0)); diff != "" {
		t.Fatal(diff)
	}
	marks, err = s.marks()
	if err != nil {
		t.Fatal(err)
	}
	marks.delivered(threeMessages)
	marks.close()
	if list := waiting(t, s, 0); len(list) > 0 {
		t.Errorf("%v waits", list)
	}
	if _, err := os.Stat(s.path); err == nil {
		t.Error("an empty spool stays")
	}
}

// A line that a crash cut off does not hide others, and is kept apart.
func TestSpoolTornTail(t *testing.T) {
	s := testSpool(t)
	if err := s.add(t.Context(), threeMessages); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.path, text[:len(text)-7], 0o600); err != nil {
		t.Fatal(err)
	}
	more := message{UID: "4", Payload: "more"}
	if err := s.add(t.Context(), []message{more}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(append(slices.Clone(threeMessages[:2]), more), waiting(t, s, 1)); diff != "" {
		t.Error(diff)
	}
	damaged, err := os.ReadFile(s.path + ".damaged")
	if err != nil || !bytes.HasPrefix(damaged, []byte(`{"uid":"2","format":"ecs"`)) || bytes.Count(damaged, []byte("\n")) != 1 {
		t.Errorf("%q, %v", damaged, err)
	}
	waiting(t, s, 0)
}

// Lines without a checksum, of early versions, are taken.
func TestSpoolOfEarlyVersions(t *testing.T) {
	s := testSpool(t)
	if err := os.WriteFile(s.path, []byte(`{"uid":"1","payload":"{\"a\":\"<é>\"}"}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(threeMessages[:1], waiting(t, s, 0)); diff != "" {
		t.Error(diff)
	}
}

// No flipped bit changes a message: it is damaged, or sent again at worst.
func TestSpoolFlippedBits(t *testing.T) {
	text := bytes.Join([][]byte{threeMessages[0].line(), threeMessages[1].line(), threeMessages[1].mark(), threeMessages[2].line()}, nil)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		flipped := bytes.Clone(text)
		flipped[rng.IntN(len(text))] ^= 1 << rng.IntN(8)
		pending, damaged := pendingMessages(flipped)
		for _, m := range pending {
			if !slices.Contains(threeMessages, m) {
				t.Fatalf("%+v waits in %q", m, flipped)
			}
		}
		for _, m := range []message{threeMessages[0], threeMessages[2]} {
			if !slices.Contains(pending, m) && len(damaged) == 0 {
				t.Fatalf("%+v is lost silently in %q", m, flipped)
			}
		}
	}
}

func FuzzSpool(f *testing.F) {
	f.Add(bytes.Join([][]byte{threeMessages[0].line(), threeMessages[0].mark(), []byte("{\"uid\":\"x\"")}, nil))
	f.Fuzz(func(t *testing.T, text []byte) {
		pending, _ := pendingMessages(text)
		var again []byte
		for _, m := range pending {
			again = append(again, m.line()...)
		}
		if back, damaged := pendingMessages(again); len(damaged) > 0 || len(back) != len(pending) {
			t.Errorf("%d of %d messages are read back, %q damaged", len(back), len(pending), damaged)
		}
	})
}

// Programs add at the same time, also while one sends.
func TestSpoolAddTogether(t *testing.T) {
	s := testSpool(t)
	release, err := s.claim(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if err := s.add(t.Context(), []message{{UID: string(rune('a' + i)), Payload: "x"}}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := len(waiting(t, s, 0)); n != 20 {
		t.Errorf("%d of 20 wait", n)
	}
}

// Alerts are kept while another program sends, and this wait can be interrupted.
func TestClaimedSpool(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.jsonl")
	opt := quick(t, 0)
	to, err := ParseDestination("file:" + path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := openSpool(opt.Spool, to)
	if err != nil {
		t.Fatal(err)
	}
	release, err := s.claim(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if d := deliverIn(ctx, t, to.text, someAlerts(t, 2), opt); d.Kept != 2 || !errors.Is(d.Cause, context.DeadlineExceeded) || d.Err() == nil {
		t.Errorf("%+v", d)
	}
	release()
	if d := deliver(t, to.text, nil, opt); !d.only(2) {
		t.Errorf("%+v", d)
	}
}

// Without a spool that can be used, alerts are sent; what is not sent is lost and
// said to be.
func TestUnusableSpool(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	opt := quick(t, 0)
	for _, opt.Spool = range []string{"", filepath.Join(file, "spool")} {
		to := "file:" + filepath.Join(dir, "alerts.jsonl")
		if d := deliver(t, to, someAlerts(t, 3), opt); d.Sent != 3 || d.Kept+d.Lost > 0 || len(d.Problems) != 1 || d.Err() != nil {
			t.Errorf("spool %q: %+v", opt.Spool, d)
		}
		if d := deliver(t, "http://127.0.0.1:1/", someAlerts(t, 3), opt); d.Lost != 3 || d.Err() == nil || !strings.Contains(d.Err().Error(), "3 alerts lost") {
			t.Errorf("spool %q: %+v", opt.Spool, d)
		}
	}
}

// A spool whose file is a folder, say, does not keep other destinations from
// getting their alerts, in any order.
func TestDestinationsAreIndependent(t *testing.T) {
	dir := t.TempDir()
	opt := quick(t, 0)
	healthy, err := ParseDestination("file:" + filepath.Join(dir, "alerts.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	broken, err := ParseDestination("file:" + filepath.Join(dir, "none", "alerts.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := openSpool(opt.Spool, broken)
	if err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string]func() error{
		"damaged": func() error { return os.WriteFile(s.path, []byte("{\"uid\":\"1\",\"pay\n"), 0o600) },
		"folder":  func() error { _ = os.RemoveAll(s.path); return os.Mkdir(s.path, 0o700) },
	} {
		for _, order := range [][]Destination{{healthy, broken}, {broken, healthy}} {
			if err := os.RemoveAll(s.path); err != nil {
				t.Fatal(err)
			}
			if err := damage(); err != nil {
				t.Fatal(err)
			}
			var routes Routes
			for _, to := range order {
				routes.Add(to, opt, someAlerts(t, 2))
			}
			for i, d := range Deliver(t.Context(), routes.List()) {
				if d.To != order[i] || (d.To == healthy) != d.only(2) || (d.To == broken) != (d.Err() != nil) {
					t.Errorf("%s: %+v, %v", name, d, d.Err())
				}
			}
		}
	}
}

// Alerts that are added twice go once. The benchmark shows what one costs: the
// time for each does not grow with their number.
func TestRoutesKeepAlertsOnce(t *testing.T) {
	alerts := routedAlerts(1000)
	var routes Routes
	for range 2 {
		routes.Add(Destination{"a", "file", "a"}, Options{}, alerts)
	}
	if list := routes.List(); len(list) != 1 || len(list[0].Alerts) != len(alerts) {
		t.Errorf("%d routes, want 1 with each of %d alerts once", len(list), len(alerts))
	}
}

func BenchmarkRoutes(b *testing.B) {
	for _, n := range []int{20_000, 160_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			alerts := routedAlerts(n)
			for b.Loop() {
				var routes Routes
				for range 2 {
					routes.Add(Destination{"a", "file", "a"}, Options{}, alerts)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/alert")
		})
	}
}

func routedAlerts(n int) []Alert {
	alerts := make([]Alert, n)
	for i := range alerts {
		alerts[i].UID = strconv.Itoa(i)
	}
	return alerts
}

// halfway is a sender that fails after some messages, as if the program were
// killed then.
type halfway struct{ left int }

func (h *halfway) size([]message) int { return 1 }
func (h *halfway) Close() error       { return nil }

func (h *halfway) send(context.Context, []message) (int, error) {
	if h.left == 0 {
		return 0, errors.New("killed")
	}
	h.left--
	return 1, nil
}

// What was sent before the program is killed is not sent again.
func TestProgressSurvives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := testSpool(t)
		var all []message
		for i := range 300 {
			all = append(all, message{UID: string(rune('A' + i)), Payload: "x"})
		}
		if err := s.add(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		marks, err := s.marks()
		if err != nil {
			t.Fatal(err)
		}
		d := &task{Delivery: &Delivery{}, opt: Options{Retries: new(int)}}
		if kept, err := d.sendAll(t.Context(), &halfway{297}, all, marks); len(kept) != 3 || err == nil {
			t.Errorf("%d kept, %v; want 3 and an error", len(kept), err)
		}
		// No rewrite follows.
		if list := waiting(t, s, 0); len(list) != 3 {
			t.Errorf("%d wait, want 3", len(list))
		}
	})
}

// What another user put into a spool is not sent.
func TestForeignSpool(t *testing.T) {
	opt := quick(t, 0)
	to := "file:" + filepath.Join(t.TempDir(), "alerts.jsonl")
	d, err := ParseDestination(to)
	if err != nil {
		t.Fatal(err)
	}
	s, err := openSpool(opt.Spool, d)
	if err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]os.FileMode{opt.Spool: 0o777, s.path: 0o666} {
		if err := os.WriteFile(s.path, message{UID: "forged", Payload: "forged"}.line(), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if d := deliver(t, to, someAlerts(t, 2), opt); d.Sent != 2 || len(d.Problems) != 1 || !strings.Contains(d.Problems[0].Error(), "can be written by all users") {
			t.Errorf("%+v", d)
		}
		if err := os.Chmod(opt.Spool, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := os.ReadFile(strings.TrimPrefix(to, "file:")); err != nil || bytes.Contains(text, []byte("forged")) {
		t.Errorf("%s, %v", text, err)
	}
}
