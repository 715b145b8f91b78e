package execute_test

import (
	"context"
	"fmt"

	"github.com/flowbook/flowbook/reportgen/execute"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// Two notebooks side by side, with a value for the parameter that they declare.
func ExampleRun() {
	var inputs []execute.Input
	for _, name := range []string{"1-introduction.ipynb", "2-normal-behaviour.ipynb"} {
		nb, err := nbformat.ReadFile("notebooks/" + name)
		if err != nil {
			fmt.Println(err)
			return
		}
		inputs = append(inputs, execute.Input{Name: name, Dir: "notebooks", Notebook: nb})
	}
	results, err := execute.Run(context.Background(), inputs, execute.Options{
		Jobs:       2,
		Parameters: []execute.Parameter{{Name: "sensitivity", Value: execute.Text("2.5")}},
	})
	if err != nil {
		fmt.Println(err) // a parameter that no notebook declares, or of another type
		return
	}
	for _, r := range results {
		if r.Err != nil {
			fmt.Println(r.Err) // notebook, cell, line and reason; what came before is in r.Notebook
		}
	}
}
