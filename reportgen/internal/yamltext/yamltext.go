// Package yamltext parses YAML within limits, with errors in the words of users. The library needs memory that grows with the square of nested values and
// of the keys of a mapping, and expands aliases without end.
package yamltext

import (
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/flowbook/flowbook/pkg/budget"
)

// The limits of a text. Rules, options and reports have a hundredth of them.
const (
	Most       = 1 << 20 // bytes
	keysMost   = 5_000   // of one mapping
	valuesMost = 1 << 16 // once aliases are replaced by what they stand for
)

// Parse parses a text of any number of documents.
func Parse(text []byte) (*ast.File, error) {
	if err := budget.Check("YAML", int64(len(text)), Most, budget.Bytes); err != nil {
		return nil, err
	}
	tokens := lexer.Tokenize(string(text))
	if err := checkTokens(tokens); err != nil {
		return nil, err
	}
	file, err := parser.Parse(tokens, 0)
	if err != nil {
		return nil, described{err}
	}
	for _, doc := range file.Docs {
		if err := checkExpansion(doc); err != nil {
			return nil, err
		}
	}
	return file, nil
}

// Unmarshal decodes the first document of a text to v.
func Unmarshal(text []byte, v any, options ...yaml.DecodeOption) error {
	if _, err := Parse(text); err != nil {
		return err
	}
	if err := yaml.UnmarshalWithOptions(text, v, options...); err != nil {
		return described{err}
	}
	return nil
}

// checkTokens finds values that are nested too deeply and mappings with too many keys, before they are parsed.
func checkTokens(tokens token.Tokens) error {
	brackets, inRow, keys := 0, 0, 0
	for _, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			brackets++
		case token.SequenceEndType, token.MappingEndType:
			brackets--
		case token.SequenceEntryType:
			keys = 0
		case token.MappingValueType:
			keys++
		}
		switch t.Type {
		case token.SequenceEntryType, token.MappingKeyType, token.TagType:
			inRow++ // as in "- - -"
		default:
			inRow = 0
		}
		if err := budget.Check("YAML", int64(max(brackets, inRow)), budget.Nesting, budget.Levels); err != nil {
			return fmt.Errorf("line %d: %w", t.Position.Line, err)
		}
		if err := budget.Check("mapping", int64(keys), keysMost, "keys"); err != nil {
			return fmt.Errorf("line %d: %w", t.Position.Line, err)
		}
	}
	return nil
}

// checkExpansion counts the values of a document, those that aliases stand for among them.
func checkExpansion(doc ast.Node) error {
	c := &counter{anchors: map[string]int{}}
	c.count(doc)
	return budget.Check("YAML, with its aliases replaced", int64(c.most), valuesMost, budget.Values)
}

type counter struct {
	anchors map[string]int // values of each
	most    int            // of any node, at most one more than valuesMost
}

// count returns the number of values in a node.
func (c *counter) count(n ast.Node) int {
	sum := 1
	switch n := n.(type) {
	case nil:
		return 0
	case *ast.DocumentNode:
		sum = c.count(n.Body)
	case *ast.SequenceNode:
		for _, v := range n.Values {
			sum += c.count(v)
		}
	case *ast.MappingNode:
		for _, v := range n.Values {
			sum += c.count(v)
		}
	case *ast.MappingValueNode:
		sum += c.count(n.Value)
	case *ast.TagNode:
		sum = c.count(n.Value)
	case *ast.AnchorNode:
		sum = c.count(n.Value)
		c.anchors[n.Name.GetToken().Value] = sum
	case *ast.AliasNode:
		sum = c.anchors[n.Value.GetToken().Value]
	}
	sum = min(sum, valuesMost+1)
	c.most = max(c.most, sum)
	return sum
}
