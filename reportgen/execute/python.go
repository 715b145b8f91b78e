package execute

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// pythonLanguage reads parameters as assignments at the start of a line.
type pythonLanguage struct{}

func (pythonLanguage) comment() string { return "#" }

var assignment = regexp.MustCompile(`^([A-Za-z_]\w*)\s*(?::[^=]*)?=\s*([^=\s].*)$`)

func (pythonLanguage) declared(source string) ([]variable, error) {
	var vars []variable
	for line := range strings.Lines(source) {
		if m := assignment.FindStringSubmatch(strings.TrimRight(line, "\r\n")); m != nil {
			vars = append(vars, variable{name: m[1], kind: pythonKind(m[2])})
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
func pythonKind(expr string) kind {
	value, _, _ := strings.Cut(expr, "#")
	value = strings.TrimSpace(value)
	switch {
	case value == "True" || value == "False":
		return boolKind
	case strings.HasPrefix(value, `"`), strings.HasPrefix(value, "'"):
		return stringKind
	case pythonInt.MatchString(value):
		return intKind
	case pythonFloat.MatchString(value):
		return floatKind
	case strings.HasPrefix(value, "["):
		return listKind
	}
	return anyKind
}

func (pythonLanguage) declare(v variable, value any) (string, error) {
	value, err := convert(value, v.kind)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s = %s", v.name, pythonLiteral(value)), nil
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
