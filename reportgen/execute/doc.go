// Package execute runs notebooks: a notebook in, the same notebook with its
// outputs out, for any kernel.
//
// [Run] takes notebooks in the order of the report and runs several at once, each
// in a kernel of its own in its own folder. The results come in the order of the
// inputs and hold what was computed until then also where a cell failed, ran out
// of time or took the kernel with it; [Result].Err says where and why.
//
//	results, err := execute.Run(ctx, []execute.Input{{Name: "day.ipynb", Dir: "notebooks", Notebook: nb}},
//		execute.Options{Parameters: []execute.Parameter{{Name: "baseline", Value: execute.Text("data.parquet")}}})
//
// A cell tagged "parameters" declares variables with defaults; the values given
// for them are declared again in a cell tagged "injected-parameters" after it, as
// papermill does, in the types of the defaults. A cell tagged "skip-execution",
// or that says "eval: false" in its first comment lines, does not run. One tagged
// "raises-exception" may fail.
//
// The same notebooks and parameters give the same bytes as far as the code in
// them does: no times, random names or absolute paths are kept.
package execute
