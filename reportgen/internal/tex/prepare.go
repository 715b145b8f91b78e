package tex

import (
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The converter lacks some commands of MathJax, and forgets definitions at the end of a
// formula, whereas MathJax keeps them for the whole notebook. prepare translates the
// commands to others and keeps the definitions.

// maxMacros bounds the definitions that are kept, and maxExpansion the length of each.
const (
	maxMacros = 500
	maxMacro  = 4 << 10
)

// replaced maps commands to those of the converter that do the same.
var replaced = map[string]string{
	`\mbox`: `\text`, `\strut`: `\mathstrut`, `\mspace`: `\mskip`, `\oldstyle`: ``, `\mit`: ``,
	`\mathds`: `\mathbb`, `\mathbbm`: `\mathbb`, `\textdegree`: `\degree`, `\nonumber`: ``, `\notag`: ``,
	`\Q`: `\mathbb{Q}`, `\C`: `\mathbb{C}`,
}

// environments maps environments to those of the converter that do the same.
var environments = map[string]string{
	"eqnarray": `{darray}{rcl}`, "eqnarray*": `{darray}{rcl}`, "flalign": "{align}", "flalign*": "{align*}",
	"numcases": "{dcases}", "subnumcases": "{dcases}",
}

// reader reads the source of a formula.
type reader struct {
	source string
	at     int
}

// command reads the name of a command, which begins at the reader's position.
func (r *reader) command() string {
	end := r.at + 1
	for end < len(r.source) && isLetter(r.source[end]) {
		end++
	}
	if end == r.at+1 && end < len(r.source) {
		end++
	}
	name := r.source[r.at:end]
	r.at = end
	return name
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func (r *reader) spaces() {
	for r.at < len(r.source) && strings.IndexByte(" \t\r\n", r.source[r.at]) >= 0 {
		r.at++
	}
}

// argument reads a group in braces, without them, or else one command or character.
func (r *reader) argument() (string, bool) {
	r.spaces()
	switch {
	case r.at >= len(r.source):
		return "", false
	case r.source[r.at] == '\\':
		return r.command(), true
	case r.source[r.at] != '{':
		r.at++
		return r.source[r.at-1 : r.at], true
	}
	return r.between('{', '}')
}

// optional reads an argument in brackets.
func (r *reader) optional() (string, bool) {
	r.spaces()
	if r.at >= len(r.source) || r.source[r.at] != '[' {
		return "", false
	}
	return r.between('[', ']')
}

func (r *reader) between(open, end byte) (string, bool) {
	depth := 0
	for i := r.at; i < len(r.source); i++ {
		switch c := r.source[i]; {
		case c == '\\':
			i++
		case c == end && (depth == 1 || open == '[' && depth == 1):
			content := r.source[r.at+1 : i]
			r.at = i + 1
			return content, true
		case c == '{' || c == open:
			depth++
		case c == '}':
			depth--
		}
	}
	return "", false
}

// star reads an asterisk.
func (r *reader) star() bool {
	r.spaces()
	if r.at < len(r.source) && r.source[r.at] == '*' {
		r.at++
		return true
	}
	return false
}

// prepare returns the source for the converter, and keeps its definitions.
func (r *Renderer) prepare(source string) string {
	var b strings.Builder
	in := &reader{source: source}
	for in.at < len(in.source) {
		if in.source[in.at] != '\\' {
			b.WriteByte(in.source[in.at])
			in.at++
			continue
		}
		start := in.at
		name := in.command()
		if text, ok := r.translate(name, in); ok {
			b.WriteString(text)
			continue
		}
		in.at = start + len(name)
		b.WriteString(name)
	}
	return strings.TrimSpace(b.String())
}

// translate reads the arguments of a command and returns its translation. It returns
// false if the command stays as it is.
//
//nolint:gocyclo // a list of commands
func (r *Renderer) translate(name string, in *reader) (string, bool) {
	if r.macros[name] != "" {
		return "", false
	}
	if text, ok := replaced[name]; ok {
		return text, true
	}
	switch name {
	case `\begin`, `\end`:
		environment, ok := in.argument()
		if strings.HasSuffix(environment, "numcases") && name == `\begin` {
			left, ok := in.argument()
			return r.prepare(left) + `\begin{dcases}`, ok
		}
		if environment == "array" && name == `\begin` {
			return arrayOf(in)
		}
		if environment == "subequations" {
			return "", ok
		}
		replacement, known := environments[environment]
		if !ok || !known {
			return "", false
		}
		if name == `\end` {
			replacement = regexp.MustCompile(`^\{[^}]*\}`).FindString(replacement)
		}
		return name + replacement, true
	case `\newcommand`, `\renewcommand`, `\providecommand`, `\DeclareMathOperator`, `\def`, `\let`:
		return "", r.define(name, in)
	case `\require`, `\label`:
		_, ok := in.argument()
		return "", ok
	case `\href`, `\class`, `\style`, `\cssId`:
		_, first := in.argument()
		text, second := in.argument()
		if !slices.Contains(r.Ignored, name) {
			r.Ignored = append(r.Ignored, name)
		}
		return "{" + r.prepare(text) + "}", first && second
	case `\toggle`:
		text, ok := in.argument()
		end := strings.Index(in.source[in.at:], `\endtoggle`)
		if !ok || end < 0 {
			return "", false
		}
		in.at += end + len(`\endtoggle`)
		return "{" + r.prepare(text) + "}", true
	case `\unicode`:
		return character(in)
	case `\tag`:
		star := in.star()
		text, ok := in.argument()
		if !r.inline {
			return "", false // the converter sets it
		}
		if !star {
			text = "(" + text + ")"
		}
		return `\qquad\text{` + text + "}", ok
	case `\ref`, `\eqref`:
		label, ok := in.argument()
		if !slices.Contains(r.Ignored, name) {
			r.Ignored = append(r.Ignored, name)
		}
		return `\text{(` + label + ")}", ok
	}
	return r.plainTeX(name, in)
}

var (
	columnRepeat   = regexp.MustCompile(`\*\s*\{(\d)\}\s*\{([lcr|]*)\}`)
	columnWidth    = regexp.MustCompile(`[pmbwX]\s*\{[^{}]*\}`)
	columnMaterial = regexp.MustCompile(`[@!<>]\s*\{[^{}]*\}`)
)

// arrayOf translates the columns of an array to those that the converter knows: it
// leaves out material between columns, as MathJax does, and widths.
func arrayOf(in *reader) (string, bool) {
	position, _ := in.optional()
	columns, ok := in.argument()
	if position != "" {
		position = "[" + position + "]"
	}
	columns = columnMaterial.ReplaceAllString(columns, "")
	columns = columnWidth.ReplaceAllString(columns, "l")
	columns = columnRepeat.ReplaceAllStringFunc(columns, func(s string) string {
		m := columnRepeat.FindStringSubmatch(s)
		return strings.Repeat(m[2], int(m[1][0]-'0'))
	})
	return `\begin{array}` + position + "{" + columns + "}", ok
}

// character translates the arguments of \unicode, a code point.
func character(in *reader) (string, bool) {
	_, _ = in.optional()
	code, ok := in.argument()
	n, err := strconv.ParseUint(strings.TrimPrefix(strings.Replace(code, "x", "0x", 1), "00x"), 0, 32)
	if !ok || err != nil || n < ' ' || n > 0x10ffff {
		return "", false
	}
	return `\text{` + html.UnescapeString("&#"+strconv.FormatUint(n, 10)+";") + "}", true
}

// operator matches an operator name that is the base of a script above or below, which
// the converter would set beside it.
var operator = regexp.MustCompile(`^\s*\\operatorname\*?\s*\{`)

// plainTeX translates commands of plain TeX.
//
//nolint:gocyclo // a list of commands
func (r *Renderer) plainTeX(name string, in *reader) (string, bool) {
	switch name {
	case `\underset`, `\overset`, `\stackrel`:
		script, first := in.argument()
		base, second := in.argument()
		base = operator.ReplaceAllString(base, `\mathrm{`)
		return name + "{" + r.prepare(script) + "}{" + r.prepare(base) + "}", first && second
	case `\pmatrix`, `\cases`:
		rows, ok := in.argument()
		environment := name[1:]
		return `\begin{` + environment + "}" + strings.ReplaceAll(r.prepare(rows), `\cr`, `\\`) + `\end{` + environment + "}", ok
	case `\eqalign`, `\eqalignno`, `\displaylines`:
		rows, ok := in.argument()
		return `\begin{aligned}` + strings.ReplaceAll(r.prepare(rows), `\cr`, `\\`) + `\end{aligned}`, ok
	case `\bbox`:
		options, _ := in.optional()
		text, ok := in.argument()
		text = "{" + r.prepare(text) + "}"
		for option := range strings.SplitSeq(options, ",") {
			if option = strings.TrimSpace(option); colorName.MatchString(option) {
				text = `\colorbox{` + option + "}{$" + text + "$}"
			}
		}
		if strings.Contains(options, "border") {
			text = `\boxed` + text
		}
		return text, ok
	case `\Rule`, `\Space`:
		width, first := in.argument()
		height, second := in.argument()
		depth, third := in.argument()
		if name == `\Space` {
			return `\hspace{` + width + "}", first && second && third
		}
		return `\rule[-` + depth + "]{" + width + "}{" + height + "}", first && second && third
	case `\root`:
		degree, rest, found := strings.Cut(in.source[in.at:], `\of`)
		if !found {
			return "", false
		}
		in.at = len(in.source) - len(rest)
		radicand, ok := in.argument()
		return `\sqrt[` + strings.TrimSpace(degree) + "]{" + r.prepare(radicand) + "}", ok
	case `\buildrel`:
		over, rest, found := strings.Cut(in.source[in.at:], `\over`)
		if !found {
			return "", false
		}
		in.at = len(in.source) - len(rest)
		base, ok := in.argument()
		return `\overset{` + r.prepare(over) + "}{" + r.prepare(base) + "}", ok
	case `\enclose`:
		notation, first := in.argument()
		_, _ = in.optional()
		text, second := in.argument()
		command := ""
		switch {
		case strings.Contains(notation, "strike"):
			command = `\cancel`
		case strings.Contains(notation, "box"), strings.Contains(notation, "circle"):
			command = `\boxed`
		}
		return command + "{" + r.prepare(text) + "}", first && second
	}
	return "", false
}

// colorName matches the colour among the options of \bbox.
var colorName = regexp.MustCompile(`^(?:#[0-9A-Fa-f]{3,6}|[A-Za-z]{3,})$`)

var parameters = regexp.MustCompile(`^(?:\s*#[1-9])*\s*$`)

// define keeps a definition. It returns false if the definition is not one of the forms
// that MathJax documents.
func (r *Renderer) define(command string, in *reader) bool {
	star := command != `\def` && command != `\let` && in.star()
	name, ok := in.argument()
	name = strings.TrimSpace(name)
	if !ok || !strings.HasPrefix(name, `\`) || len(name) < 2 {
		return false
	}
	var body string
	switch command {
	case `\def`:
		open := strings.IndexByte(in.source[in.at:], '{')
		if open < 0 || !parameters.MatchString(in.source[in.at:in.at+open]) {
			return false
		}
		in.at += open
		body, ok = in.argument()
	case `\let`:
		in.spaces()
		if in.at < len(in.source) && in.source[in.at] == '=' {
			in.at++
		}
		body, ok = in.argument()
	case `\DeclareMathOperator`:
		body, ok = in.argument()
		body = map[bool]string{false: `\operatorname{`, true: `\operatorname*{`}[star] + body + "}"
	default:
		_, _ = in.optional() // the number of parameters, which the body shows
		if value, given := in.optional(); given {
			return r.defineOptional(name, value, in)
		}
		body, ok = in.argument()
	}
	return ok && r.keep(name, body)
}

// defineOptional keeps a definition whose first parameter has a default value, which is
// always used.
func (r *Renderer) defineOptional(name, value string, in *reader) bool {
	body, ok := in.argument()
	body = strings.ReplaceAll(body, "#1", value)
	for i := 2; i <= 9; i++ {
		body = strings.ReplaceAll(body, "#"+strconv.Itoa(i), "#"+strconv.Itoa(i-1))
	}
	return ok && r.keep(name, body)
}

func (r *Renderer) keep(name, body string) bool {
	if len(r.macros) >= maxMacros || len(body) > maxMacro {
		return false
	}
	// A definition by the former meaning, as \renewcommand{\vec}[1]{\vec{#1}}, would
	// expand without end.
	if strings.Contains(body, name) {
		return true
	}
	if body = r.prepare(body); body == "" {
		body = "{}"
	}
	if r.macros[name] != body {
		r.macros[name] = body
		clear(r.set)
	}
	return true
}
