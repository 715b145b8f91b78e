package detect_test

import (
	"encoding/json"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// Neither the order of rows, of days and of parts of a day, nor the number of
// processors changes findings and coverage.
func TestOrderDoesNotMatter(t *testing.T) {
	start := time.Date(2024, 3, 4, 0, 0, 0, 0, time.UTC)
	var days [][]flow.Record
	for day := range 10 {
		l := office(uint64(day+1), 30)
		l.front(host(9), "telemetry.example", 1, 1)
		l.askFor(host(5), dns1, names(80, ordinaryName)...)
		if day >= 7 {
			l.front(host(3), "c2.example", 10, 40).hold(host(4), rented, 11).https(4, host(6), oneDrive, 120e6, 2e6)
			l.askFor(host(7), dns1, names(900, tunnelName)...)
			l.flows(50, "82.155.120.9", host(8), flow.TCP, 22, 60, 0, 0, flow.Hour)
		}
		days = append(days, l.records)
	}
	geo := lookup(t)
	findings := func(r *rand.Rand, parts int) string {
		var in detect.Input
		for i, records := range days {
			records = slices.Clone(records)
			r.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
			var ps []*profile.Profile
			for part := range parts {
				b := profile.NewBuilder()
				for j := part; j < len(records); j += parts {
					b.Add(records[j])
				}
				ps = append(ps, b.Profile())
			}
			r.Shuffle(len(ps), func(i, j int) { ps[i], ps[j] = ps[j], ps[i] })
			in.History = append(in.History, detect.Day{Date: start.AddDate(0, 0, i), Profile: profile.Merge(ps...)})
		}
		last := in.History[len(days)-1]
		in.History, in.Test, in.TestDate, in.Geo = in.History[:len(days)-1], last.Profile, last.Date, geo
		r.Shuffle(len(in.History), func(i, j int) { in.History[i], in.History[j] = in.History[j], in.History[i] })
		result := detect.All(in)
		text, err := json.MarshalIndent([]any{result.Findings, result.Devices, result.Coverage()}, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	want := findings(rand.New(rand.NewPCG(1, 1)), 1)
	alerts := 0
	for _, name := range []string{"c2.example", "held a connection", "names below example.com", "uploaded", "tried internal hosts"} {
		if strings.Contains(want, name) {
			alerts++
		}
	}
	if alerts != 5 {
		t.Fatalf("%d of five attacks in %s", alerts, want)
	}
	for seed := range uint64(4) {
		processors := runtime.GOMAXPROCS(1 + int(seed)%3)
		got := findings(rand.New(rand.NewPCG(2, seed)), 1+int(seed))
		runtime.GOMAXPROCS(processors)
		if got != want {
			t.Errorf("seed %d: findings differ from those in order:\n%s\n\n%s", seed, got, want)
		}
	}
}
