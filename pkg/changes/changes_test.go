package changes_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/changes"
	"github.com/flowbook/flowbook/pkg/detect"
)

// line returns a record as reportgen detect prints it.
func line(rule, entity, severity string, score float64, summary, more string) string {
	b, _ := json.Marshal(score)
	return `{"rule":"` + rule + `","entity":"` + entity + `","severity":"` + severity + `","score":` + string(b) +
		`,"attack":[],"summary":"` + summary + `","evidence":{},"window":[0,1]` + more + "}\n"
}

func read(text string) detect.Result {
	day, err := detect.ReadFindings("day", strings.NewReader(text))
	if err != nil {
		panic(err)
	}
	return day
}

const (
	covered   = `{"rule":"dns-c2","ran":true,"hosts":3,"days":2,"reason":""}` + "\n"
	uncovered = `{"rule":"dns-c2","ran":false,"hosts":0,"days":0,"reason":"no DNS"}` + "\n"
)

func TestCompare(t *testing.T) {
	for _, tt := range []struct{ name, before, after, want string }{
		{"nothing", "", "", ""},
		{"new", "", line("beacon", "10.0.0.1", "high", 0.8, "calls", ""), "new beacon 10.0.0.1 /high"},
		{"back", "", line("beacon", "10.0.0.1", "high", 0.8, "calls", `,"state":"ongoing","since":"2024-03-18","pause":2`), "back beacon 10.0.0.1 /high"},
		{"back, but on the day before at another destination", line("beacon", "10.0.0.1", "high", 0.8, "a", ""),
			line("beacon", "10.0.0.1", "high", 0.8, "b", `,"state":"ongoing","pause":1`), "ongoing beacon 10.0.0.1 high/high"},
		{"gone", line("beacon", "10.0.0.1", "high", 0.8, "calls", ""), "", "gone beacon 10.0.0.1 high/"},
		{"ongoing", line("beacon", "10.0.0.1", "high", 0.8, "a", ""), line("beacon", "10.0.0.1", "high", 0.85, "b", ""), "ongoing beacon 10.0.0.1 high/high"},
		{"louder by severity", line("beacon", "10.0.0.1", "low", 0.4, "a", ""), line("beacon", "10.0.0.1", "high", 0.41, "b", ""), "louder beacon 10.0.0.1 low/high"},
		{"louder by score", line("beacon", "10.0.0.1", "high", 0.76, "a", ""), line("beacon", "10.0.0.1", "high", 0.9, "b", ""), "louder beacon 10.0.0.1 high/high"},
		{"quieter", line("beacon", "10.0.0.1", "high", 0.8, "a", ""), line("beacon", "10.0.0.1", "medium", 0.6, "b", ""), "quieter beacon 10.0.0.1 high/medium"},
		{"info does not count", line("beacon", "10.0.0.1", "info", 0.1, "a", ""), line("beacon", "10.0.0.2", "info", 0.1, "b", ""), ""},
		{"resolved is gone", line("beacon", "10.0.0.1", "high", 0.8, "a", ""), line("beacon", "10.0.0.1", "info", 0.1, "b", `,"state":"resolved"`), "gone beacon 10.0.0.1 high/"},
		{"the rule did not run", line("dns-c2", "10.0.0.1", "high", 0.8, "a", ""), uncovered, "unseen dns-c2 10.0.0.1 high/"},
		{"the rule ran", line("dns-c2", "10.0.0.1", "high", 0.8, "a", ""), covered, "gone dns-c2 10.0.0.1 high/"},
		{"the other entity of one rule", line("beacon", "10.0.0.1", "high", 0.8, "a", ""), line("beacon", "fd00::1", "high", 0.8, "a", ""),
			"new beacon fd00::1 /high; gone beacon 10.0.0.1 high/"},
		{"a campaign that grows", line("internal-p2p", "10.0.0.1", "high", 0.8, "two", `,"members":["10.0.0.1","10.0.0.2"]`),
			line("internal-p2p", "10.0.0.1", "high", 0.8, "four", `,"members":["10.0.0.1","10.0.0.2","10.0.0.3","10.0.0.4"]`),
			"new internal-p2p 10.0.0.3 10.0.0.4 /high; ongoing internal-p2p 10.0.0.1 10.0.0.2 high/high"},
		{"several findings of one rule and host: the loudest counts", line("beacon", "10.0.0.1", "low", 0.3, "a", "") + line("beacon", "10.0.0.1", "high", 0.8, "b", ""),
			line("beacon", "10.0.0.1", "high", 0.8, "b", "") + line("beacon", "10.0.0.1", "low", 0.3, "a", ""), "ongoing beacon 10.0.0.1 high/high"},
		{"the most severe first", "", line("beacon", "10.0.0.1", "low", 0.3, "a", "") + line("dns-c2", "10.0.0.2", "critical", 0.95, "b", ""),
			"new dns-c2 10.0.0.2 /critical; new beacon 10.0.0.1 /low"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			list := changes.Compare(read(tt.before), read(tt.after))
			same := true
			for _, c := range list {
				s := string(c.Kind) + " " + c.Rule
				for _, e := range c.Entities {
					s += " " + e.String()
				}
				got = append(got, s+" "+string(c.Before)+"/"+string(c.After))
				same = same && c.Kind == changes.Ongoing
			}
			if s := strings.Join(got, "; "); s != tt.want {
				t.Errorf("got  %s\nwant %s", s, tt.want)
			}
			if changes.Same(list) != same {
				t.Errorf("Same returns %v", !same)
			}
		})
	}
}

func ExampleCompare_kinds() {
	before := read(line("beacon", "10.0.0.1", "low", 0.3, "called", "") +
		line("dns-c2", "10.0.0.2", "high", 0.8, "asked", "") + line("dns-c2", "10.0.0.5", "high", 0.8, "asked", ""))
	after := read(line("beacon", "10.0.0.1", "high", 0.8, "called", "") + line("beacon", "10.0.0.3", "high", 0.8, "called", "") +
		line("beacon", "10.0.0.4", "medium", 0.5, "called", `,"state":"ongoing","pause":1`) +
		line("dns-c2", "10.0.0.5", "high", 0.8-changes.ScoreStep, "asked", "") + uncovered)
	words := map[changes.Kind]string{
		changes.New: "look at it first", changes.Back: "not over", changes.Louder: "more certain", changes.Ongoing: "nothing new",
		changes.Quieter: "less certain", changes.Gone: "over", changes.Unseen: "not known",
	}
	list := changes.Compare(before, after)
	for _, c := range list {
		fmt.Println(c.Rule, c.Entities, words[c.Kind])
	}
	// Output:
	// beacon [10.0.0.3] look at it first
	// beacon [10.0.0.4] not over
	// beacon [10.0.0.1] more certain
	// dns-c2 [10.0.0.5] less certain
	// dns-c2 [10.0.0.2] not known
}
