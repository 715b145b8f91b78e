package nb

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
)

// configName is the file beside the notebooks that declares their inputs.
const configName = "report.yaml"

// givenVariable is the variable in which reportgen passes the inputs of report.yaml and
// of its flags to cells, as a JSON object.
const givenVariable = "FLOWBOOK_INPUTS"

// declaredInputs returns the inputs that reportgen passes or, in Jupyter, those that
// report.yaml declares.
func declaredInputs() (Inputs, error) {
	if given := os.Getenv(givenVariable); given != "" {
		var values map[string]string
		if err := json.Unmarshal([]byte(given), &values); err != nil {
			return Inputs{}, fmt.Errorf("$%s: %w", givenVariable, err)
		}
		return inputsOf(values)
	}
	src, err := os.ReadFile(configName)
	if errors.Is(err, fs.ErrNotExist) {
		return Inputs{}, fmt.Errorf("no %s beside the notebook; write one with inputs, or call nb.Open(nb.Inputs{…})", configName)
	}
	if err != nil {
		return Inputs{}, err
	}
	values, err := readInputs(string(src))
	if err != nil {
		return Inputs{}, fmt.Errorf("%s: %w", configName, err)
	}
	return inputsOf(values)
}

// inputsOf returns inputs from their names in report.yaml.
func inputsOf(values map[string]string) (Inputs, error) {
	var in Inputs
	fields := map[string]*string{
		"baseline": &in.Baseline, "test": &in.Test, "servers": &in.Servers,
		"country": &in.Country, "asn": &in.ASN, "internal": &in.Internal, "days": &in.Days,
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		value := values[name]
		if field := fields[name]; field != nil {
			*field = value
			continue
		}
		if name != "sensitivity" {
			return in, fmt.Errorf("unknown input %q; the inputs are asn, baseline, country, days, internal, sensitivity, servers and test", name)
		}
		if value == "" {
			continue
		}
		k, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return in, fmt.Errorf("input sensitivity: %q is not a number", value)
		}
		in.Sensitivity = k
	}
	return in, nil
}

// readInputs reads the mapping "inputs" of a report.yaml. Cells link no YAML parser, so
// it reads a subset: one "name: value" a line, with a plain or quoted value or a list in
// brackets. All else in the mapping is an error, so that nothing is misread.
func readInputs(src string) (map[string]string, error) {
	values := make(map[string]string)
	inside := false
	for i, line := range strings.Split(strings.TrimPrefix(src, "\ufeff"), "\n") {
		line = strings.TrimRight(line, " \t\r")
		text := strings.TrimLeft(line, " ")
		switch {
		case text == "" || text[0] == '#':
			continue
		case text == line: // a key of the document
			name, rest, _ := strings.Cut(line, ":")
			inside = name == "inputs"
			if rest = uncommented(rest); inside && rest != "" && rest != "{}" {
				return nil, fmt.Errorf("line %d: inputs is not a mapping with one name: value a line", i+1)
			}
		case inside:
			name, rest, ok := strings.Cut(text, ":")
			value, err := scalar(strings.TrimSpace(rest))
			if !ok || rest != "" && rest[0] != ' ' || err != nil {
				return nil, fmt.Errorf("line %d: cannot read the input %q; write name: value, with quotation marks around special characters", i+1, text)
			}
			if _, again := values[name]; again {
				return nil, fmt.Errorf("line %d: input %s is given twice", i+1, name)
			}
			values[name] = value
		}
	}
	return values, nil
}

var errScalar = errors.New("not a simple value")

// scalar returns the text of a YAML scalar, or the elements of a list, joined with commas.
func scalar(s string) (string, error) {
	switch {
	case s == "":
		return "", nil
	case s[0] == '"':
		end := strings.LastIndex(s, `"`)
		if uncommented(s[end+1:]) != "" {
			return "", errScalar
		}
		return strconv.Unquote(s[:end+1])
	case s[0] == '\'':
		end := strings.LastIndex(s, `'`)
		body := s[1:max(end, 1)]
		if end == 0 || uncommented(s[end+1:]) != "" || strings.Contains(strings.ReplaceAll(body, "''", ""), "'") {
			return "", errScalar
		}
		return strings.ReplaceAll(body, "''", "'"), nil
	case s[0] == '[':
		return list(uncommented(s))
	}
	s = uncommented(s)
	if s != "" && strings.ContainsRune("|>&*!{}]%@`,?", rune(s[0])) || strings.Contains(s, ": ") || strings.HasPrefix(s, "- ") {
		return "", errScalar
	}
	if s == "~" || s == "null" {
		return "", nil
	}
	return s, nil
}

// list returns the plain or quoted elements of a list in brackets, joined with commas.
func list(s string) (string, error) {
	body, ok := strings.CutSuffix(s[1:], "]")
	if !ok || strings.ContainsAny(body, "[]{}") {
		return "", errScalar
	}
	var elements []string
	for element := range strings.SplitSeq(body, ",") {
		v, err := scalar(strings.TrimSpace(element))
		if err != nil {
			return "", err
		}
		if v != "" {
			elements = append(elements, v)
		}
	}
	return strings.Join(elements, ","), nil
}

// uncommented returns a plain scalar without the comment after it.
func uncommented(s string) string {
	if strings.HasPrefix(s, "#") {
		return ""
	}
	if at := strings.Index(s, " #"); at >= 0 {
		s = s[:at]
	}
	return strings.TrimSpace(s)
}
