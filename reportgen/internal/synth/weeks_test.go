package synth

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
)

func newTestWeeks(tb testing.TB, o WeeksOptions) *Weeks {
	tb.Helper()
	w, err := NewWeeks(o)
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

// The same options give the same days, and attacks change nothing else.
func TestWeeksAreReproducible(t *testing.T) {
	o := WeeksOptions{Seed: 5, Hosts: 40, Days: 14, Flows: 2400}
	a, b := newTestWeeks(t, o), newTestWeeks(t, o)
	o.Clean = true
	clean := newTestWeeks(t, o)
	if n := len(clean.Truth().Days); n > 0 {
		t.Errorf("a clean organisation has %d days with a truth", n)
	}
	var at, bt bytes.Buffer
	if encodeTruth(&at, a.Truth()) != nil || encodeTruth(&bt, b.Truth()) != nil || !bytes.Equal(at.Bytes(), bt.Bytes()) {
		t.Error("two truths of the same options differ")
	}
	for i := range a.Len() {
		flows := slices.Collect(a.Day(i))
		if !slices.Equal(flows, slices.Collect(b.Day(i))) {
			t.Errorf("day %d differs between two organisations of the same options", i)
		}
		if !slices.IsSortedFunc(flows, flow.Compare) {
			t.Errorf("day %d is not sorted", i)
		}
		planted := map[[2]netip.Addr]bool{}
		for _, p := range a.Truth().Days[i].Planted {
			for _, peer := range p.Peers {
				planted[[2]netip.Addr{p.Entity, peer}] = true
			}
		}
		isPlanted := func(r flow.Record) bool { return planted[[2]netip.Addr{r.Src, r.Dst}] }
		if !slices.Equal(slices.DeleteFunc(flows, isPlanted), slices.DeleteFunc(slices.Collect(clean.Day(i)), isPlanted)) {
			t.Errorf("day %d has other harmless flows without attacks", i)
		}
	}
}

// The truth lists an attack on exactly the days on which it has flows. Attacks
// begin after a week, and a few last for several days.
func TestWeeksTruth(t *testing.T) {
	w := newTestWeeks(t, WeeksOptions{Seed: 6, Hosts: 120, Days: 21, Flows: 4800})
	truth := w.Truth()
	rules, lasting := map[string]bool{}, map[netip.Addr]int{}
	for i, day := range truth.Days {
		if day.Date != w.Date(i).Format(time.DateOnly) {
			t.Errorf("day %d has the date %s", i, day.Date)
		}
		seen := map[[2]netip.Addr]bool{}
		for r := range w.Day(i) {
			seen[[2]netip.Addr{r.Src, r.Dst}] = true
		}
		for _, p := range day.Planted {
			if i < quietDays {
				t.Errorf("%s of %s is on day %d", p.Rule, p.Entity, i)
			}
			rules[p.Rule] = true
			lasting[p.Entity]++
			for _, peer := range p.Peers {
				if !seen[[2]netip.Addr{p.Entity, peer}] {
					t.Errorf("day %d has no flow of %s to %s, which is planted for %s", i, p.Entity, peer, p.Rule)
				}
			}
		}
	}
	if len(rules) < 7 {
		t.Errorf("attacks of %d kinds only: %v", len(rules), rules)
	}
	several := 0
	for _, n := range lasting {
		if n > 2 {
			several++
		}
	}
	if several < 4 {
		t.Errorf("%d attacks last for more than two days", several)
	}
	for _, b := range truth.Benign {
		if lasting[b.Entity] > 0 && b.Kind != "guest" && b.Kind != "new-host" {
			t.Errorf("%s is attacked and harmless (%s)", b.Entity, b.Kind)
		}
	}
}

// Weekends are quiet, jobs come on their days, and hosts come and go.
func TestWeeksCalendar(t *testing.T) {
	w := newTestWeeks(t, WeeksOptions{Seed: 7, Hosts: 100, Days: 28, Flows: 6000, Clean: true})
	kinds := map[string]netip.Addr{}
	for _, b := range w.Truth().Benign {
		kinds[b.Kind] = b.Entity
	}
	var working, weekend []int
	hosts := map[netip.Addr]int{}
	for i := range w.Len() {
		date := w.Date(i)
		n, scanned, paid := 0, 0, int64(0)
		today := map[netip.Addr]bool{}
		for r := range w.Day(i) {
			n++
			today[r.Src] = true
			if r.Src == kinds["vulnerability-scanner"] && r.Port == 3389 {
				scanned++
			}
			if r.Src == kinds["month-end"] && r.Up > 10e6 {
				paid += r.Up
			}
		}
		for h := range today {
			hosts[h]++
		}
		if date.Weekday() == time.Saturday || date.Weekday() == time.Sunday {
			weekend = append(weekend, n)
		} else {
			working = append(working, n)
		}
		if (scanned > 50) != (date.Weekday() == time.Wednesday) {
			t.Errorf("%s: the scanner tries %d hosts", date.Format("Monday"), scanned)
		}
		if date.Format("2006-01-02") == "2024-03-29" && paid < 100e6 {
			t.Errorf("on the last working day of the month only %d bytes are paid", paid)
		}
	}
	if slices.Max(weekend)*2 > slices.Min(working) {
		t.Errorf("a weekend day has up to %d flows, a working day at least %d", slices.Max(weekend), slices.Min(working))
	}
	if n := len(hosts); n <= 100 {
		t.Errorf("no host comes: %d in all", n)
	}
}

func TestWeeksOptions(t *testing.T) {
	for _, tt := range []struct {
		opt  WeeksOptions
		want string
	}{
		{WeeksOptions{Hosts: 3}, "hosts 3"},
		{WeeksOptions{Days: 1}, "days 1"},
		{WeeksOptions{Flows: 700}, "flows 700: must be from 4000"},
	} {
		if _, err := NewWeeks(tt.opt); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, want %q", tt.opt, err, tt.want)
		}
	}
}
