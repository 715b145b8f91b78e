package siem

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/goccy/go-yaml"
)

// Set is rules in order. It does not change while it is read; Load must not run
// beside other methods.
type Set struct {
	rules []*Rule
	// Warnings say what in the files has no effect, each with its place.
	Warnings []string
}

// Builtin returns the rules that come with Flowbook, those of
// [detect.RuleFiles], in the order of detect.Rules.
func Builtin() (*Set, error) {
	s := &Set{}
	for _, r := range detect.Rules() {
		file := r.ID + ".yaml"
		text, err := fs.ReadFile(detect.RuleFiles(), file)
		if err != nil {
			return nil, err
		}
		if err := s.Load(file, text); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Open returns the built-in rules with those of the user's files laid over
// them, in order.
func Open(files ...string) (*Set, error) {
	s, err := Builtin()
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, fmt.Errorf("rules: %w", err)
		}
		if err := s.Load(filepath.ToSlash(f), text); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Load lays the rules of one file over those of the set. A document whose name
// or id is known overrides the fields that it has; any other is a new rule.
// If an override changes the level and not flowbook.severity, findings keep
// their own severity, at most the new level. Errors are of type *RuleError, and
// leave the set as it was.
func (s *Set) Load(file string, text []byte) error {
	docs, err := readDocuments(file, text)
	if err != nil {
		return err
	}
	// Rules are copied, so that a fault leaves those of the set as they were.
	var rules []*Rule
	for _, r := range s.rules {
		own := *r
		rules = append(rules, &own)
	}
	var warnings []string
	for _, d := range docs {
		i, err := find(rules, d)
		if err != nil {
			return err
		}
		var alone Rule
		if err := d.parts[0].decode(&alone); err != nil {
			return err
		}
		if i >= 0 {
			if d.get("level") != nil && alone.Flowbook.Severity == "" {
				d.fields = mergeFields(d.fields, yaml.MapSlice{{Key: "flowbook", Value: yaml.MapSlice{{Key: "severity", Value: severityCapped}}}}, "flowbook")
			}
			d = rules[i].doc.merge(d)
		}
		r, err := newRule(d)
		if err != nil {
			return err
		}
		warnings = append(warnings, unknownFields(d)...)
		if i >= 0 {
			rules[i] = r
		} else {
			rules = append(rules, r)
		}
	}
	if err := link(rules); err != nil {
		return err
	}
	s.rules, s.Warnings = rules, append(s.Warnings, warnings...)
	return nil
}

// find returns the place of the rule that d overrides, or -1.
func find(rules []*Rule, d document) (int, error) {
	name, id := d.get("name"), d.get("id")
	i := slices.IndexFunc(rules, func(r *Rule) bool { return id != nil && r.ID == id })
	j := slices.IndexFunc(rules, func(r *Rule) bool { return name != nil && r.Name == name })
	if i >= 0 && j >= 0 && i != j {
		return 0, d.fieldError(fmt.Sprintf("is that of rule %q, and the name that of another; give one of them", rules[i].key()), "id")
	}
	if i < 0 && j >= 0 && id != nil {
		return 0, d.fieldError(fmt.Sprintf("%q is taken by the rule with id %s; leave the id out to override it, or choose another name", name, rules[j].ID), "name")
	}
	return max(i, j), nil
}

// newRule reads a merged document.
func newRule(d document) (*Rule, error) {
	text, err := yaml.Marshal(d.fields)
	if err != nil {
		return nil, d.fieldError(err.Error())
	}
	r := &Rule{doc: d}
	if err := yaml.UnmarshalWithOptions(text, r, yaml.UseOrderedMap()); err != nil {
		return nil, d.fieldError(err.Error())
	}
	if err := r.validate(); err != nil {
		return nil, err
	}
	return r, nil
}

// visible returns the rules that make findings, enabled or not.
func (s *Set) visible() []*Rule {
	return slices.DeleteFunc(slices.Clone(s.rules), func(r *Rule) bool { return r.part })
}

// Rule returns the rule that findings call by key, or false.
func (s *Set) Rule(key string) (*Rule, bool) { return byKey(s.rules, key) }

func byKey(rules []*Rule, key string) (*Rule, bool) {
	i := slices.IndexFunc(rules, func(r *Rule) bool { return key != "" && (r.Name == key || r.ID == key) })
	if i < 0 {
		return nil, false
	}
	return rules[i], true
}

// link resolves what correlations count, and compiles the rules that are
// evaluated here.
func link(rules []*Rule) error {
	used := map[*Rule]bool{}    // counted by a correlation that makes the findings
	compile := map[*Rule]bool{} // counted by one that is evaluated here
	for _, r := range rules {
		r.part = false
	}
	for _, r := range rules {
		if r.Correlation == nil {
			continue
		}
		for i, key := range r.Correlation.Rules {
			of, ok := byKey(rules, key)
			if !ok || of.Correlation != nil {
				return r.doc.fieldError(fmt.Sprintf("there is no rule %q that selects flows; give its name or id, and place it in the same file or one before", key),
					"correlation", "rules", fmt.Sprint(i))
			}
			used[of] = used[of] || !r.Correlation.Generate
			compile[of] = compile[of] || r.evaluated()
		}
	}
	for _, r := range rules {
		r.part = used[r]
		if r.Correlation == nil && (compile[r] || !r.part && r.evaluated()) {
			m, err := r.compile()
			if err != nil {
				return err
			}
			r.matches = m
		}
	}
	return nil
}

// evaluated says whether the rule itself is evaluated on conversations.
func (r *Rule) evaluated() bool { return r.Flowbook.Detection == "" && r.enabled() }
