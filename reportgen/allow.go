package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/spf13/pflag"
)

const showHelp = `What an organisation knows and wants stands in a file that --allow names. It is applied to
what was found and never to the flows, so that what is allowed still teaches what is usual:

  - network: 88.198.7.20          # an address or a network, of the entity or of where it went
    rules: [external-automation]  # none means all
    reason: hired monitoring
  - owner: Dropbox                # words of an owner's name, or its number such as AS19679
    rules: [exfiltration]
  - country: BR

All that one item says must fit. With --fail-on, the exit status is 1 where anything is shown
of that severity or above.`

// showOptions are the flags of detect on what is shown.
type showOptions struct {
	allow  string
	failOn string
}

func (o *showOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.allow, "allow", "", "`FILE` allow list: findings that it names are not shown")
	f.StringVar(&o.failOn, "fail-on", "", "`SEVERITY` exit with 1 if a finding has this severity or above")
}

// open checks the flags and reads the allow-list; isRule says which rules there
// are.
func (o showOptions) open(isRule func(id string) bool) (detect.AllowList, error) {
	if o.failOn != "" && !detect.Severity(o.failOn).Known() {
		return nil, fmt.Errorf("--fail-on %q is none of info, low, medium, high, critical", o.failOn)
	}
	if o.allow == "" {
		return nil, nil
	}
	list, err := readAllowList(o.allow, isRule)
	if err != nil {
		return nil, fmt.Errorf("--allow: %w", err)
	}
	return list, nil
}

// isRule says whether there is a rule with an id.
func (a *alerting) isRule(id string) bool {
	_, ok := a.set.Rule(id)
	return ok
}

// apply takes what is allowed out of a result and says so.
func (o showOptions) apply(list detect.AllowList, r detect.Result, c *console.Console) detect.Result {
	r, hidden := list.Apply(r)
	for i, n := range hidden {
		if n > 0 {
			c.Infof("not shown: %d of %s (%s)", n, allowanceText(list[i]), o.allow)
		}
	}
	return r
}

// verdict is an error where findings are as severe as --fail-on says.
func (o showOptions) verdict(r detect.Result) error {
	if o.failOn == "" {
		return nil
	}
	n := 0
	for _, f := range r.Findings {
		if f.Severity.Compare(detect.Severity(o.failOn)) >= 0 {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return exit.With(exit.Failed, fmt.Errorf("%d findings are of severity %s or above, as --fail-on asks", n, o.failOn))
}

// allowanceText is an item of an allow-list in one line.
func allowanceText(a detect.Allowance) string {
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

// allowItem is an item as it stands in the file.
type allowItem struct {
	Network string   `yaml:"network"`
	Owner   string   `yaml:"owner"`
	Country string   `yaml:"country"`
	Rules   []string `yaml:"rules"`
	Reason  string   `yaml:"reason"`
}

// readAllowList reads an allow-list. An error names the file and the line.
func readAllowList(path string, isRule func(string) bool) (detect.AllowList, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	file, err := parser.ParseBytes(b, 0)
	if err != nil {
		return nil, fmt.Errorf("%s is not YAML: %s", path, yaml.FormatError(err, false, false))
	}
	var list detect.AllowList
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		items, ok := doc.Body.(*ast.SequenceNode)
		if !ok {
			return nil, fmt.Errorf("%s, line %d: an allow-list is a list, of items that begin with a dash", path, doc.Body.GetToken().Position.Line)
		}
		for _, node := range items.Values {
			a, err := parseAllowance(node, isRule)
			if err != nil {
				return nil, fmt.Errorf("%s, line %d: %w", path, node.GetToken().Position.Line, err)
			}
			list = append(list, a)
		}
	}
	return list, nil
}

func parseAllowance(node ast.Node, isRule func(string) bool) (a detect.Allowance, err error) {
	var item allowItem
	if err := yaml.NodeToValue(node, &item, yaml.DisallowUnknownField()); err != nil {
		text, _, _ := strings.Cut(yaml.FormatError(err, false, false), "\n")
		return a, fmt.Errorf("an item has network, owner, country, rules (a list) and reason: %s", text)
	}
	a = detect.Allowance{Owner: item.Owner, Country: item.Country, Rules: item.Rules, Reason: item.Reason}
	if item.Network != "" {
		if a.Network, err = parseNetwork(item.Network); err != nil {
			return a, err
		}
	}
	if a.Country != "" && len(a.Country) != 2 {
		return a, fmt.Errorf("country %q is not a code of two letters such as BR", a.Country)
	}
	for _, id := range a.Rules {
		if !isRule(id) {
			return a, fmt.Errorf("there is no rule %q; reportgen rules lists them", id)
		}
	}
	if !a.Network.IsValid() && a.Owner == "" && a.Country == "" && len(a.Rules) == 0 {
		return a, errors.New("an item needs network, owner, country or rules; this one would allow everything")
	}
	return a, nil
}

// parseNetwork reads an address or a network.
func parseNetwork(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), nil
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	return netip.Prefix{}, fmt.Errorf("network %q is no address and not in CIDR form, such as 192.168.0.0/16", s)
}
