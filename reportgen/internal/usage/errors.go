package usage

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/flowbook/flowbook/pkg/query"
)

// wanted says what a flag takes, by the type of its value in pflag.
var wanted = map[string]string{
	"int":            "a whole number",
	"uint64":         "a whole number that is not negative",
	"float64":        "a number",
	"bool":           "true or false",
	"time":           "a date such as 2024-04-21",
	"stringToString": "NAME=VALUE, and several separated by commas",
}

// flagError words the errors of pflag for users: pflag repeats the messages of
// strconv and time, which name functions of Go.
func flagError(cmd *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		name := "--" + invalid.GetFlag().Name
		if want, ok := wanted[invalid.GetFlag().Value.Type()]; ok {
			return fmt.Errorf("%s %q: want %s", name, invalid.GetValue(), want)
		}
		return fmt.Errorf("%s %q: %w", name, invalid.GetValue(), errors.Unwrap(invalid))
	}
	var missing *pflag.ValueRequiredError
	if errors.As(err, &missing) {
		return fmt.Errorf("--%s: the value is missing", missing.GetFlag().Name)
	}
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		if near := query.DidYouMean(unknown.GetSpecifiedName(), names); near != "" && unknown.GetSpecifiedShortnames() == "" {
			return fmt.Errorf("%w; %s", err, near)
		}
		return fmt.Errorf("%w; run %s --help for a list", err, cmd.CommandPath())
	}
	return err
}
