package execute

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// Parameter is a value for a variable that notebooks declare in the cell tagged
// "parameters". Notebooks that do not declare it are left alone.
type Parameter struct {
	Name string
	// Value is a string, bool, whole or floating-point number, a list ([]any) of
	// them, or a [Text].
	Value any
	// Shown stands for Value in the notebook that is kept, where that is not nil:
	// the name of a file whose absolute path only the kernel needs.
	Shown any
	// Optional makes it no error that no notebook declares the parameter.
	Optional bool
}

// Text is a value as a command line gives it: the default that the notebook
// declares says what type it is.
type Text string

// UnknownParameterError says that no notebook declares a parameter.
type UnknownParameterError struct {
	Name  string
	Known []string // the names that are declared, sorted
}

func (e *UnknownParameterError) Error() string {
	if len(e.Known) == 0 {
		return fmt.Sprintf("no notebook declares the parameter %q, nor any other: parameters are variables of a cell tagged \"parameters\"", e.Name)
	}
	return fmt.Sprintf("no notebook declares the parameter %q: the notebooks declare %s", e.Name, strings.Join(e.Known, ", "))
}

// ParameterValueError says that a value is not of the type that a notebook
// declares.
type ParameterValueError struct {
	Notebook string
	Name     string
	Err      error
}

func (e *ParameterValueError) Error() string {
	return fmt.Sprintf("parameter %s of %s: %v", e.Name, e.Notebook, e.Err)
}

func (e *ParameterValueError) Unwrap() error { return e.Err }

// language is how to read and write parameters in a kernel's language.
type language interface {
	// declared lists the variables of a parameters cell, in order.
	declared(source string) ([]variable, error)
	// declare is the line that declares v again with a value of its type.
	declare(v variable, value any) (string, error)
	comment() string
}

// variable is a parameter as a notebook declares it.
type variable struct {
	name    string
	kind    kind
	typ     string // its type as written, empty where the default implies it
	keyword string // in Go, var or const
}

func languageOf(nb *nbformat.Notebook) language {
	name := strings.ToLower(cmp.Or(nb.KernelName(), usualKernel(nb.Language())))
	switch lang := nb.Language(); {
	case lang == "go", lang == "" && name == "gonb":
		return goLanguage{}
	case lang == "python", lang == "ipython", lang == "" && strings.HasPrefix(name, "python"):
		return pythonLanguage{}
	}
	return nil
}

// injectAll declares the parameters again in every notebook that declares them.
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
				return fmt.Errorf("%s: its parameters cannot be set: the language is %q, and only Go and Python are supported", n.Name, n.nb.Language())
			}
			continue
		}
		vars, err := lang.declared(n.nb.Cells[at].Source)
		if err != nil {
			return fmt.Errorf("%s: cell %d, which declares the parameters: %w", n.Name, n.numbers[n.nb.Cells[at]], err)
		}
		for _, v := range vars {
			known[v.name] = true
		}
		if err := n.inject(lang, vars, params); err != nil {
			return err
		}
	}
	for _, p := range params {
		if !known[p.Name] && !p.Optional {
			return &UnknownParameterError{Name: p.Name, Known: slices.Sorted(maps.Keys(known))}
		}
	}
	return nil
}

func (n *notebook) inject(lang language, vars []variable, params []Parameter) error {
	head := lang.comment() + " Parameters of this run."
	run, shown := []string{head}, []string{head}
	for _, v := range vars {
		i := slices.IndexFunc(params, func(p Parameter) bool { return p.Name == v.name })
		if i < 0 {
			continue
		}
		p := params[i]
		line, err := lang.declare(v, p.Value)
		if err != nil {
			return &ParameterValueError{Notebook: n.Name, Name: v.name, Err: err}
		}
		run = append(run, line)
		if p.Shown != nil {
			if line, err = lang.declare(v, p.Shown); err != nil {
				return &ParameterValueError{Notebook: n.Name, Name: v.name, Err: err}
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
