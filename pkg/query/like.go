package query

import (
	"strings"
	"unicode/utf8"
)

// LikePart is a part of a pattern of like: the letter Rune, or any text if Wild is '%',
// or any letter if it is '_'.
type LikePart struct {
	Rune rune
	Wild rune
}

// LikeParts reads an SQL pattern: % is any text and _ any one letter; \ before either
// takes it as it is.
func LikeParts(pattern string) (parts []LikePart) {
	for i := 0; i < len(pattern); {
		r, size := utf8.DecodeRuneInString(pattern[i:])
		i += size
		switch {
		case r == '\\' && i < len(pattern):
			r, size = utf8.DecodeRuneInString(pattern[i:])
			i += size
			parts = append(parts, LikePart{Rune: r})
		case r == '%' || r == '_':
			parts = append(parts, LikePart{Wild: r})
		default:
			parts = append(parts, LikePart{Rune: r})
		}
	}
	return parts
}

// likePattern returns a test for an SQL pattern.
func likePattern(pattern string, fold bool) func(string) bool {
	if fold {
		pattern = strings.ToLower(pattern)
	}
	parts := LikeParts(pattern)
	return func(s string) bool {
		if fold {
			s = strings.ToLower(s)
		}
		// The usual greedy match: after a mismatch, the last % takes one letter more.
		p, back, from := 0, -1, 0
		for i := 0; i < len(s); {
			r, size := utf8.DecodeRuneInString(s[i:])
			switch {
			case p < len(parts) && parts[p].Wild == '%':
				back, from = p, i
				p++
			case p < len(parts) && (parts[p].Wild == '_' || parts[p].Wild == 0 && parts[p].Rune == r):
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
		for p < len(parts) && parts[p].Wild == '%' {
			p++
		}
		return p == len(parts)
	}
}
