package ipython

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode"

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
			vars = append(vars, parameter.Variable{Name: m[1], Kind: kindOf(m[2])})
		}
	}
	return vars, nil
}

var (
	integer = regexp.MustCompile(`^[-+]?[0-9][0-9_]*$`)
	float   = regexp.MustCompile(`^[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9]+|[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?$`)
)

// kindOf is the kind of a default. Variables of Python have no type, so that any value
// may replace one that is not a literal.
func kindOf(expr string) parameter.Kind {
	value, _, _ := strings.Cut(expr, "#")
	value = strings.TrimSpace(value)
	switch {
	case value == "True" || value == "False":
		return parameter.Bool
	case strings.HasPrefix(value, `"`), strings.HasPrefix(value, "'"):
		return parameter.String
	case integer.MatchString(value):
		return parameter.Int
	case float.MatchString(value):
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
	return fmt.Sprintf("%s = %s", v.Name, literal(value)), nil
}

func literal(value any) string {
	switch value := value.(type) {
	case nil:
		return "None"
	case string:
		return quote(value)
	case bool:
		if value {
			return "True"
		}
		return "False"
	case float64:
		return floatLiteral(value)
	case []any:
		items := make([]string, len(value))
		for i, v := range value {
			items[i] = literal(v)
		}
		return "[" + strings.Join(items, ", ") + "]"
	case parameter.Map:
		items := make([]string, len(value))
		for i, p := range value {
			items[i] = literal(p.Key) + ": " + literal(p.Value)
		}
		return "{" + strings.Join(items, ", ") + "}"
	}
	return fmt.Sprint(value) // a whole number
}

func floatLiteral(f float64) string {
	switch {
	case math.IsNaN(f):
		return `float("nan")`
	case math.IsInf(f, 1):
		return `float("inf")`
	case math.IsInf(f, -1):
		return `float("-inf")`
	case f == math.Trunc(f) && math.Abs(f) < 1e15:
		return strconv.FormatFloat(f, 'f', 1, 64) // 2.0, not the whole number 2
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// quote writes a string literal of Python. Go's \x escapes stand for bytes, and
// Python's for characters, so that only \u and \U are used.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteRune('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
