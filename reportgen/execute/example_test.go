package execute_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/flowbook/flowbook/reportgen/execute"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// notebook is a GoNB notebook of these code cells; the first declares parameters.
func notebook(cells ...string) *nbformat.Notebook {
	nb := &nbformat.Notebook{Metadata: map[string]any{"kernelspec": map[string]any{"name": "gonb", "language": "go"}}}
	for i, source := range cells {
		c := &nbformat.Cell{Type: nbformat.Code, Source: source}
		if i == 0 {
			c.Metadata = map[string]any{"tags": []any{"parameters"}}
		}
		nb.Cells = append(nb.Cells, c)
	}
	return nb
}

// Two notebooks side by side, with a value for the parameter that one declares.
// The other fails: what came before is kept, and the error says where and why.
func ExampleRun() {
	inputs := []execute.Input{
		{Name: "day.ipynb", Dir: ".", Notebook: notebook("var flows = 1", "%%\nfmt.Println(flows, \"flows\")")},
		{Name: "broken.ipynb", Dir: ".", Notebook: notebook("var n = 1", "%%\nfmt.Println(\"before\")", "%%\nvar m map[string]int\nm[\"x\"] = n")},
	}
	results, err := execute.Run(context.Background(), inputs, execute.Options{
		Jobs:       2,
		Parameters: []execute.Parameter{{Name: "flows", Value: execute.Text("1200000")}},
	})
	if err != nil {
		fmt.Println(err) // a parameter that no notebook declares, or of another type
		return
	}
	for _, r := range results {
		for _, c := range r.Notebook.Cells {
			for _, o := range c.Outputs {
				if o.Type == nbformat.Stream && o.Name == "stdout" {
					fmt.Printf("%s: %s", r.Name, o.Text)
				}
			}
		}
		var failed *execute.Error
		if errors.As(r.Err, &failed) {
			fmt.Printf("%s: cell %d, line %d: %s\n", failed.Notebook, failed.Cell, failed.Line, failed.Source)
		}
	}
	// Output:
	// day.ipynb: 1200000 flows
	// broken.ipynb: before
	// broken.ipynb: cell 3, line 3: m["x"] = n
}

// With a cache, a second run gives the same and runs only what changed.
func ExampleCache() {
	dir, err := os.MkdirTemp("", "cells-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	options := execute.Options{Cache: &execute.Cache{Dir: dir}}
	for _, last := range []string{"fmt.Println(n)", "fmt.Println(n)", "fmt.Println(n + 1)"} {
		in := execute.Input{Name: "day.ipynb", Dir: ".", Notebook: notebook("var n = 1", "%%\n"+last)}
		results, err := execute.Run(context.Background(), []execute.Input{in}, options)
		if err != nil {
			fmt.Println(err)
			return
		}
		r := results[0]
		fmt.Printf("%s: %d of %d cells unchanged\n", r.Notebook.Cells[1].Outputs[0].Text[:1], r.Cached, len(r.Notebook.Cells))
	}
	// Output:
	// 1: 0 of 2 cells unchanged
	// 1: 2 of 2 cells unchanged
	// 2: 1 of 2 cells unchanged
}
