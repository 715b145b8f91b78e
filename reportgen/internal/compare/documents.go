package compare

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/changes"
	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// difference is one difference between two documents.
type difference struct {
	Kind    changes.Kind `json:"kind"`              // New, Gone, moved or changed
	Section string       `json:"section,omitempty"` // the heading of the section
	What    string       `json:"what"`              // what is new, gone or moved; or what differs, with the old and the new value
}

// The kinds of differences that findings do not have.
const (
	moved   changes.Kind = "moved"
	changed changes.Kind = "changed"
)

// String returns the difference as a line.
func (d difference) String() string {
	if d.Kind == changed {
		return d.What
	}
	return string(d.Kind) + ": " + d.What
}

// maxListed is the number of differences that are listed of one table, figure or field.
const maxListed = 5

// documents returns the differences between two documents that a reader sees. It is empty only if they are equal, except
// for the cells that their parts come from and for volatile text (see package volatile).
func documents(was, is *document.Document) ([]difference, error) {
	old, err := collect(was)
	if err != nil {
		return nil, err
	}
	now, err := collect(is)
	if err != nil {
		return nil, err
	}
	runs := differences(old, now, func(i item) string { return i.key })
	displaced := takeMoved(runs)
	var all []difference
	for i, run := range runs {
		all = append(all, compareRun(run[0], run[1])...)
		all = append(all, displaced[i]...)
	}
	return all, nil
}

// takeMoved removes the items that are in one run of the old document and in another run of the new one. It returns the
// changes to list with each run of the new document.
func takeMoved(runs [][2][]item) [][]difference {
	from := make(map[string][]int) // runs of the old document by key
	for i, run := range runs {
		for _, old := range run[0] {
			from[old.key] = append(from[old.key], i)
		}
	}
	displaced := make([][]difference, len(runs))
	for i := range runs {
		runs[i][1] = slices.DeleteFunc(slices.Clone(runs[i][1]), func(now item) bool {
			if len(from[now.key]) == 0 {
				return false
			}
			j := from[now.key][0]
			from[now.key] = from[now.key][1:]
			at := slices.IndexFunc(runs[j][0], func(old item) bool { return old.key == now.key })
			runs[j][0] = slices.Delete(slices.Clone(runs[j][0]), at, at+1)
			displaced[i] = append(displaced[i], difference{moved, now.section, now.title()})
			return true
		})
	}
	return displaced
}

// compareRun compares the items between two that are equal in both documents.
func compareRun(was, is []item) []difference {
	var all []difference
	old := partners(was, is)
	for i, now := range is {
		if old[i] < 0 {
			all = append(all, difference{changes.New, now.section, now.title()})
			continue
		}
		for _, what := range compareItems(was[old[i]], now) {
			all = append(all, difference{changed, now.section, what})
		}
	}
	for i, before := range was {
		if !slices.Contains(old, i) {
			all = append(all, difference{changes.Gone, before.section, before.title()})
		}
	}
	return all
}

// partners returns for each item of is the index of the item in was that it replaces, or -1: the one with the same label,
// else the next one of its kind.
func partners(was, is []item) []int {
	old := slices.Repeat([]int{-1}, len(is))
	taken := make([]bool, len(was))
	for _, same := range []func(a, b item) bool{
		func(a, b item) bool { return a.kind == b.kind && a.id != "" && a.id == b.id },
		func(a, b item) bool { return a.kind == b.kind && (a.id == "") == (b.id == "") },
	} {
		for i := range is {
			for j := 0; j < len(was) && old[i] < 0; j++ {
				if !taken[j] && same(was[j], is[i]) {
					old[i], taken[j] = j, true
				}
			}
		}
	}
	return old
}

// title names an item in a message.
func (i item) title() string {
	switch {
	case i.name != "":
		return i.name
	case i.text != "":
		return fmt.Sprintf("%s %q", i.kind, shorten(i.text, 80))
	}
	return i.kind + " without a caption"
}

func shorten(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

// compareItems lists the differences of two items, and leaves none out: what has no description of its own is
// listed by the name of its field in document.json.
func compareItems(was, is item) []string {
	var found []string
	if was.name != is.name {
		found = append(found, fmt.Sprintf("%s: was %q", is.title(), was.title()))
	}
	switch {
	case is.table != nil && was.table != nil:
		found = append(found, compareTables(is.title(), was.table, is.table)...)
	case is.figure != nil && was.figure != nil:
		found = append(found, compareFigures(is.title(), was.figure, is.figure)...)
	case was.text != is.text:
		before, after := changedWords(was.text, is.text)
		found = append(found, fmt.Sprintf("%s: %q → %q", cmp.Or(is.name, is.kind), before, after))
	}
	a, b := maps.Clone(was.fields), maps.Clone(is.fields)
	if len(found) > 0 {
		for _, name := range is.said {
			delete(a, name)
			delete(b, name)
		}
	}
	rest := fieldChanges("", a, b)
	for _, change := range limit(rest, "differences") {
		found = append(found, is.title()+": "+change)
	}
	return found
}

// limit cuts a long list and says how much was cut.
func limit(list []string, what string) []string {
	if extra := len(list) - maxListed; extra > 1 {
		return append(list[:maxListed:maxListed], fmt.Sprintf("%d more %s", extra, what))
	}
	return list
}

// fieldChanges lists the values of JSON that differ, by their path.
func fieldChanges(path string, was, is any) []string {
	if reflect.DeepEqual(was, is) {
		return nil
	}
	switch b := is.(type) {
	case map[string]any:
		a, ok := was.(map[string]any)
		if !ok {
			break
		}
		names := maps.Clone(a)
		maps.Copy(names, b)
		var found []string
		for _, name := range slices.Sorted(maps.Keys(names)) {
			found = append(found, fieldChanges(strings.TrimPrefix(path+"."+name, "."), a[name], b[name])...)
		}
		return found
	case []any:
		a, ok := was.([]any)
		if !ok || len(a) != len(b) {
			break
		}
		var found []string
		for i := range b {
			found = append(found, fieldChanges(fmt.Sprintf("%s[%d]", path, i), a[i], b[i])...)
		}
		return found
	}
	show := func(v any) string {
		if v == nil {
			return "none"
		}
		text, err := json.Marshal(v)
		if err != nil {
			return fmt.Sprint(v)
		}
		return shorten(string(text), 80)
	}
	if a, ok := was.(string); ok {
		if b, ok := is.(string); ok {
			before, after := changedWords(a, b)
			return []string{fmt.Sprintf("%s: %q → %q", path, before, after)}
		}
	}
	return []string{fmt.Sprintf("%s: %s → %s", path, show(was), show(is))}
}

// changedWords returns the parts of two texts that differ, with a few words around them.
func changedWords(was, is string) (before, after string) {
	a, b := strings.Fields(was), strings.Fields(is)
	if slices.Equal(a, b) {
		return shorten(was, 160), shorten(is, 160) + " (other white space)"
	}
	from := 0
	for from < min(len(a), len(b)) && a[from] == b[from] {
		from++
	}
	to := 0
	for to < min(len(a), len(b))-from && a[len(a)-1-to] == b[len(b)-1-to] {
		to++
	}
	const around = 3
	cut := func(words []string) string {
		return shorten(strings.Join(words[max(0, from-around):min(len(words), len(words)-to+around)], " "), 160)
	}
	return cut(a), cut(b)
}
