// Package allowlist reads allow lists: YAML files that say which findings an
// organisation knows about and accepts.
//
//   - network: 88.198.7.20          # an address or a network, of the entity or its peer
//     rules: [external-automation]  # default: all rules
//     reason: hired monitoring
//   - owner: Dropbox                # words of an owner's name, or a number such as AS19679
//     rules: [exfiltration]
//   - country: BR
//
// A finding is allowed if all fields of an item apply to it.
package allowlist

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/flowbook/flowbook/pkg/budget"
	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/reportgen/internal/yamltext"
)

// Describe returns an item in one line.
func Describe(a detect.Allowance) string {
	var parts []string
	if a.Network.IsValid() {
		parts = append(parts, "network "+a.Network.String())
	}
	if a.Owner != "" {
		parts = append(parts, "owner "+a.Owner)
	}
	if a.Country != "" {
		parts = append(parts, "country "+a.Country)
	}
	if len(a.Rules) > 0 {
		parts = append(parts, "rules "+strings.Join(a.Rules, ", "))
	}
	if a.Reason != "" {
		parts = append(parts, a.Reason)
	}
	return strings.Join(parts, ", ")
}

// item is an item of the file.
type item struct {
	Network string   `yaml:"network"`
	Owner   string   `yaml:"owner"`
	Country string   `yaml:"country"`
	Rules   []string `yaml:"rules"`
	Reason  string   `yaml:"reason"`
}

// Read reads an allow list. Errors name the file and the line. isRule reports
// whether a rule exists.
func Read(path string, isRule func(id string) bool) (detect.AllowList, error) {
	b, err := budget.ReadFile(path, yamltext.Most)
	if err != nil {
		return nil, err
	}
	file, err := yamltext.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("%s: invalid YAML: %w", path, err)
	}
	var list detect.AllowList
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		items, ok := doc.Body.(*ast.SequenceNode)
		if !ok {
			return nil, fmt.Errorf("%s: line %d: want a list, whose items begin with a dash", path, doc.Body.GetToken().Position.Line)
		}
		for _, node := range items.Values {
			var fields item
			if err := yaml.NodeToValue(node, &fields, yaml.DisallowUnknownField()); err != nil {
				return nil, fmt.Errorf("%s: %s; the fields of an item are network, owner, country, rules (a list) and reason", path, yamltext.Describe(err))
			}
			a, err := fields.allowance(isRule)
			if err != nil {
				return nil, fmt.Errorf("%s: line %d: %w", path, node.GetToken().Position.Line, err)
			}
			list = append(list, a)
		}
	}
	return list, nil
}

func (fields item) allowance(isRule func(string) bool) (a detect.Allowance, err error) {
	a = detect.Allowance{Owner: fields.Owner, Country: fields.Country, Rules: fields.Rules, Reason: fields.Reason}
	if fields.Network != "" {
		if a.Network, err = parseNetwork(fields.Network); err != nil {
			return a, err
		}
	}
	if a.Country != "" && len(a.Country) != 2 {
		return a, fmt.Errorf("country %q: want two letters, such as BR", a.Country)
	}
	for _, id := range a.Rules {
		if !isRule(id) {
			return a, fmt.Errorf("unknown rule %q; reportgen rules lists the rules", id)
		}
	}
	if !a.Network.IsValid() && a.Owner == "" && a.Country == "" && len(a.Rules) == 0 {
		return a, errors.New("an item without network, owner, country and rules would allow everything")
	}
	return a, nil
}

// parseNetwork parses an address or a network.
func parseNetwork(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), nil
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	return netip.Prefix{}, fmt.Errorf("network %q: want an address or a network in CIDR form, such as 192.168.0.0/16", s)
}
