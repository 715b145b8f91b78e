// Package tex turns TeX formulas into MathML, which browsers set without any
// script.
//
// The converter is Temml (https://temml.org, MIT licence, version 0.13.5), the
// only well-kept one that covers the mathematics of LaTeX; its file is embedded
// as released and runs on goja, a JavaScript interpreter without access to
// files, network or clock. A formula that is not trusted can do nothing but
// draw: \href, \class, \includegraphics and their like are refused, and macros
// expand a bounded number of times.
package tex

import (
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/dop251/goja"
)

//go:embed temml.min.js
var temml string

// Bounds on a formula: its source in bytes, the calls within calls of its
// conversion, and its macro expansions.
const (
	maxSource = 16 << 10
	maxStack  = 2000
	wrapper   = `(source, display) => temml.renderToString(source, {
		displayMode: display, trust: false, throwOnError: true, strict: false, maxExpand: 1000, maxSize: [40, 40]})`
)

// Renderer converts formulas. It may not be used by two goroutines at once.
type Renderer struct {
	vm     *goja.Runtime
	render goja.Callable
	set    map[formula]string // what was converted: reports say the same symbols often
}

type formula struct {
	source  string
	display bool
}

// program is the converter, compiled once; it holds no state.
var program = sync.OnceValues(func() (*goja.Program, error) { return goja.Compile("temml.min.js", temml, false) })

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
	render, ok := goja.AssertFunction(value)
	if !ok {
		return nil, errors.New("start the TeX converter: not a function")
	}
	return &Renderer{vm, render, map[formula]string{}}, nil
}

// MathML is a formula as a <math> element, set as a line of its own where
// display is true. The error says what TeX does not allow, and where.
func (r *Renderer) MathML(source string, display bool) (string, error) {
	if len(source) > maxSource {
		return "", fmt.Errorf("longer than %d kB", maxSource>>10)
	}
	if mathML, ok := r.set[formula{source, display}]; ok {
		return mathML, nil
	}
	value, err := r.render(goja.Undefined(), r.vm.ToValue(source), r.vm.ToValue(display))
	if err != nil {
		return "", errors.New(reason(err))
	}
	r.set[formula{source, display}] = value.String()
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
