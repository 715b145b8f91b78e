package document_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark/ast"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

func TestSlug(t *testing.T) {
	for text, want := range map[string]string{
		"2.1 Normal behaviour":     "21-normal-behaviour",
		" What's up?  (DNS & co) ": "whats-up--dns--co",
		"Análise_de tráfego":       "análise_de-tráfego",
		"…":                        "",
	} {
		if got := document.Slug(text); got != want {
			t.Errorf("Slug(%q) = %q, want %q", text, got, want)
		}
	}
}

// refs are the labels that a Markdown text refers to.
func TestCrossRefs(t *testing.T) {
	p := document.NewParser()
	for source, want := range map[string]string{
		"See @fig-a, @tbl-b_c and (@sec-d-1).": "See @fig-a?, @tbl-b_c? and (@sec-d-1?).",
		"mail ada@fig-a.org":                   "mail ada@fig-a.org",
		"`@fig-a` stays":                       "@fig-a stays",
		`\@fig-a stays`:                        "@fig-a stays",
		"@fig- and @figure-1":                  "@fig- and @figure-1",
		"*@fig-a*: [@fig-b] at the end @fig-c": "@fig-a?: [@fig-b?] at the end @fig-c?",
		"@fig-a-":                              "@fig-a?-",
	} {
		if got := p.ParseLine(source).Plain(); got != want {
			t.Errorf("%q reads %q, want %q", source, got, want)
		}
	}
}

// TestParseLineIsOneParagraph: a caption never becomes a heading, a list or a
// table.
func TestParseLineIsOneParagraph(t *testing.T) {
	p := document.NewParser()
	for _, source := range []string{"# no heading", "1. no list", "- none", "> none", "a\n---", "    no code", "| a |\n|---|", "<div>"} {
		text := p.ParseLine(source)
		if kind := text.Root.Kind().String(); kind != "Paragraph" {
			t.Errorf("%q is a %s", source, kind)
		}
		if source != "<div>" && text.Plain() != strings.Join(strings.Fields(source), " ") {
			t.Errorf("%q reads %q", source, text.Plain())
		}
	}
}

