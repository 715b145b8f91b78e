package usage

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Choice adds a flag that takes one of words; *value is the default. The help text, the
// completion of shells and the error of another value list the words.
func Choice[T ~string](c *cobra.Command, value *T, name, usage string, words ...T) {
	v := &choiceValue[T]{value: value}
	for _, w := range words {
		v.words = append(v.words, string(w))
	}
	c.Flags().Var(v, name, usage+": "+v.list())
	// It fails only for a flag that does not exist.
	_ = c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(v.words, cobra.ShellCompDirectiveNoFileComp))
}

type choiceValue[T ~string] struct {
	value *T
	words []string
}

func (v *choiceValue[T]) String() string { return string(*v.value) }
func (v *choiceValue[T]) Type() string   { return "string" }
func (v *choiceValue[T]) list() string   { return english.WordSeries(v.words, "or") }

func (v *choiceValue[T]) Set(s string) error {
	if !slices.Contains(v.words, s) {
		return errors.New("want " + v.list())
	}
	*v.value = T(s)
	return nil
}

// Once adds a flag for a file that may be given only once. Of a repeated flag,
// pflag would silently use the last value.
func Once(f *pflag.FlagSet, value *string, name, usage string) { f.Var(&onceValue{value}, name, usage) }

type onceValue struct{ value *string }

func (v *onceValue) String() string { return *v.value }
func (v *onceValue) Type() string   { return "string" }

func (v *onceValue) Set(s string) error {
	if *v.value != "" {
		return fmt.Errorf("the flag was given before with %q and takes one file", *v.value)
	}
	*v.value = s
	return nil
}

// NewDuration returns the value of a flag that takes a duration of zero or more. Its
// errors quote the text that the user gave: the values of pflag only know the duration.
func NewDuration(value *time.Duration, byDefault time.Duration) pflag.Value {
	*value = byDefault
	return (*durationValue)(value)
}

type durationValue time.Duration

func (v *durationValue) String() string { return time.Duration(*v).String() }
func (v *durationValue) Type() string   { return "duration" }

func (v *durationValue) Set(s string) error {
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		return errors.New("want a duration such as 30s, 5m or 1h30m")
	case d < 0:
		return errors.New("must not be negative")
	}
	*v = durationValue(d)
	return nil
}
