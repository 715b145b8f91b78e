package siem

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// parseCondition reads a Sigma condition over named selections: and, or, not,
// parentheses, `1 of name*`, `all of name*`, `any of them`. Not binds closest,
// or least.
func parseCondition(text string, selections map[string]matcher) (matcher, error) {
	if strings.Contains(text, "|") {
		return nil, errors.New("counts after a | are no longer Sigma; write a second rule with correlation")
	}
	spaced := strings.NewReplacer("(", " ( ", ")", " ) ").Replace(text)
	p := &conditionParser{words: strings.Fields(spaced), selections: selections}
	m, err := p.either()
	if err == nil && len(p.words) > 0 {
		err = fmt.Errorf("unexpected %q (operators are lower case)", p.words[0])
	}
	if err != nil {
		return nil, fmt.Errorf("%q cannot be read: %w", text, err)
	}
	return m, nil
}

// conditionParser is a recursive-descent parser of the words that are left.
type conditionParser struct {
	words      []string
	depth      int
	selections map[string]matcher
}

// maxConditionDepth is how deep parentheses and nots may nest.
const maxConditionDepth = 100

func (p *conditionParser) next() string {
	if len(p.words) == 0 {
		return ""
	}
	w := p.words[0]
	p.words = p.words[1:]
	return w
}

// take drops the next word if it is w.
func (p *conditionParser) take(w string) bool {
	ok := len(p.words) > 0 && p.words[0] == w
	if ok {
		p.words = p.words[1:]
	}
	return ok
}

func (p *conditionParser) either() (matcher, error) { return p.list("or", p.both, anyOf) }

func (p *conditionParser) both() (matcher, error) { return p.list("and", p.one, allOf) }

func (p *conditionParser) list(word string, part func() (matcher, error), join func([]matcher) matcher) (matcher, error) {
	var ms []matcher
	for {
		m, err := part()
		if err != nil {
			return nil, err
		}
		ms = append(ms, m)
		if !p.take(word) {
			return join(ms), nil
		}
	}
}

func (p *conditionParser) one() (matcher, error) {
	if p.depth++; p.depth > maxConditionDepth {
		return nil, errors.New("it nests too deep")
	}
	defer func() { p.depth-- }()
	switch {
	case p.take("not"):
		m, err := p.one()
		if err != nil {
			return nil, err
		}
		return not(m), nil
	case p.take("("):
		m, err := p.either()
		if err == nil && !p.take(")") {
			err = errors.New("a parenthesis is not closed")
		}
		return m, err
	}
	word := p.next()
	if p.take("of") {
		return p.of(word)
	}
	if m, ok := p.selections[word]; ok {
		return m, nil
	}
	if word == "" {
		return nil, errors.New("it ends where a selection is expected")
	}
	return nil, fmt.Errorf("there is no selection %q", word)
}

// of reads what follows `1 of`, `any of` or `all of`.
func (p *conditionParser) of(how string) (matcher, error) {
	pattern := p.next()
	if pattern == "them" {
		pattern = "*"
	}
	var ms []matcher
	for _, name := range slices.Sorted(maps.Keys(p.selections)) {
		// Names that begin with _ are left out, as the specification says.
		if ok, err := path.Match(pattern, name); err == nil && ok && !strings.HasPrefix(name, "_") {
			ms = append(ms, p.selections[name])
		}
	}
	if len(ms) == 0 {
		return nil, fmt.Errorf("no selection is named %q", pattern)
	}
	switch how {
	case "1", "any":
		return anyOf(ms), nil
	case "all":
		return allOf(ms), nil
	}
	return nil, fmt.Errorf("%q of %s: write 1, any or all", how, pattern)
}
