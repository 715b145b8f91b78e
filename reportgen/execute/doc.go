// Package execute runs notebooks in any Jupyter kernel.
//
// [Run] runs several notebooks at once, each in a kernel of its own in its own folder.
// Results are in the order of the inputs. If a cell failed, timed out or ended the
// kernel, the result has the outputs until then, and [Result].Err is an [*Error].
//
//	results, err := execute.Run(ctx, []execute.Input{{Name: "day.ipynb", Dir: "notebooks", Notebook: nb}},
//		execute.Options{Parameters: []execute.Parameter{{Name: "baseline", Value: execute.Text("data.parquet")}}})
//
// A cell tagged "parameters" declares variables with defaults. As in papermill, given
// values are declared in a cell tagged "injected-parameters" after it, with the types
// of the defaults. A cell tagged "skip-execution", or with the Quarto option "eval:
// false", does not run. A cell tagged "raises-exception", or with "error: true", may
// fail.
//
// Outputs are reproducible as far as the code is: times, random names and absolute
// paths are removed.
package execute
