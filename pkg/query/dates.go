package query

// onDate returns the comparison of a column of times with a time of a date as comparisons
// with both. It reports false for other comparisons.
func (c *compiler) onDate(e *Binary) (Expr, bool) {
	op, left, right := e.Op, e.Left, e.Right
	if _, isLiteral := left.(*Literal); isLiteral {
		op, left, right = reverse[op], right, left
	}
	r, isColumn := left.(*Ref)
	l, isLiteral := right.(*Literal)
	if !isColumn || !isLiteral || reverse[op] == "" {
		return nil, false
	}
	i := c.schema.Index(r.Name)
	if i < 0 || c.schema[i].Unit != Clock {
		return nil, false
	}
	v := l.Value
	if v.Kind == Text && date.MatchString(v.Words) { // in quotes
		v, _ = parseValue(v.Words)
	}
	if v.Kind != Number || v.Words == "" {
		return nil, false
	}
	compare := func(column, op string, v Value) Expr {
		at := r.place
		if column == ColDate {
			at = l.place
		}
		return &Binary{Op: op, Left: &Ref{Name: column, place: at}, Right: &Literal{Value: v, place: l.place}, place: e.place}
	}
	day := Value{Kind: Text, Words: v.Words}
	v.Words = ""
	if op == "!=" {
		equal, _ := c.onDate(&Binary{Op: "=", Left: left, Right: right, place: e.place})
		return &Unary{Op: "not", X: equal, place: e.place}, true
	}
	same := &Binary{Op: "and", Left: compare(ColDate, "=", day), Right: compare(r.Name, op, v), place: e.place}
	if op == "=" {
		return same, true
	}
	return &Binary{Op: "or", Left: compare(ColDate, op[:1], day), Right: same, place: e.place}, true
}
