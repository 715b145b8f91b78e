package compare

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// notebookChanges compares executed notebooks, for a report that is nothing else.
func notebookChanges(was, fresh string) ([]pageChange, error) {
	old, err := readNotebooks(was)
	if err != nil {
		return nil, err
	}
	now, err := readNotebooks(fresh)
	if err != nil {
		return nil, err
	}
	return comparePages(old, now), nil
}

func readNotebooks(dir string) ([]pageItem, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.ipynb"))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	var items []pageItem
	for _, file := range files {
		nb, err := nbformat.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for i, c := range nb.Cells {
			where := fmt.Sprintf("%s, cell %d (%s)", filepath.Base(file), i+1, c.ID)
			kind := "code"
			if c.Type != nbformat.Code {
				kind = "text"
			}
			items = append(items, pageItem{kind: kind, section: where, text: c.Source})
			for _, o := range c.Outputs {
				items = append(items, outputItem(where, o))
			}
		}
	}
	return items, nil
}

// outputItem is an output as a reader sees it: its figure, else its text.
func outputItem(where string, o *nbformat.Output) pageItem {
	item := pageItem{kind: "output", section: where, text: o.Text + o.EName + o.EValue}
	for _, mime := range slices.Sorted(maps.Keys(o.Data)) {
		if mime == "image/svg+xml" || mime == "image/png" {
			item.kind = "figure"
		}
		item.text += fmt.Sprintf("%s: %v\n", mime, o.Data[mime])
	}
	meta, _ := o.Metadata["reportgen"].(map[string]any)
	item.caption, _ = meta["label"].(string)
	return item
}
