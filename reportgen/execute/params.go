package execute

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/drivers"
	"github.com/flowbook/flowbook/reportgen/internal/parameter"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// Parameter is a value for a variable that notebooks declare in the cell tagged
// "parameters". Notebooks that do not declare it ignore it.
type Parameter struct {
	Name string
	// Value is a string, bool, whole or floating-point number, a list ([]any) of
	// them, or a [Text].
	Value any
	// Shown replaces Value in the written notebook unless it is nil: the name of a
	// file whose absolute path only the kernel needs.
	Shown any
	// Optional parameters need not be declared by any notebook.
	Optional bool
	// Input parameters are passed to notebooks that do not declare them, in a way that
	// the caller of Run chooses.
	Input bool
}

// Text is a value as a command line gives it: the declared default decides its
// type.
type Text = parameter.Text

// unknownParameterError reports a parameter that no notebook declares.
type unknownParameterError struct {
	Name  string
	Known []string // the names that are declared, sorted
}

func (e *unknownParameterError) Error() string {
	if len(e.Known) == 0 {
		return fmt.Sprintf("parameter %q: no notebook declares parameters; declare it as a variable in a cell tagged \"parameters\"", e.Name)
	}
	return fmt.Sprintf("parameter %q: not declared by any notebook; they declare %s", e.Name, strings.Join(e.Known, ", "))
}

// parameterValueError reports a value that is not of the type that a notebook
// declares.
type parameterValueError struct {
	Notebook string
	Name     string
	Err      error
}

func (e *parameterValueError) Error() string {
	return fmt.Sprintf("parameter %s of %s: %v", e.Name, e.Notebook, e.Err)
}

func (e *parameterValueError) Unwrap() error { return e.Err }

// languageOf is the language of a notebook's parameters; nil if it is not known.
func languageOf(nb *nbformat.Notebook) parameter.Language {
	all := drivers.All()
	name := cmp.Or(nb.KernelName(), all.UsualName(nb.Language()))
	return all.OfLanguage(nb.Language(), name).Parameters()
}

// injectAll adds a cell with the parameters to every notebook that declares them.
func injectAll(ready []*notebook, params []Parameter) error {
	known := make(map[string]bool)
	for _, n := range ready {
		at := slices.IndexFunc(n.nb.Cells, func(c *nbformat.Cell) bool { return c.Type == nbformat.Code && c.HasTag(tagParameters) })
		if at < 0 {
			continue
		}
		lang := languageOf(n.nb)
		if lang == nil {
			if len(params) > 0 {
				return fmt.Errorf("%s: parameters of notebooks in the language %q cannot be set", n.Name, n.nb.Language())
			}
			continue
		}
		vars, err := lang.Declared(n.nb.Cells[at].Source)
		if err != nil {
			return fmt.Errorf("%s: cell %d: parameters: %w", n.Name, n.numbers[n.nb.Cells[at]], err)
		}
		for _, v := range vars {
			known[v.Name] = true
		}
		if err := n.inject(lang, vars, params); err != nil {
			return err
		}
	}
	for _, p := range params {
		if p.Input {
			known[p.Name] = true
		}
	}
	for _, p := range params {
		if !known[p.Name] && !p.Optional {
			return &unknownParameterError{Name: p.Name, Known: slices.Sorted(maps.Keys(known))}
		}
	}
	return nil
}

func (n *notebook) inject(lang parameter.Language, vars []parameter.Variable, params []Parameter) error {
	head := lang.Comment() + " Parameters of this run."
	run, shown := []string{head}, []string{head}
	for _, v := range vars {
		i := slices.IndexFunc(params, func(p Parameter) bool { return p.Name == v.Name })
		if i < 0 {
			continue
		}
		p := params[i]
		line, err := lang.Declare(v, p.Value)
		if err != nil {
			return &parameterValueError{Notebook: n.Name, Name: v.Name, Err: err}
		}
		run = append(run, line)
		if p.Shown != nil {
			if line, err = lang.Declare(v, p.Shown); err != nil {
				return &parameterValueError{Notebook: n.Name, Name: v.Name, Err: err}
			}
		}
		shown = append(shown, line)
	}
	if len(run) == 1 {
		return nil
	}
	cell := &nbformat.Cell{Type: nbformat.Code, ID: "injected-parameters", Metadata: map[string]any{"tags": []any{tagInjected}}, Source: strings.Join(shown, "\n")}
	n.code[cell] = strings.Join(run, "\n")
	n.nb.Cells = slices.DeleteFunc(n.nb.Cells, func(c *nbformat.Cell) bool { return c.HasTag(tagInjected) })
	at := slices.IndexFunc(n.nb.Cells, func(c *nbformat.Cell) bool { return c.Type == nbformat.Code && c.HasTag(tagParameters) })
	n.nb.Cells = slices.Insert(n.nb.Cells, at+1, cell)
	n.nb.Upgrade() // the id may be taken
	return nil
}
