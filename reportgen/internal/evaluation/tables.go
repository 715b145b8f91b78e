package evaluation

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/flowbook/flowbook/pkg/detect"
)

const worldsIntroduction = `
## Synthetic worlds

Twenty organisations, each generated from a seed, are attacked at strengths from loud to faint.
The strength multiplies the bytes or flows of the planted activity; the sample days have strength 1.
Each organisation's allow list names the service that monitors its public servers: its timing is
that of a program, and flows alone do not distinguish it from an unwanted one.
`

const recallIntroduction = `
### Recall by strength

Each cell gives the recall and the median signal of the planted activity. A signal of 1 is the
limit that was learned from the network's own variation: there is a finding from 1 on, and below 1
the activity is within that variation. A signal of 0 means that nothing was compared, as for a
beacon with too few connections to measure its timing.

`

// writeWorlds writes the tables of the synthetic worlds as Markdown.
func writeWorlds(w io.Writer, outcomes []worldOutcome) {
	fmt.Fprint(w, worldsIntroduction)
	byStrength := map[float64][]worldOutcome{}
	for _, o := range outcomes {
		byStrength[o.strength] = append(byStrength[o.strength], o)
	}
	strengths := slices.SortedFunc(maps.Keys(byStrength), func(a, b float64) int { return cmp.Compare(b, a) })

	fmt.Fprint(w, "\n### Rules at strength 1\n\n")
	table := markdownTable{head: []string{"rule", "planted", "found", "wrong", "precision", "recall", "F1", "P@k"}}
	for _, s := range sumRules(byStrength[1]) {
		table.add(s.rule, fmt.Sprint(s.planted), fmt.Sprint(s.found), fmt.Sprint(s.wrong),
			s.precision().String(), s.recall().String(), s.f1().String(), s.atK().String())
	}
	table.write(w)

	fmt.Fprint(w, recallIntroduction)
	table = markdownTable{head: []string{"rule"}}
	for _, strength := range strengths {
		table.head = append(table.head, "× "+strconv.FormatFloat(strength, 'g', -1, 64))
	}
	for _, rule := range plantedRules(outcomes) {
		row := []string{rule}
		for _, strength := range strengths {
			row = append(row, fmt.Sprintf("%s at %s", scoreOfRule(byStrength[strength], rule).recall(), signalOfRule(byStrength[strength], rule)))
		}
		table.add(row...)
	}
	table.write(w)
	missed, largest := missedSignals(outcomes)
	fmt.Fprintf(w, "\nAt all strengths %d are missed; the largest signal among them is %.3f.\n", missed, largest)

	names, byName := make([]string, len(strengths)), make([][]worldOutcome, len(strengths))
	for i, s := range strengths {
		names[i], byName[i] = strconv.FormatFloat(s, 'g', -1, 64), byStrength[s]
	}
	writeChanges(w, names, byName)

	fmt.Fprint(w, "\n### Worlds at strength 1\n\n")
	table = markdownTable{head: []string{"seed", "flows", "hosts", "planted", "found", "benign", "alarmed", "share"}}
	alarmed, benign, hidden := 0, 0, 0
	for _, o := range byStrength[1] {
		all := sumAll(o)
		hidden += o.hidden
		table.add(fmt.Sprint(o.seed), fmt.Sprint(o.flows), fmt.Sprint(o.hosts), fmt.Sprint(all.planted), fmt.Sprint(all.found),
			fmt.Sprint(o.benign), fmt.Sprint(o.alarmed()), percentOf(o.alarmed(), o.benign))
		alarmed, benign = alarmed+o.alarmed(), benign+o.benign
	}
	table.write(w)
	fmt.Fprintf(w, "\nBenign hosts and clients with a false alarm: %d of %d, %s. Without the allow lists there are %d more findings.\n",
		alarmed, benign, percentOf(alarmed, benign), hidden)
	writeFaults(w, byStrength[1])
}

// writeFaults lists what was missed and who was alarmed wrongly.
func writeFaults(w io.Writer, outcomes []worldOutcome) {
	fmt.Fprint(w, "\n### Faults at strength 1\n\n")
	kinds := map[[2]string]int{}
	for _, o := range outcomes {
		for _, m := range o.missed {
			fmt.Fprintf(w, "- seed %d: missed %s %s\n", o.seed, m.Rule, m.Entity)
		}
		for _, a := range o.falseAlarms {
			kinds[[2]string{a.Rule, cmp.Or(a.kind, "ordinary")}]++
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(kinds), func(a, b [2]string) int {
		return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
	}) {
		fmt.Fprintf(w, "- %d false alarms of %s on entities of the kind %s\n", kinds[k], k[0], k[1])
	}
}

// sumRules adds up the scores of each rule over some worlds, in the order of
// the rules' names.
func sumRules(outcomes []worldOutcome) []ruleScore {
	var sums []ruleScore
	for _, rule := range allRules(outcomes) {
		sums = append(sums, scoreOfRule(outcomes, rule))
	}
	return sums
}

func scoreOfRule(outcomes []worldOutcome, rule string) ruleScore {
	sum := ruleScore{rule: rule}
	for _, o := range outcomes {
		for _, s := range o.rules {
			if s.rule == rule {
				sum.add(s)
			}
		}
	}
	return sum
}

// signalOfRule is the median signal of planted behaviour for a rule.
func signalOfRule(outcomes []worldOutcome, rule string) string {
	var signals []float64
	for _, o := range outcomes {
		for what, signal := range o.signals {
			if what.Rule == rule {
				signals = append(signals, signal)
			}
		}
	}
	if len(signals) == 0 {
		return "-"
	}
	slices.Sort(signals)
	return fmt.Sprintf("%.2f", (signals[(len(signals)-1)/2]+signals[len(signals)/2])/2)
}

// missedSignals counts what was missed and returns the largest signal of it.
func missedSignals(outcomes []worldOutcome) (missed int, largest float64) {
	for _, o := range outcomes {
		missed += len(o.missed)
		for _, m := range o.missed {
			largest = max(largest, o.signals[m])
		}
	}
	return missed, largest
}

// sumAll adds up the scores of all rules on one world.
func sumAll(o worldOutcome) (sum ruleScore) {
	for _, s := range o.rules {
		sum.add(s)
	}
	return sum
}

func allRules(outcomes []worldOutcome) []string {
	names := map[string]bool{}
	for _, r := range detect.Rules() {
		names[r.ID] = true
	}
	for _, o := range outcomes {
		for _, s := range o.rules {
			names[s.rule] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// plantedRules are the rules for which anything is planted.
func plantedRules(outcomes []worldOutcome) []string {
	return slices.DeleteFunc(allRules(outcomes), func(rule string) bool { return scoreOfRule(outcomes, rule).planted == 0 })
}

func percentOf(n, all int) string {
	if all == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f %%", 100*float64(n)/float64(all))
}

// markdownTable is a table whose columns are as wide as their cells, so that
// the text can be read without a renderer.
type markdownTable struct {
	head []string
	rows [][]string
}

func (t *markdownTable) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t markdownTable) write(w io.Writer) {
	widths := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	line := func(cells []string) {
		for i, cell := range cells {
			fmt.Fprintf(w, "| %s%s ", cell, strings.Repeat(" ", widths[i]-len([]rune(cell))))
		}
		fmt.Fprintln(w, "|")
	}
	line(t.head)
	for i := range t.head {
		fmt.Fprint(w, "|", strings.Repeat("-", widths[i]+2))
	}
	fmt.Fprintln(w, "|")
	for _, row := range t.rows {
		line(row)
	}
}
