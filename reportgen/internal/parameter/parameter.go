// Package parameter converts the values of parameters to the types that notebooks
// declare.
//
// A [Language] reads the declarations of a notebook and writes them again with
// other values; [Convert] makes a value of a command line or a YAML file one of the
// declared [Kind].
package parameter

// Text is a value as a command line gives it: the declared default decides its
// type.
type Text string

// Language reads and writes parameters in the language of a kernel.
type Language interface {
	// Comment starts a comment that ends with the line.
	Comment() string
	// Declared lists the variables that a cell declares, in order.
	Declared(source string) ([]Variable, error)
	// Declare returns the line that declares v again with another value.
	Declare(v Variable, value any) (string, error)
}

// Variable is a parameter as a notebook declares it.
type Variable struct {
	Name    string
	Kind    Kind
	Type    string // its type in the kernel's language; empty if the value implies it
	Keyword string // the keyword of the declaration, if the language has several
}
