package synth

import (
	"slices"
)

// WeeksTruth is what is known of the days of [Weeks]. As truth.json it is
//
//	{"seed": 1,
//	 "days": [{"date": "2024-03-12", "planted": [{"rule": "beacon", "entity": "192.168.100.7", …}]}],
//	 "benign": [{"entity": "192.168.100.9", "kind": "backup", "description": "…"}]}
//
// Each day lists what is planted on it as [Truth] does. An attack that goes on
// is listed on each of its days.
type WeeksTruth struct {
	Seed   uint64     `json:"seed"`
	Days   []DayTruth `json:"days"`
	Benign []Benign   `json:"benign"`
}

// DayTruth is what is planted on one day.
type DayTruth struct {
	Date    string    `json:"date"` // as 2006-01-02
	Planted []Planted `json:"planted"`
}

// Summary says in words how much is planted, each attack counted once.
func (w *Weeks) Summary() string { return summary(w.truth.attacks(), len(w.truth.Benign)) }

// attacks returns the number of attacks, each counted once however many days it
// lasts.
func (t WeeksTruth) attacks() int {
	planted := map[string]bool{}
	for _, d := range t.Days {
		for _, p := range d.Planted {
			planted[p.Rule+" "+p.Entity.String()] = true
		}
	}
	return len(planted)
}

func (t *WeeksTruth) sort() {
	for i := range t.Days {
		slices.SortFunc(t.Days[i].Planted, Planted.compare)
	}
	slices.SortFunc(t.Benign, Benign.compare)
}

// harmless notes a host that only looks suspicious.
func (w *Weeks) harmless(h *host, kind, description string) {
	w.truth.Benign = append(w.truth.Benign, Benign{Entity: h.addr, Kind: kind, Description: description})
}

// plant adds an attack, and the days on which it has flows to the truth.
func (w *Weeks) plant(rule, description string, a activity) {
	w.activities = append(w.activities, a)
	if len(w.truth.Days) == 0 {
		for i := range w.opts.Days {
			w.truth.Days = append(w.truth.Days, DayTruth{Date: w.Date(i).Format("2006-01-02"), Planted: []Planted{}})
		}
	}
	for i := range w.opts.Days {
		flows := a.run(w.weekday(i, a.name))
		if len(flows) == 0 {
			continue
		}
		w.truth.Days[i].Planted = append(w.truth.Days[i].Planted, plantedOf(rule, description, flows))
	}
}
