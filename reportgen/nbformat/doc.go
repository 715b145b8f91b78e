// Package nbformat is the Jupyter notebook file (.ipynb) as a value, without
// loss: what this package does not know is kept and written back.
//
// [Read] and [ReadFile] decode nbformat 4.0 to 4.5. A source or a text that is
// a list of lines in the file is one string here, as kernels and writers want
// it. [Write] and [Marshal] encode as Jupyter does (keys sorted, indented by one
// space, text as lists of lines, a newline at the end), so that a notebook saved
// by either differs only where its content does.
//
//	nb, err := nbformat.ReadFile("1-introduction.ipynb")
//	for i, cell := range nb.Cells {
//		fmt.Println(i+1, cell.Type, cell.ID, cell.HasTag("parameters"))
//	}
//
// The format: https://nbformat.readthedocs.io/en/latest/format_description.html
package nbformat
