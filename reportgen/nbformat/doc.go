// Package nbformat reads and writes Jupyter notebooks (.ipynb) without loss: fields
// that it does not know are kept.
//
// [ReadFile] and [Unmarshal] decode nbformat 4, and convert 2 and 3 to it. A source or a text that is a
// list of lines in the file is one string here. [Marshal] encodes as Jupyter does (keys
// sorted, indented by one space, text as lists of lines, a newline at the end), so that
// a notebook saved by either has the same bytes.
//
//	nb, err := nbformat.ReadFile("1-introduction.ipynb")
//	for i, cell := range nb.Cells {
//		fmt.Println(i+1, cell.Type, cell.ID, cell.HasTag("parameters"))
//	}
//
// The format: https://nbformat.readthedocs.io/en/latest/format_description.html
package nbformat
