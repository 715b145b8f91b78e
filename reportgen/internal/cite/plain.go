package cite

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// combining maps TeX's accents to Unicode combining characters.
var combining = map[string]rune{
	"`": 0x300, "'": 0x301, "^": 0x302, "~": 0x303, "=": 0x304, "u": 0x306, ".": 0x307, `"`: 0x308,
	"r": 0x30a, "H": 0x30b, "v": 0x30c, "d": 0x323, "c": 0x327, "k": 0x328, "b": 0x331, "t": 0x361,
}

// letters maps commands to the letter or symbol that they print.
var letters = map[string]string{
	"ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å",
	"i": "ı", "j": "ȷ", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ", "DJ": "Đ", "ng": "ŋ", "NG": "Ŋ", "SS": "SS",
	"textendash": "–", "textemdash": "—", "LaTeX": "LaTeX", "TeX": "TeX", "BibTeX": "BibTeX", "textregistered": "®", "copyright": "©", "texttrademark": "™",
	"S": "§", "P": "¶", "dag": "†", "ddag": "‡", "pounds": "£", "textsterling": "£", "euro": "€", "texteuro": "€", "ldots": "…", "dots": "…", "textellipsis": "…",
	"textquoteright": "’", "textquoteleft": "‘", "textquotedblleft": "“", "textquotedblright": "”", "textquotesingle": "'", "quotedblbase": "„",
	"guillemotleft": "«", "guillemotright": "»", "textbackslash": `\`, "textasciitilde": "~", "textasciicircum": "^", "textunderscore": "_",
	"textbar": "|", "textless": "<", "textgreater": ">", "textdegree": "°", "textmu": "µ", "textbullet": "•", "slash": "/", "quad": " ", "newline": " ",
	// Mathematics.
	"alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ϵ", "varepsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ", "vartheta": "ϑ",
	"iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "upsilon": "υ",
	"phi": "ϕ", "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π",
	"Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω", "infty": "∞", "times": "×", "cdot": "·", "pm": "±", "le": "≤", "leq": "≤",
	"ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠", "approx": "≈", "sim": "∼", "to": "→", "rightarrow": "→", "leftarrow": "←", "Rightarrow": "⇒",
	"in": "∈", "subset": "⊂", "cup": "∪", "cap": "∩", "sqrt": "√", "sum": "∑", "int": "∫", "partial": "∂", "nabla": "∇", "ell": "ℓ", "hbar": "ℏ",
	"circ": "∘", "degree": "°", "prime": "′", "star": "⋆", "ast": "∗", "dagger": "†", "odot": "⊙", "oplus": "⊕", "otimes": "⊗", "langle": "⟨", "rangle": "⟩",
}

// The characters of superscripts and subscripts.
var (
	superscripts = scripts("0123456789+-=()niabcdefghjklmoprstuvwxyz", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱᵃᵇᶜᵈᵉᶠᵍʰʲᵏˡᵐᵒᵖʳˢᵗᵘᵛʷˣʸᶻ")
	subscripts   = scripts("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
)

func scripts(from, to string) map[rune]rune {
	m := map[rune]rune{}
	target := []rune(to)
	for i, r := range []rune(from) {
		m[r] = target[i]
	}
	return m
}

// plain converts TeX text to Unicode and removes braces and commands. What it does not
// know of mathematics stays as it is written.
func plain(s string) string {
	r := texReader{source: strings.Join(strings.Fields(s), " ")}
	return strings.TrimSpace(strings.Join(strings.Fields(r.text()), " "))
}

// texReader reads TeX text.
type texReader struct {
	source string
	at     int
	math   bool
	depth  int
}

// text reads to the end of the source or of a group.
func (r *texReader) text() string {
	var b strings.Builder
	if r.depth++; r.depth > 50 {
		rest := r.source[r.at:]
		r.at = len(r.source)
		return rest
	}
	defer func() { r.depth-- }()
	for r.at < len(r.source) {
		c := r.source[r.at]
		switch {
		case c == '}':
			return b.String()
		case c == '{':
			b.WriteString(r.group())
		case c == '\\':
			b.WriteString(r.command())
		case c == '$':
			r.math = !r.math
			r.at++
		case r.math && (c == '^' || c == '_'):
			r.at++
			b.WriteString(script(r.argument(), c))
		case c == '~':
			b.WriteRune('\u00a0')
			r.at++
		default:
			b.WriteString(r.character())
		}
	}
	return b.String()
}

// character reads a character, or several that TeX prints as one.
func (r *texReader) character() string {
	if !r.math {
		for _, ligature := range [][2]string{{"---", "—"}, {"--", "–"}, {"``", "“"}, {"''", "”"}, {"`", "‘"}, {"'", "’"}} {
			if strings.HasPrefix(r.source[r.at:], ligature[0]) {
				r.at += len(ligature[0])
				if ligature[0] == "'" {
					return "'"
				}
				return ligature[1]
			}
		}
	}
	_, size := utf8.DecodeRuneInString(r.source[r.at:])
	r.at += size
	return r.source[r.at-size : r.at]
}

