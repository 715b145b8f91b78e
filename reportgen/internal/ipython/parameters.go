package ipython

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/parameter"
)

// language reads parameters as assignments at the start of a line.
type language struct{}

func (language) Comment() string { return "#" }

var assignment = regexp.MustCompile(`^([A-Za-z_]\w*)\s*(?::[^=]*)?=\s*([^=\s].*)$`)

func (language) Declared(source string) ([]parameter.Variable, error) {
	var vars []parameter.Variable
	for line := range strings.Lines(source) {
		if m := assignment.FindStringSubmatch(strings.TrimRight(line, "\r\n")); m != nil {
			vars = append(vars, parameter.Variable{Name: m[1], Kind: pythonKind(m[2])})
		}
	}
	return vars, nil
}

var (
	pythonInt   = regexp.MustCompile(`^[-+]?[0-9][0-9_]*$`)
	pythonFloat = regexp.MustCompile(`^[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9]+|[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?$`)
)

// pythonKind is the kind of a default. Python's variables have no type to keep,
// so any value may replace one that is not a plain one.
func pythonKind(expr string) parameter.Kind {
	value, _, _ := strings.Cut(expr, "#")
	value = strings.TrimSpace(value)
	switch {
	case value == "True" || value == "False":
		return parameter.Bool
	case strings.HasPrefix(value, `"`), strings.HasPrefix(value, "'"):
		return parameter.String
	case pythonInt.MatchString(value):
		return parameter.Int
	case pythonFloat.MatchString(value):
		return parameter.Float
	case strings.HasPrefix(value, "["):
		return parameter.List
	}
	return parameter.Any
}

func (language) Declare(v parameter.Variable, value any) (string, error) {
	value, err := parameter.Convert(value, v.Kind)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s = %s", v.Name, pythonLiteral(value)), nil
}

func pythonLiteral(value any) string {
	switch value := value.(type) {
	case string:
		return strconv.Quote(value) // Go's escapes are Python's too
	case bool:
		if value {
			return "True"
		}
		return "False"
	case float64:
		if value == math.Trunc(value) && math.Abs(value) < 1e15 {
			return strconv.FormatFloat(value, 'f', 1, 64) // 2.0, not the whole number 2
		}
		return strconv.FormatFloat(value, 'g', -1, 64)
	case []any:
		items := make([]string, len(value))
		for i, v := range value {
			items[i] = pythonLiteral(v)
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	return fmt.Sprint(value)
}
