package query

// either compiles a test of a name that stands for one of several columns.
func (c *compiler) either(e Expr, negate bool, compile func(Expr, bool) (node, error)) (node, error) {
	name, columns := c.alternatives(e)
	if name == "" {
		return compile(e, negate)
	}
	if b, ok := e.(*Binary); ok && b.Op == "!=" { // none of them is equal
		e, negate = &Binary{Op: "=", Left: b.Left, Right: b.Right, place: b.place}, !negate
	}
	var all node
	for _, column := range columns {
		n, err := compile(replaceRef(e, name, column), negate)
		if err != nil {
			return nil, err
		}
		all = either(all, n, negate)
	}
	return all, nil
}

// either is true if a or b is, or, if they are negated, if both are. A nil a is left out.
func either(a, b node, negated bool) node {
	switch {
	case a == nil:
		return b
	case negated:
		return &andNode{left: a, right: b}
	}
	return &orNode{left: a, right: b}
}

// alternatives finds a name in e that stands for several columns.
func (c *compiler) alternatives(e Expr) (name string, columns []string) {
	switch e := e.(type) {
	case *Ref:
		if i := c.schema.Index(e.Name); i >= 0 && c.schema[i].Either != nil {
			return e.Name, c.schema[i].Either
		}
	case *Unary:
		return c.alternatives(e.X)
	case *Binary:
		if name, columns = c.alternatives(e.Left); name == "" {
			return c.alternatives(e.Right)
		}
	case *In:
		return c.alternatives(e.X)
	case *IsUnknown:
		return c.alternatives(e.X)
	}
	return name, columns
}

// replaceRef returns e with the name of one column instead of another.
func replaceRef(e Expr, name, by string) Expr {
	switch e := e.(type) {
	case *Ref:
		if e.Name == name {
			return &Ref{Name: by, place: e.place}
		}
	case *Unary:
		return &Unary{Op: e.Op, X: replaceRef(e.X, name, by), place: e.place}
	case *Binary:
		return &Binary{Op: e.Op, Left: replaceRef(e.Left, name, by), Right: replaceRef(e.Right, name, by), place: e.place}
	case *In:
		return &In{X: replaceRef(e.X, name, by), List: e.List, place: e.place}
	}
	return e
}
