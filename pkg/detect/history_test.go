package detect_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// monday is the first day of histories.
var monday = time.Date(2024, 3, 4, 0, 0, 0, 0, time.UTC)

// weeks makes days of an office in which a third of the hosts work on weekends.
// The function attack adds to a day; days count from 0.
func weeks(days, hosts int, attack func(day int, l *lab)) []detect.Day {
	var all []detect.Day
	for i := range days {
		date := monday.AddDate(0, 0, i)
		n := hosts
		if w := date.Weekday(); w == time.Saturday || w == time.Sunday {
			n = hosts / 3
		}
		l := office(uint64(100+i), n)
		if attack != nil {
			attack(i, l)
		}
		all = append(all, detect.Day{Date: date, Profile: l.profile()})
	}
	return all
}

// under tests the last of some days with those before it.
func under(t *testing.T, days []detect.Day) detect.Input {
	last := days[len(days)-1]
	return detect.Input{History: days[:len(days)-1], Test: last.Profile, TestDate: last.Date, Geo: lookup(t)}
}

// attackers are what goes on in a long attack.
func longAttack(l *lab) {
	l.beacon(host(1), rented, 300, 0.05)
	l.ask(700, host(2), dns1, 80, 150)
	l.mesh(10e3, 10e3, host(5), host(6), host(7))
	l.flows(300, host(8), "52.95.1.10", flow.TCP, 443, 1.5e6, 20e3, flow.Hour, 23*flow.Hour)
}

// beacon adds calls all day long, with a period in seconds and its jitter.
func (l *lab) beacon(src, dst string, period, cv float64) *lab {
	r := rand.New(rand.NewPCG(9, uint64(period)))
	for at := 0.; at < 86400; at += period * (1 + cv*r.NormFloat64()) {
		l.at(flow.Time(at)*flow.Second, src, dst, flow.TCP, 443, 300, 200)
	}
	return l
}

// An attack is reported on each day from its first on, with the date of the first, also
// after a day on which it rests; no other host is reported.
func TestAttackGoesOn(t *testing.T) {
	const onset, rest = 9, 12
	days := weeks(16, 40, func(day int, l *lab) {
		if day >= onset && day < 14 && day != rest {
			longAttack(l)
		}
	})
	victims := []string{host(1), host(2), host(5), host(6), host(7), host(8)}
	since := monday.AddDate(0, 0, onset).Format(time.DateOnly)
	for i := 7; i < len(days); i++ {
		r := detect.All(under(t, days[:i+1]))
		want := victims
		if i < onset || i >= 14 || i == rest {
			want = nil
		}
		wantAlerts(t, r.Findings, slices.Clone(want)...)
		resolved := 0
		for _, f := range r.Findings {
			switch {
			case f.State == detect.StateResolved:
				resolved++
			case !f.Severity.Alert() || f.Rule == detect.RuleHostAnomaly:
			case i == onset && f.State != detect.StateNew, i > onset && f.State != detect.StateOngoing, f.Since != since:
				t.Errorf("day %d: %s of %s is %s since %s", i, f.Rule, f.Entity, f.State, f.Since)
			case (i == rest+1) != (f.Pause == 1):
				t.Errorf("day %d: %s of %s pauses for %d days", i, f.Rule, f.Entity, f.Pause)
			}
		}
		if (i == 14 || i == rest) != (resolved > 0) {
			t.Errorf("day %d: %d findings are resolved", i, resolved)
		}
	}
}

// What is found depends on neither the order of the days nor on how they were
// split into files.
func TestOrderOfDaysDoesNotMatter(t *testing.T) {
	days := weeks(6, 30, func(day int, l *lab) {
		if day >= 3 {
			longAttack(l)
		}
	})
	in := under(t, days)
	text := func(in detect.Input) string {
		b, err := json.Marshal(detect.All(in).Findings)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	want := text(in)
	if !strings.Contains(want, "ongoing") {
		t.Fatalf("nothing goes on: %s", want)
	}
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 1))
		in.History = slices.Clone(in.History)
		r.Shuffle(len(in.History), func(i, j int) { in.History[i], in.History[j] = in.History[j], in.History[i] })
		if got := text(in); got != want {
			t.Fatalf("seed %d: the findings differ", seed)
		}
	}
}

