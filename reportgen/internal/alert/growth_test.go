package alert

import (
	"fmt"
	"os"
	"runtime"
	"testing"
)

// manyAlerts are n different alerts of the same length.
func manyAlerts(tb testing.TB, n int) []Alert {
	tb.Helper()
	alerts := make([]Alert, n)
	for i := range alerts {
		alerts[i] = someAlerts(tb, 1)[0]
		alerts[i].UID = fmt.Sprintf("%08d-0000-5000-8000-000000000000", i)
	}
	return alerts
}

// deliverTwice sends n alerts to a receiver that is down, so that all are kept, and then to one that ends its connection
// after every 100 kB, so that many are in doubt and sent again. All arrive.
func deliverTwice(tb testing.TB, alerts []Alert) {
	tb.Helper()
	n := len(alerts)
	addr, r := startRestarting(tb, 100_000, false)
	opt := quick(tb, 0)
	down := "file:" + tb.TempDir() + "/none/alerts.jsonl"
	if d := deliver(tb, down, alerts, opt); d.Kept != n {
		tb.Fatalf("%+v", d)
	}
	to, err := ParseDestination("syslog+tcp://" + addr)
	if err != nil {
		tb.Fatal(err)
	}
	s, err := openSpool(opt.Spool, to)
	if err != nil {
		tb.Fatal(err)
	}
	var messages []message
	for _, a := range alerts {
		m, err := to.message(a, "")
		if err != nil {
			tb.Fatal(err)
		}
		messages = append(messages, m)
	}
	if err := s.add(tb.Context(), messages); err != nil {
		tb.Fatal(err)
	}
	if d := deliver(tb, "syslog+tcp://"+addr, nil, opt); !d.only(n) {
		tb.Fatalf("%+v", d)
	}
	r.Lock()
	defer r.Unlock()
	if len(r.uids) != n {
		tb.Errorf("%d of %d arrived in %d connections", len(r.uids), n, r.connections)
	}
}

// Twice as many alerts take twice the memory in all, and so twice the work, at most with some allowance: what is read or
// copied for each alert does not grow with their number.
func TestSpoolGrowth(t *testing.T) {
	allocated := func(n int) uint64 {
		alerts := manyAlerts(t, n)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		deliverTwice(t, alerts)
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	once, twice := allocated(2000), allocated(4000)
	if twice > once*5/2 {
		t.Errorf("2,000 alerts allocate %d bytes, 4,000 alerts %d", once, twice)
	}
}

// A spool that cannot be read any more while its alerts are sent does not make them delivered.
func TestSpoolVanishes(t *testing.T) {
	opt := quick(t, 0)
	h := &hook{answer: func(int) (int, map[string]string) {
		to, err := ParseDestination("file:x")
		if err != nil {
			t.Error(err)
		}
		if _, err := openSpool(opt.Spool, to); err != nil {
			t.Error(err)
		}
		entries, err := os.ReadDir(opt.Spool)
		if err != nil {
			t.Error(err)
		}
		for _, e := range entries {
			name := opt.Spool + "/" + e.Name()
			if os.Remove(name) != nil || os.Mkdir(name, 0o700) != nil {
				t.Error(name)
			}
		}
		return 503, nil
	}}
	if d := deliver(t, startHook(t, h), someAlerts(t, 2), opt); d.Sent != 0 || d.Kept+d.Lost != 2 || d.Err() == nil {
		t.Errorf("%+v", d)
	}
}

// BenchmarkSpool sends 100,000 alerts.
func BenchmarkSpool(b *testing.B) {
	for _, n := range []int{25_000, 50_000, 100_000} {
		alerts := manyAlerts(b, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for range b.N {
				deliverTwice(b, alerts)
			}
		})
	}
}