func TestNotesNumberThrough(t *testing.T) {
	p := document.NewParser()
	first := p.Parse("a[^x] b[^y] c[^x]\n\n[^x]: one\n[^y]: two")
	second := p.Parse("d[^x]\n\n[^x]: three\n[^unused]: four")
	notes := document.TakeNotes(first, 0)
	notes = append(notes, document.TakeNotes(second, len(notes))...)
	var got []string
	for _, n := range notes {
		got = append(got, strings.TrimSpace(n.Plain()))
	}
	if diff := cmp.Diff([]string{"one", "two", "three"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if notes[2].Number != 3 {
		t.Errorf("the third note has number %d", notes[2].Number)
	}
}

func decode(t *testing.T, source string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(source))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestResourceTable(t *testing.T) {
	source := `{"schema":{"fields":[{"name":"host","type":"string"},{"name":"bytes","type":"integer","title":"Data"}]},
		"data":[{"host":"a","bytes":12345678901234567890},{"host":null}],"text":[["a","12 EB"],["—",""]]}`
	want := &document.Table{
		Columns: []document.Column{{Title: "host"}, {Title: "Data", Numeric: true}},
		Rows: [][]document.Value{
			{{Text: "a", Raw: "a"}, {Text: "12 EB", Raw: "12345678901234567890"}},
			{{Text: "—"}, {}},
		},
	}
	for _, value := range []any{decode(t, source), source} {
		got, err := document.ResourceTable(value)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%T (-want +got):\n%s", value, diff)
		}
	}
}

func TestResourceTableRefuses(t *testing.T) {
	for _, test := range []struct{ name, source, want string }{
		{"no fields", `{"data":[]}`, "schema.fields is empty"},
		{"a name twice", `{"schema":{"fields":[{"name":"a"},{"name":"a"}]}}`, `the name "a" is empty or a duplicate`},
		{"text too short", `{"schema":{"fields":[{"name":"a"}]},"data":[{},{}],"text":[["x"]]}`, "text has 1 rows, but data has 2"},
		{"row too wide", `{"schema":{"fields":[{"name":"a"}]},"data":[{}],"text":[["x","y"]]}`, "text[0] has 2 columns, but the schema has 1"},
		{"no object", `[1]`, "cannot unmarshal"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := document.ResourceTable(decode(t, test.source))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestHTMLTable(t *testing.T) {
	for _, test := range []struct {
		name, source string
		want         *document.Table
	}{
		{"no header", `<table><tr><td>name</td></tr><tr><td>a</td></tr></table>`,
			&document.Table{Columns: []document.Column{{Title: "name"}}, Rows: [][]document.Value{{{"a", "a"}}}}},
		{"pandas with a named index", `<table><thead><tr><th></th><th>flows</th></tr><tr><th>host</th><th></th></tr></thead>
			<tbody><tr><th>a</th><td>1,204 kB</td></tr><tr><th>b</th><td>NaN</td></tr></tbody></table>`,
			&document.Table{
				Columns: []document.Column{{Title: "host"}, {Title: "flows", Numeric: true}},
				Rows:    [][]document.Value{{{"a", "a"}, {"1,204 kB", "1,204 kB"}}, {{"b", "b"}, {"NaN", "NaN"}}},
			}},
		{"two levels", `<table><thead><tr><th></th><th colspan="2">a</th><th>b</th></tr><tr><th></th><th>x</th><th>y</th><th>x</th></tr></thead><tr><th>0</th><td>p</td><td>q</td><td>r</td></tr></table>`,
			&document.Table{
				Columns: []document.Column{{Numeric: true}, {Title: "a x"}, {Title: "a y"}, {Title: "b x"}},
				Rows:    [][]document.Value{{{"0", "0"}, {"p", "p"}, {"q", "q"}, {"r", "r"}}},
			}},
		{"ragged and spanning", `<table><tr><th colspan="2">both</th></tr><tr><td>10.0.0.1</td></tr><tr><td>1</td><td>2</td><td>3<br>4</td></tr></table>`,
			&document.Table{
				Columns: []document.Column{{Title: "both"}, {Title: "both", Numeric: true}, {Numeric: true}},
				Rows:    [][]document.Value{{{"10.0.0.1", "10.0.0.1"}, {}, {}}, {{"1", "1"}, {"2", "2"}, {"3 4", "3 4"}}},
			}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := document.HTMLTable(test.source)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if _, err := document.HTMLTable("<p>none</p>"); err == nil {
		t.Error("an output without a table is taken for one")
	}
}

func TestSanitizer(t *testing.T) {
	s := document.NewSanitizer()
	for source, want := range map[string]string{
		`<b onclick="x()" style="position:fixed" id="top" class="failure">a</b>`: `<b id="top">a</b>`,
		`<script>alert(1)</script><p>a`:                                          `<p>a</p>`,
		`</div></main><p>a</p>`:                                                  `<p>a</p>`,
		`<details><summary>s`:                                                    `<details><summary>s</summary></details>`,
		`<img src="https://example.org/x.png">`:                                  ``,
		`<a href="javascript:alert(1)">a</a>`:                                    `a`,
		`<a href="https://example.org/">a</a>`:                                   `<a href="https://example.org/">a</a>`,
		`<iframe src="x"></iframe><object></object><form><input></form>`:         ``,
		`<svg><style><img src=x onerror=alert(1)></style></svg>`:                 ``,
		strings.Repeat("<b>", 600) + "a":                                         "",
	} {
		got := balancedTags(s, source)
		if len(source) > 1000 {
			if !strings.HasPrefix(got, "<pre>&lt;b&gt;") {
				t.Errorf("deep nesting is not shown as text: %.80s", got)
			}
			continue
		}
		if got != want {
			t.Errorf("%s gave %s, want %s", source, got, want)
		}
	}
}

// TestBareURLs checks which addresses in running text are links.
func TestBareURLs(t *testing.T) {
	p := document.NewParser()
	for source, want := range map[string]string{
		"at http://localhost:8000/x. Then": "http://localhost:8000/x",
		"http://192.0.2.1:9090/graph":      "http://192.0.2.1:9090/graph",
		"https://example.org/a?b=c":        "https://example.org/a?b=c",
		"http://host and www.example.org":  "www.example.org",
		"`http://localhost/`":              "",
	} {
		for _, text := range []*document.Text{p.Parse(source), p.ParseLine(source)} {
			got := ""
			_ = ast.Walk(text.Root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
				if link, ok := n.(*ast.AutoLink); ok && entering {
					got += string(link.Label(text.Source))
				}
				return ast.WalkContinue, nil
			})
			if got != want {
				t.Errorf("%q links %q, want %q", source, got, want)
			}
		}
	}
}

// TestMath finds formulas, and nothing else between dollars.
func TestMath(t *testing.T) {
	p := document.NewParser()
	for source, want := range map[string]string{
		"a $x_1$ b $y_2$":                       "[x_1][y_2]",
		"$5 and $10 or 3 $":                     "",
		"it costs $5, not $ 6 $":                "",
		`\$x\$ and $\$4$`:                       `[\$4]`,
		"$ x $ or $ a = b $, $ 2 + 2 $":         "[x][a = b][2 + 2]",
		"$ \\alpha $ or $x_1 $ or $x^2$3":       "[\\alpha][x_1][x^2]",
		"set $ HOME and $ PATH or $a is $b":     "",
		"$`a*b*c`$":                             "[a*b*c]",
		"a $$x$$ b":                             "[[x]]",
		`$x \mbox{ and $y$}$ b`:                 `[x \mbox{ and $y$}]`,
		"$a\n\\text{if $b$ or\n$c$}$":           "[a\n\\text{if $b$ or\n$c$}]",
		"$x_{$ and $y}$":                        "[x_{$ and $y}]",
		"$x_{$":                                 "[x_{]",
		`a \\(x\\) b \\[y\\] c \(z\)`:           "[x][[y]]",
		"\\\\[\nx\n\\\\]":                       "{x}",
		`see \begin{align}x\end{align} there`:   `[[\begin{align}x\end{align}]]`,
		`\eqref{eq:a_b}, $\ref{c}$ $x \ref{c}$`: `(eq-a-b)(eq-c)[x \ref{c}]`,
		`$$ x \label{eq:one} $$`:                `{x \label{eq:one}#eq-one}`,
		"|a|$p(x|y)$|\n|-|-|\n|1|$\\|z\\|$|":    `[p(x\vert{}y)][\Vert{}z\Vert{}]`,
		"|a|b|\n|-|-|\n|$5|$6|\n|$|$|":          "",
		"```\n|a|$x|y$|\n|-|-|\n```":            "",
		"two\n$a\n+b$ lines":                    "[a\n+b]",
		"`$x$`":                                 "",
		"open $x":                               "",
		"$$\nx\n$$":                             "{x}",
		"$$ x $$":                               "{x}",
		"$$ x $$ {#eq-a}":                       "{x#eq-a}",
		"$$\nx\n$$ {#eq-a}\n\nthen":             "{x#eq-a}",
		"text\n$$\nx\n$$\nmore":                 "{x}",
		"$$ x $$ and text":                      "[[x]]",
		"$$\nnever closed":                      "{never closed!}",
		"\\begin{align}\na &= b\n\\end{align}":  "{\\begin{align}\na &= b\n\\end{align}}",
		"- item\n\n  $$\n  x\n  $$":             "{x}",
		"```math\nx\n```":                       "",
	} {
		var got strings.Builder
		text := p.Parse(source)
		_ = ast.Walk(text.Root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
			if !entering {
				return ast.WalkContinue, nil
			}
			switch n := n.(type) {
			case *document.Math:
				open, shut := "[", "]"
				if n.Display {
					open, shut = "[[", "]]"
				}
				got.WriteString(open + n.TeX + shut)
			case *document.CrossRef:
				got.WriteString("(" + n.Label + ")")
			case *document.Equation:
				label := ""
				if n.Label != "" {
					label = "#" + n.Label
				}
				if n.Open {
					label += "!"
				}
				fmt.Fprintf(&got, "{%s%s}", n.TeX, label)
			}
			return ast.WalkContinue, nil
		})
		if got.String() != want {
			t.Errorf("%q holds %q, want %q", source, got.String(), want)
		}
	}
}

// TestKinds checks that Kinds has every type of the package that is a block.
func TestKinds(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	blocks := map[string]bool{}
	method := regexp.MustCompile(`(?m)^func \((?:\w+ )?\*?(\w+)\) block\(\)`)
	for _, name := range names {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range method.FindAllSubmatch(source, -1) {
			blocks[string(m[1])] = true
		}
	}
	kinds := map[string]bool{}
	for _, b := range document.Kinds() {
		kinds[strings.TrimPrefix(strings.TrimPrefix(fmt.Sprintf("%T", b), "*"), "document.")] = true
	}
	if diff := cmp.Diff(blocks, kinds); diff != "" || len(kinds) == 0 {
		t.Errorf("blocks that Kinds lacks (-) and has too many (+):\n%s", diff)
	}
}

func balancedTags(s *document.Sanitizer, source string) string {
	return document.Balance(s.Tags(source))
}

func TestKeepUnits(t *testing.T) {
	for text, want := range map[string]string{
		"10 % of 1.2 GB in 30 s, 5 ms, 3 min, 8 h or 7 B": "10\u00a0% of 1.2\u00a0GB in 30\u00a0s, 5\u00a0ms, 3\u00a0min, 8\u00a0h or 7\u00a0B",
		"2 %, 1 %":                               "2\u00a0%, 1\u00a0%",
		"5 hosts, 3 Bs, 2 minutes, 4 small ones": "5 hosts, 3 Bs, 2 minutes, 4 small ones",
		"a % b, no MB":                           "a % b, no MB",
	} {
		if got := document.KeepUnits(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
