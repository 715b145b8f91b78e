package compare

import (
	"cmp"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/volatile"
)

// difference is one difference between two documents.
type difference struct {
	Section string // the heading of the section
	What    string // what differs, with the old and the new value
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
	moved := takeMoved(runs)
	var changes []difference
	for i, run := range runs {
		changes = append(changes, compareRun(run[0], run[1])...)
		changes = append(changes, moved[i]...)
	}
	return changes, nil
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
	moved := make([][]difference, len(runs))
	for i := range runs {
		runs[i][1] = slices.DeleteFunc(slices.Clone(runs[i][1]), func(now item) bool {
			if len(from[now.key]) == 0 {
				return false
			}
			j := from[now.key][0]
			from[now.key] = from[now.key][1:]
			at := slices.IndexFunc(runs[j][0], func(old item) bool { return old.key == now.key })
			runs[j][0] = slices.Delete(slices.Clone(runs[j][0]), at, at+1)
			moved[i] = append(moved[i], difference{now.section, "moved: " + now.title()})
			return true
		})
	}
	return moved
}

// compareRun compares the items between two that are equal in both documents.
func compareRun(was, is []item) []difference {
	var changes []difference
	old := partners(was, is)
	for i, now := range is {
		if old[i] < 0 {
			changes = append(changes, difference{now.section, "new: " + now.title()})
			continue
		}
		for _, what := range compareItems(was[old[i]], now) {
			changes = append(changes, difference{now.section, what})
		}
	}
	for i, before := range was {
		if !slices.Contains(old, i) {
			changes = append(changes, difference{before.section, "removed: " + before.title()})
		}
	}
	return changes
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

// compareTables lists the values that differ, by the text in the first column of their row and the title of their column.
func compareTables(title string, was, is *document.Table) []string {
	var found []string
	for i := range max(len(was.Parts), len(is.Parts)) {
		switch {
		case i >= len(was.Parts):
			found = append(found, fmt.Sprintf("%s: part (%s) is new", title, is.Parts[i].Letter))
		case i >= len(is.Parts):
			found = append(found, fmt.Sprintf("%s: part (%s) was removed", title, was.Parts[i].Letter))
		default:
			part := fmt.Sprintf("%s (%s)", title, is.Parts[i].Letter)
			found = append(found, captionChange(part, was.Parts[i].Caption, is.Parts[i].Caption)...)
			found = append(found, compareTables(part, was.Parts[i].Table, is.Parts[i].Table)...)
		}
	}
	if !slices.Equal(was.Columns, is.Columns) {
		names := func(t *document.Table) string {
			var all []string
			for _, c := range t.Columns {
				all = append(all, c.Title)
			}
			return strings.Join(all, " | ")
		}
		if names(was) != names(is) {
			return append(found, fmt.Sprintf("%s: columns %s → %s", title, shorten(names(was), 80), shorten(names(is), 80)))
		}
		found = append(found, title+": columns are aligned differently")
	}
	var rows []string
	for _, run := range differences(was.Rows, is.Rows, rowKey) {
		old, now := run[0], run[1]
		for i := range max(len(old), len(now)) {
			switch {
			case i >= len(old):
				rows = append(rows, "new row "+rowText(now[i]))
			case i >= len(now):
				rows = append(rows, "removed row "+rowText(old[i]))
			default:
				rows = append(rows, rowChanges(is.Columns, old[i], now[i])...)
			}
		}
	}
	for _, change := range limit(rows, "differences") {
		found = append(found, title+": "+change)
	}
	return found
}

func rowKey(row []document.Value) string {
	var b strings.Builder
	for _, v := range row {
		fmt.Fprintf(&b, "%q %q ", volatile.Text(v.Text), volatile.Text(v.Raw))
	}
	return b.String()
}

func rowText(row []document.Value) string {
	var all []string
	for _, v := range row {
		all = append(all, v.Text)
	}
	return shorten(strings.Join(all, " | "), 80)
}

func rowChanges(columns []document.Column, was, is []document.Value) []string {
	var found []string
	for i := range min(len(was), len(is), len(columns)) {
		place := fmt.Sprintf("row %q, column %q", shorten(is[0].Text, 80), columns[i].Title)
		switch {
		case volatile.Text(was[i].Text) != volatile.Text(is[i].Text):
			found = append(found, fmt.Sprintf("%s: %s → %s", place, cmp.Or(was[i].Text, "(empty)"), cmp.Or(is[i].Text, "(empty)")))
		case volatile.Text(was[i].Raw) != volatile.Text(is[i].Raw):
			found = append(found, fmt.Sprintf("%s: %s is %s, was %s", place, is[i].Text, is[i].Raw, was[i].Raw))
		}
	}
	return found
}

// compareFigures lists what differs in a figure: its words, its labels, the data that it draws, or only how it is drawn.
func compareFigures(title string, was, is *document.Figure) []string {
	found := comparePictures(title, was.Picture, is.Picture)
	for i := range max(len(was.Parts), len(is.Parts)) {
		switch {
		case i >= len(was.Parts):
			found = append(found, fmt.Sprintf("%s: part (%s) is new", title, is.Parts[i].Letter))
		case i >= len(is.Parts):
			found = append(found, fmt.Sprintf("%s: part (%s) was removed", title, was.Parts[i].Letter))
		default:
			part := fmt.Sprintf("%s (%s)", title, is.Parts[i].Letter)
			found = append(found, captionChange(part, was.Parts[i].Caption, is.Parts[i].Caption)...)
			found = append(found, comparePictures(part, was.Parts[i].Picture, is.Parts[i].Picture)...)
		}
	}
	switch {
	case was.Data == nil && is.Data == nil:
	case was.Data == nil:
		found = append(found, title+": its data are new")
	case is.Data == nil:
		found = append(found, title+": its data were removed")
	default:
		found = append(found, compareTables(title+": data", was.Data, is.Data)...)
	}
	return found
}

func captionChange(title string, was, is *document.Text) []string {
	plain := func(t *document.Text) string {
		if t == nil {
			return ""
		}
		return t.Plain()
	}
	if a, b := plain(was), plain(is); a != b {
		return []string{fmt.Sprintf("%s: caption %q → %q", title, a, b)}
	}
	return nil
}

func comparePictures(title string, was, is *document.Picture) []string {
	if was == nil || is == nil {
		if was != is {
			return []string{title + ": has other pictures"}
		}
		return nil
	}
	var found []string
	if was.Alt != is.Alt {
		before, after := changedWords(was.Alt, is.Alt)
		found = append(found, fmt.Sprintf("%s: alt text %q → %q", title, before, after))
	}
	switch {
	case (was.Vector == nil) != (is.Vector == nil) || was.Media != is.Media:
		found = append(found, fmt.Sprintf("%s: picture %s → %s", title, was.Extension(), is.Extension()))
	case is.Vector == nil && !slices.Equal(was.Data, is.Data):
		found = append(found, fmt.Sprintf("%s: other picture (%d bytes, was %d)", title, len(is.Data), len(was.Data)))
	case is.Vector != nil:
		a, b := volatile.Markup(string(was.Vector.Standalone(""))), volatile.Markup(string(is.Vector.Standalone("")))
		if a != b {
			found = append(found, title+": "+labelChanges(labels(a), labels(b)))
		}
	}
	return found
}

func labelChanges(was, is []string) string {
	var gone, added []string
	for _, run := range differences(was, is, func(s string) string { return s }) {
		gone, added = append(gone, run[0]...), append(added, run[1]...)
	}
	if len(gone)+len(added) == 0 {
		return "drawn differently, with the same labels"
	}
	list := func(texts []string) string {
		if len(texts) > maxListed {
			return fmt.Sprintf("%q and %d more", texts[:maxListed], len(texts)-maxListed)
		}
		return fmt.Sprintf("%q", texts)
	}
	return fmt.Sprintf("labels %s → %s", list(gone), list(added))
}

// labels returns the texts in a vector picture.
func labels(picture string) []string {
	var texts []string
	d := xml.NewDecoder(strings.NewReader(picture))
	style := false
	for {
		token, err := d.RawToken()
		if err != nil {
			return texts
		}
		switch t := token.(type) {
		case xml.StartElement:
			style = t.Name.Local == "style"
		case xml.EndElement:
			style = false
		case xml.CharData:
			if text := strings.Join(strings.Fields(string(t)), " "); text != "" && !style {
				texts = append(texts, text)
			}
		}
	}
}

// fragmentText is the text of HTML, with the words of its pictures.
func fragmentText(f document.Fragment) string {
	var source strings.Builder
	for _, p := range f.Pieces {
		source.WriteString(p.Markup)
		if p.Picture != nil {
			source.WriteString(html.EscapeString(" " + p.Picture.Alt + " "))
		}
	}
	return htmlText(source.String())
}

func htmlText(source string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(source))
	hidden := false
	for {
		switch z.Next() {
		case html.ErrorToken:
			return strings.Join(strings.Fields(b.String()), " ")
		case html.StartTagToken:
			name, _ := z.TagName()
			a := atom.Lookup(name)
			hidden = a == atom.Style || a == atom.Script
			b.WriteByte(' ')
		case html.EndTagToken:
			hidden = false
			b.WriteByte(' ')
		case html.TextToken:
			if !hidden {
				b.Write(z.Text())
			}
		}
	}
}
