package entity

import (
	"net/netip"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Part is a part of a text.
type Part struct {
	Text   string
	Entity *Entity // that the text names; nil for none
}

// Split splits a text at the names in it. If several names begin at one place, the longest counts.
// A name within a word, or an address within a longer one, is not a name.
func (x *Index) Split(text string) []Part {
	var parts []Part
	rest := 0 // where the text that belongs to no part begins
	for at := 0; at < len(text); {
		word := firstWord(text[at:])
		if word == "" {
			_, size := utf8.DecodeRuneInString(text[at:])
			at += size
			continue
		}
		e := x.at(text, at, word)
		if e == nil {
			at += len(word)
			continue
		}
		if rest < at {
			parts = append(parts, Part{Text: text[rest:at]})
		}
		parts = append(parts, Part{e.Name, e})
		at += len(e.Name)
		rest = at
	}
	if rest < len(text) {
		parts = append(parts, Part{Text: text[rest:]})
	}
	return parts
}

// at returns the entity whose name begins at a word of the text.
func (x *Index) at(text string, at int, word string) *Entity {
	var longest *Entity
	for _, e := range x.byStart[word] {
		if (longest == nil || len(e.Name) > len(longest.Name)) && strings.HasPrefix(text[at:], e.Name) &&
			starts(text[:at], e.Name) && ends(text[at+len(e.Name):], e.Name) {
			longest = e
		}
	}
	return longest
}

// firstWord returns the letters and digits that a text begins with, with the stops and
// colons between them, as in 192.168.1.7, 2001:db8::7 and example.com.
func firstWord(text string) string {
	end := 0
	for end < len(text) {
		r, size := utf8.DecodeRuneInString(text[end:])
		if !wordRune(r) {
			colons := len(text[end:]) - len(strings.TrimLeft(text[end:], ":"))
			switch {
			case r == '.' && end > 0:
			case r == ':' && colons <= 2 && groups.MatchString(text[:end]):
				size = colons
			default:
				return text[:end]
			}
			if next, _ := utf8.DecodeRuneInString(text[end+size:]); !wordRune(next) {
				return text[:end]
			}
		}
		end += size
	}
	return text
}

// groups matches the start of an address of IPv6 up to a colon.
var groups = regexp.MustCompile(`^([0-9a-fA-F]{1,4}::?)*[0-9a-fA-F]{0,4}$`)

func wordRune(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// joins are the characters that make one word of two, as in addresses and names of files.
const joins = `.:/-\@`

// starts reports whether a name can begin after a text.
func starts(before, name string) bool {
	last, size := utf8.DecodeLastRuneInString(before)
	if wordRune(last) && size > 0 {
		return false
	}
	if !isAddress(name) || !strings.ContainsRune(joins, last) {
		return true
	}
	previous, size := utf8.DecodeLastRuneInString(before[:len(before)-size])
	return size == 0 || !wordRune(previous)
}

// ends reports whether a name can end before a text.
func ends(after, name string) bool {
	first, size := utf8.DecodeRuneInString(after)
	if wordRune(first) && size > 0 {
		last, _ := utf8.DecodeLastRuneInString(name)
		return !wordRune(last)
	}
	if size == 0 || !strings.ContainsRune(joins, first) || first == ':' && !strings.Contains(name, ":") {
		return true // 10.0.0.1:443 names 10.0.0.1
	}
	next, size := utf8.DecodeRuneInString(after[size:])
	return size == 0 || !wordRune(next)
}

func isAddress(name string) bool {
	_, err := netip.ParseAddr(name)
	return err == nil
}
