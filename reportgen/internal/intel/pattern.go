package intel

import (
	"fmt"
	"regexp"
	"strings"
)

// comparison matches one comparison of a STIX pattern.
var comparison = regexp.MustCompile(`^\s*([a-zA-Z0-9-]+):([a-zA-Z0-9_.'\[\]*-]+)\s*(=|ISSUBSET|IN)\s*(?:('(?:[^'\\]|\\.)*')|(\d+)|\(([^()]*)\))\s*$`)

// literal matches a text of a STIX pattern.
var literal = regexp.MustCompile(`'((?:[^'\\]|\\.)*)'`)

// between separates observations that match alone, and joined
// matches those that must be seen together.
var (
	between = regexp.MustCompile(`\]\s*OR\s*\[`)
	joined  = regexp.MustCompile(`\]\s*(?:AND|FOLLOWEDBY|WITHIN|REPEATS|START|\))`)
)

// addPattern adds the comparisons of a pattern such as
// [ipv4-addr:value = '203.0.113.9' OR ipv4-addr:value ISSUBSET '198.51.100.0/24'].
// Of those joined by AND, an address with its port counts.
func (l *List) addPattern(o stixObject) error {
	pattern := strings.TrimSpace(o.Pattern)
	for strings.HasPrefix(pattern, "(") && strings.HasSuffix(pattern, ")") {
		pattern = strings.TrimSpace(pattern[1 : len(pattern)-1])
	}
	if !strings.HasPrefix(pattern, "[") || !strings.HasSuffix(pattern, "]") {
		if strings.HasPrefix(pattern, "[") || strings.HasPrefix(pattern, "(") {
			l.LeftOut[reasonPatterns]++
			return nil
		}
		return fmt.Errorf("pattern %q: not a STIX pattern", o.Pattern)
	}
	if joined.MatchString(pattern) {
		l.LeftOut[reasonPatterns]++
		return nil
	}
	for _, observation := range between.Split(pattern[1:len(pattern)-1], -1) {
		for _, part := range strings.Split(observation, " OR ") {
			if err := l.addConjunction(part, o); err != nil {
				return err
			}
		}
	}
	return nil
}

// addConjunction adds comparisons that are joined by AND.
func (l *List) addConjunction(text string, o stixObject) error {
	var values []string
	port, other := "", false
	parts := strings.Split(text, " AND ")
	for _, part := range parts {
		m := comparison.FindStringSubmatch(part)
		if m == nil {
			l.LeftOut[reasonPatterns]++
			return nil
		}
		switch m[1] + ":" + m[2] {
		case "ipv4-addr:value", "ipv6-addr:value", "domain-name:value", "url:value",
			"network-traffic:dst_ref.value", "network-traffic:src_ref.value":
			if len(values) > 0 {
				l.LeftOut[reasonPatterns]++
				return nil
			}
			for _, v := range literal.FindAllStringSubmatch(m[4]+m[6], -1) {
				values = append(values, strings.NewReplacer(`\'`, "'", `\\`, `\`).Replace(v[1]))
			}
		case "network-traffic:dst_port":
			port = m[5]
		case "network-traffic:dst_ref.type", "network-traffic:src_ref.type": // which the value says too
		default:
			other = true
		}
	}
	switch {
	case other && len(parts) > 1:
		l.LeftOut[reasonPatterns]++
		return nil
	case len(values) == 0 && port == "":
		l.LeftOut[reasonOther]++
		return nil
	case len(values) == 0:
		values, port = []string{port + "/tcp"}, ""
	}
	for _, v := range values {
		if port != "" && isName(v) {
			l.LeftOut[reasonPatterns]++
			continue
		}
		if err := l.add(endpoint(v, port), o.Name, o.ValidUntil); err != nil {
			return err
		}
	}
	return nil
}