// group reads a group in braces.
func (r *texReader) group() string {
	r.at++
	text := r.text()
	if r.at < len(r.source) {
		r.at++ // the closing brace
	}
	return text
}

// argument reads a group, a command or a character.
func (r *texReader) argument() string {
	for r.at < len(r.source) && r.source[r.at] == ' ' {
		r.at++
	}
	switch {
	case r.at >= len(r.source) || r.source[r.at] == '}' || r.source[r.at] == '$':
		return ""
	case r.source[r.at] == '{':
		return r.group()
	case r.source[r.at] == '\\':
		return r.command()
	}
	return r.character()
}

// command reads a command with its argument, if it has one.
func (r *texReader) command() string {
	end := r.at + 1
	for end < len(r.source) && (r.source[end] >= 'a' && r.source[end] <= 'z' || r.source[end] >= 'A' && r.source[end] <= 'Z') {
		end++
	}
	if end == r.at+1 && end < len(r.source) {
		_, size := utf8.DecodeRuneInString(r.source[end:])
		end += size
	}
	name := r.source[r.at+1 : end]
	r.at = end
	if mark, ok := combining[name]; ok && !r.math {
		return accented(r.argument(), mark)
	}
	first, _ := utf8.DecodeRuneInString(name)
	isWord := unicode.IsLetter(first)
	if isWord && r.at < len(r.source) && r.source[r.at] == ' ' {
		r.at++
	}
	if letter, ok := letters[name]; ok {
		return letter
	}
	switch name {
	case "textsubscript":
		return script(r.argument(), '_')
	case "textsuperscript":
		return script(r.argument(), '^')
	case ",", ";", ":", " ", "/", "!", "-":
		return map[string]string{",": "\u2009", ";": " ", ":": " ", " ": " "}[name]
	case "href":
		r.argument()
		return r.argument()
	}
	if isWord {
		return "" // a command of style, whose argument follows
	}
	return name
}

// accented puts a mark on the first letter of a text.
func accented(text string, mark rune) string {
	letter, size := utf8.DecodeRuneInString(text)
	switch {
	case size == 0:
		return ""
	case letter == 'ı':
		letter = 'i'
	case letter == 'ȷ':
		letter = 'j'
	}
	return norm.NFC.String(string(letter)+string(mark)) + text[size:]
}

// script returns a superscript or subscript in Unicode, or else as it is written.
func script(text string, mark byte) string {
	table := superscripts
	if mark == '_' {
		table = subscripts
	}
	var b strings.Builder
	for _, r := range text {
		r = cmp.Or(table[r], map[rune]rune{'∘': '°', '′': '′', '∗': '*'}[r])
		if r == 0 {
			return string(mark) + text
		}
		b.WriteRune(r)
	}
	return b.String()
}