// A beacon that starts in the evening is seen on that day and reported on the
// next, in a network too small to learn from as in a larger one.
func TestBeaconFromTheEvening(t *testing.T) {
	for _, hosts := range []int{2, 40} {
		evening := func(l *lab) *lab {
			return l.flows(179, host(0), rented, flow.TCP, 443, 300, 200, 21*flow.Hour, 24*flow.Hour)
		}
		sunday, mon, tuesday := office(1, hosts), evening(office(2, hosts)), office(3, hosts).beacon(host(0), rented, 60, 0)
		first := detect.Beacon(detect.Input{Baseline: sunday.profile(), Test: mon.profile()})
		if len(first.Findings) != 1 || first.Findings[0].Severity != detect.Low || !strings.Contains(first.Findings[0].Summary, "began at 21:00") {
			t.Errorf("%d hosts, first evening: %+v", hosts, first.Findings)
		}
		next := detect.Beacon(detect.Input{Baseline: mon.profile(), Test: tuesday.profile()})
		wantAlerts(t, next.Findings, host(0))
		if len(next.Findings) == 1 && (next.Findings[0].State != detect.StateOngoing || !strings.Contains(next.Findings[0].Summary, "began at 21:00 on the baseline day")) {
			t.Errorf("%d hosts, next day: %+v", hosts, next.Findings)
		}
	}
}

// benignShare is how many of a hundred host days may have an alert by chance.
func TestQuietWeeks(t *testing.T) {
	days := weeks(22, 60, nil)
	alerts, hostDays := 0, 0
	for i := 8; i < len(days); i++ {
		in := under(t, days[:i+1])
		hostDays += len(in.Test.Hosts)
		for _, f := range detect.All(in).Findings {
			if f.Severity.Alert() {
				alerts++
				t.Logf("day %d: %s %s %s %s", i, f.Rule, f.Entity, f.Severity, f.Summary)
			}
		}
	}
	if float64(alerts) > 0.003*float64(hostDays) {
		t.Errorf("%d alerts in %d host days, want at most 0.3 %%", alerts, hostDays)
	}
}

// Small networks are not silent: fixed limits are used, and said.
func TestSmallNetwork(t *testing.T) {
	base := func() *lab { return office(1, 2) }
	scan := office(2, 2)
	for i := range 150 {
		scan.flows(10, host(0), fmt.Sprintf("10.9.%d.%d", i/100, i%100+1), flow.TCP, uint16(20+i%10), 60, 0, 14*flow.Hour, 15*flow.Hour)
	}
	for name, history := range map[string]*profile.Profile{"a day": base().profile(), "no history": nil} {
		r := detect.All(detect.Input{Baseline: history, Test: scan.profile()})
		wantAlerts(t, r.Findings, host(0))
		r = detect.All(detect.Input{Baseline: history, Test: office(2, 2).ask(3500, host(1), resolver, 80, 150).profile()})
		wantAlerts(t, r.Findings, host(1))
		if cov := r.Outcomes[detect.RuleDNSC2].Coverage; !cov.Ran || cov.Reason == "" {
			t.Errorf("%s: coverage %+v", name, cov)
		}
	}
}

// If each host has another address on each day, a new address is not a new host.
func TestAddressesThatChange(t *testing.T) {
	const hosts = 30
	renamed := func(day int, l *lab) *lab {
		for i := range l.records {
			r := &l.records[i]
			if r.Src.Is4() && flow.Private.Contains(r.Src) {
				b := r.Src.As4()
				r.Src = mustAddr(fmt.Sprintf("fd00::%x:%x", day+1, b[3]))
			}
		}
		return l
	}
	var days []detect.Day
	for day := range 9 {
		l := office(uint64(day+1), hosts)
		if day == 8 {
			l.https(60, host(4), rented, 8e6, 30e3)
		}
		days = append(days, detect.Day{Date: time.Date(2024, 3, 4+day, 0, 0, 0, 0, time.UTC), Profile: renamed(day, l).profile()})
	}
	in := under(t, days)
	wantAlerts(t, detect.Exfiltration(in).Findings, "fd00::9:5")
	in = under(t, days[:8])
	wantAlerts(t, detect.All(in).Findings)
}
