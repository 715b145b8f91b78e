package detect

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Rule describes a detection for users. The texts are those of its file in
// [RuleFiles].
type Rule struct {
	ID             string
	Title          string
	Description    string
	Conditions     []string
	Response       []string
	Attack         []string // MITRE ATT&CK technique ids; none if it may be any
	FalsePositives []string
}

//go:embed rules/*.yaml
var ruleFiles embed.FS

// RuleFiles holds a Sigma document for each rule, in a file of its id.
func RuleFiles() fs.FS {
	files, err := fs.Sub(ruleFiles, "rules")
	if err != nil {
		panic(err) // the name is a valid one
	}
	return files
}

// Rules returns the rules by id.
func Rules() []Rule { return slices.Clone(rules()) }

// RuleOf returns the rule with an id, or false if there is none.
func RuleOf(id string) (Rule, bool) {
	i, ok := slices.BinarySearchFunc(rules(), id, func(r Rule, id string) int { return strings.Compare(r.ID, id) })
	if !ok {
		return Rule{}, false
	}
	return rules()[i], true
}

// rules reads the embedded files once. It panics on a file that a test of this
// package refuses.
var rules = sync.OnceValue(func() []Rule {
	files, err := fs.Glob(RuleFiles(), "*.yaml")
	if err != nil {
		panic(err)
	}
	var rules []Rule
	for _, file := range files {
		text, err := fs.ReadFile(RuleFiles(), file)
		if err != nil {
			panic(err)
		}
		r, err := readRule(strings.TrimSuffix(path.Base(file), ".yaml"), string(text))
		if err != nil {
			panic(fmt.Sprintf("rules/%s:%v", file, err))
		}
		rules = append(rules, r)
	}
	return rules
})

// readRule returns the words of the document with the rule's name. It reads
// the YAML that rule files are written in: block mappings and sequences of
// scalars on one line, which are plain or quoted. A notebook's cell links this
// package, and a general parser would take longer to link than the rest.
func readRule(id, text string) (Rule, error) {
	r := Rule{ID: id, Attack: []string{}}
	fields := map[string][]string{}
	key, parents := "", []string{}
	keep := func() bool { return slices.Equal(fields["name"], []string{id}) }
	for i, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimLeft(line, " ")
		switch {
		case line == "---":
			if !keep() {
				fields = map[string][]string{}
				continue
			}
		case trimmed == "" || trimmed[0] == '#':
			continue
		}
		if line == "---" {
			break
		}
		depth := (len(line) - len(trimmed)) / 2
		value, item := strings.CutPrefix(trimmed, "- ")
		if !item {
			name, rest, ok := strings.Cut(trimmed, ":")
			if !ok || depth > len(parents) {
				return r, fmt.Errorf("%d: want key: value or - item", i+1)
			}
			parents = append(parents[:depth], name)
			key, value = strings.Join(parents, "."), strings.TrimPrefix(rest, " ")
		}
		if value == "" || value == "[]" {
			continue
		}
		scalar, err := readScalar(value)
		if err != nil {
			return r, fmt.Errorf("%d: %w", i+1, err)
		}
		fields[key] = append(fields[key], scalar)
	}
	if !keep() {
		return r, fmt.Errorf("1: no document has the name %s", id)
	}
	r.Title, r.Description = strings.Join(fields["title"], ""), strings.Join(fields["description"], "")
	r.Conditions, r.Response = fields["flowbook.conditions"], fields["flowbook.response"]
	r.FalsePositives = fields["falsepositives"]
	for _, tag := range fields["tags"] {
		if t, ok := strings.CutPrefix(tag, "attack.t"); ok && t != "" && '0' <= t[0] && t[0] <= '9' {
			r.Attack = append(r.Attack, "T"+t)
		}
	}
	return r, nil
}

// readScalar reads a scalar of one line. Sequences in brackets, block scalars,
// anchors and similar syntax are refused, and so is a plain scalar with a comment.
func readScalar(s string) (string, error) {
	switch {
	case s[0] == '"':
		return strconv.Unquote(s)
	case strings.ContainsAny(s[:1], "'[]{}|>&*!%@`,?#") || strings.Contains(s, ": ") || strings.Contains(s, " #"):
		return "", fmt.Errorf("%.20q: write it plain, or in double quotes", s)
	}
	return s, nil
}
