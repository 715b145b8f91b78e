// Package usage holds what all commands share: the layout of help texts, the manual
// page, and errors of missing, unexpected and unknown arguments and flags.
//
// The usage text of a flag begins with a typed placeholder in backquotes, such as
// "`DURATION` per-cell timeout (0 = none)", which is shown after the flag's name only.
package usage

import (
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// template returns cobra's template for usage texts, changed to show flags with
// their placeholders.
func template(text string) string {
	cobra.AddTemplateFunc("flagUsages", Flags)
	text = strings.ReplaceAll(text, ".LocalFlags.FlagUsages", "flagUsages .LocalFlags")
	return strings.ReplaceAll(text, ".InheritedFlags.FlagUsages", "flagUsages .InheritedFlags")
}

// Flags returns the usages of flags as pflag's method FlagUsages does, with
// placeholders.
func Flags(flags *pflag.FlagSet) string {
	shown := pflag.NewFlagSet("", pflag.ContinueOnError)
	shown.SortFlags = flags.SortFlags
	flags.VisitAll(func(f *pflag.Flag) {
		c := *f
		if c.DefValue == "[]" || c.DefValue == "0s" {
			c.DefValue = "" // the zero value, as pflag knows it of its own types
		}
		if placeholder, usage := splitUsage(f.Usage); placeholder != "" {
			c.Value, c.Usage = placeholderValue{f.Value, placeholder}, usage
		}
		shown.AddFlag(&c)
	})
	return shown.FlagUsages()
}

var leadingPlaceholder = regexp.MustCompile("^`([^`]+)` ")

// splitUsage returns the placeholder that a usage text begins with, if any, and
// the rest of the text.
func splitUsage(usage string) (placeholder, rest string) {
	m := leadingPlaceholder.FindStringSubmatch(usage)
	if m == nil {
		return "", usage
	}
	return m[1], usage[len(m[0]):]
}

// placeholderValue is a flag's value whose type is shown as a placeholder.
type placeholderValue struct {
	pflag.Value
	placeholder string
}

func (v placeholderValue) Type() string { return v.placeholder }
