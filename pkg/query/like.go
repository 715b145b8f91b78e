package query

import (
	"strings"
	"unicode/utf8"
)

// likePattern returns a test for an SQL pattern: % is any text and _ any one
// letter; \ before either takes it as it is.
func likePattern(pattern string, fold bool) func(string) bool {
	if fold {
		pattern = strings.ToLower(pattern)
	}
	type part struct {
		r    rune
		kind byte // the letter r, '_' or '%'
	}
	var parts []part
	for i := 0; i < len(pattern); {
		r, size := utf8.DecodeRuneInString(pattern[i:])
		i += size
		switch {
		case r == '\\' && i < len(pattern):
			r, size = utf8.DecodeRuneInString(pattern[i:])
			i += size
			parts = append(parts, part{r: r})
		case r == '%' || r == '_':
			parts = append(parts, part{kind: byte(r)})
		default:
			parts = append(parts, part{r: r})
		}
	}
	return func(s string) bool {
		if fold {
			s = strings.ToLower(s)
		}
		// The usual greedy match: after a mismatch, the last % takes one letter more.
		p, back, from := 0, -1, 0
		for i := 0; i < len(s); {
			r, size := utf8.DecodeRuneInString(s[i:])
			switch {
			case p < len(parts) && parts[p].kind == '%':
				back, from = p, i
				p++
			case p < len(parts) && (parts[p].kind == '_' || parts[p].kind == 0 && parts[p].r == r):
				p++
				i += size
			case back >= 0:
				_, size = utf8.DecodeRuneInString(s[from:])
				from += size
				p, i = back+1, from
			default:
				return false
			}
		}
		for p < len(parts) && parts[p].kind == '%' {
			p++
		}
		return p == len(parts)
	}
}
