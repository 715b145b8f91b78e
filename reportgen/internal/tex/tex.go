// Package tex turns TeX formulas into MathML, which browsers display without
// scripts.
//
// The converter is Temml (https://temml.org, MIT licence, version 0.13.5) with its
// mhchem extension. The files are embedded as released and run on goja, a JavaScript
// interpreter without access to files, network or clock. Commands that MathJax has and
// Temml lacks are translated, and definitions apply to later formulas, as in JupyterLab.
//
// Formulas are not trusted: \includegraphics is refused, \href, \class and \style are
// ignored, and macros expand a bounded number of times.
package tex

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dop251/goja"
)

//go:embed temml.min.js
var temml string

// mhchem adds \ce to Temml.
//
//go:embed mhchem.min.js
var mhchem string

// Bounds on a formula: its source in bytes, the calls within calls of its conversion,
// its macro expansions, and the symbols that they give. All of them count work, so that
// a report does not depend on how busy the machine is. maxTime is for a fault of the
// converter.
const (
	maxSource  = 16 << 10
	maxStack   = 2000
	maxSymbols = 100_000
	maxAll     = 5_000_000 // symbols of a report
	maxTime    = 10 * time.Minute
)

// wrapper returns the converter, and the number of symbols that are left to it: each is
// taken from a stack.
const wrapper = `(() => {
	const pop = Array.prototype.pop, work = {left: 0}
	Array.prototype.pop = function () {
		if (--work.left < 0) throw new Error("too many symbols")
		return pop.call(this)
	}
	return [work, (source, display, macros) => temml.renderToString(source, {
		displayMode: display, trust: false, throwOnError: true, strict: false, maxExpand: 1000, maxSize: [40, 40],
		macros: Object.fromEntries(JSON.parse(macros))})]
})()`

// Renderer converts formulas. It may not be used by two goroutines at once.
type Renderer struct {
	vm     *goja.Runtime
	render goja.Callable
	work   *goja.Object
	left   int64              // symbols, of the report
	set    map[formula]string // converted formulas, since reports repeat symbols
	macros map[string]string  // definitions by the name of the command
	inline bool               // the current formula is in running text

	// Ignored lists the commands that were ignored so far, such as \href, which affect
	// more than the look of a formula.
	Ignored []string
}

type formula struct {
	source  string
	display bool
}

// program is the converter, compiled once; it holds no state.
var program = sync.OnceValues(func() (*goja.Program, error) { return goja.Compile("temml.min.js", temml+"\n"+mhchem, false) })

// New starts the converter, which takes some 60 ms the first time.
func New() (*Renderer, error) {
	compiled, err := program()
	if err != nil {
		return nil, fmt.Errorf("start the TeX converter: %w", err)
	}
	vm := goja.New()
	vm.SetMaxCallStackSize(maxStack)
	if _, err := vm.RunProgram(compiled); err != nil {
		return nil, fmt.Errorf("start the TeX converter: %w", err)
	}
	value, err := vm.RunString(wrapper)
	if err != nil {
		return nil, fmt.Errorf("start the TeX converter: %w", err)
	}
	parts := value.ToObject(vm)
	render, ok := goja.AssertFunction(parts.Get("1"))
	if !ok {
		return nil, errors.New("start the TeX converter: not a function")
	}
	return &Renderer{vm: vm, render: render, work: parts.Get("0").ToObject(vm), left: maxAll, set: map[formula]string{}, macros: map[string]string{}}, nil
}

// definition matches a formula that may define a command.
var definition = regexp.MustCompile(`\\(?:def|let|(?:re)?newcommand|providecommand|DeclareMathOperator)\b`)

// Forget forgets the definitions of formulas, at the end of a notebook.
func (r *Renderer) Forget() {
	clear(r.macros)
	clear(r.set)
}

// MathML converts a formula to a <math> element, set on a line of its own if display is
// true. Definitions, such as \newcommand, apply to later formulas too. The error says
// what is not valid TeX, and where.
func (r *Renderer) MathML(source string, display bool) (string, error) {
	if len(source) > maxSource {
		return "", fmt.Errorf("longer than %d kB", maxSource>>10)
	}
	if mathML, ok := r.set[formula{source, display}]; ok {
		return mathML, nil
	}
	r.inline = !display
	prepared := r.prepare(source)
	if prepared == "" && strings.TrimSpace(source) != "" {
		return "<math></math>", nil // definitions only
	}
	macros := make([][2]string, 0, len(r.macros))
	for _, name := range slices.Sorted(maps.Keys(r.macros)) {
		macros = append(macros, [2]string{name, r.macros[name]})
	}
	encoded, err := json.Marshal(macros)
	if err != nil {
		return "", err
	}
	if r.left == 0 {
		return "", fmt.Errorf("the formulas before it have more than %d symbols", maxAll)
	}
	most := min(r.left, maxSymbols)
	if err := r.work.Set("left", most); err != nil {
		return "", err
	}
	timer := time.AfterFunc(maxTime, func() { r.vm.Interrupt(nil) })
	value, err := r.render(goja.Undefined(), r.vm.ToValue(prepared), r.vm.ToValue(display), r.vm.ToValue(string(encoded)))
	if !timer.Stop() {
		r.vm.ClearInterrupt()
	}
	r.left -= most - max(0, r.work.Get("left").ToInteger())
	if _, ok := errors.AsType[*goja.InterruptedError](err); ok {
		return "", fmt.Errorf("takes more than %v", maxTime)
	}
	if err != nil {
		return "", errors.New(reason(err))
	}
	if !definition.MatchString(source) {
		r.set[formula{source, display}] = value.String()
	}
	return value.String(), nil
}

// reason is the converter's message without the place in its own source and
// without the combining marks with which it underlines.
func reason(err error) string {
	message := err.Error()
	if e, ok := errors.AsType[*goja.Exception](err); ok {
		message = e.Value().String()
	}
	if _, ok := errors.AsType[*goja.StackOverflowError](err); ok {
		message = "nested too deeply"
	}
	message = strings.TrimPrefix(message, "ParseError: ")
	message = strings.ReplaceAll(message, "\u0332", "")
	return strings.Join(strings.Fields(message), " ")
}
