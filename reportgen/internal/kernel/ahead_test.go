package kernel

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// notebooks are cells that run once as GoNB runs them and once with those built at
// once that can be. The letter before each says how it ran then: shared, alone,
// idle (nothing was built), or failed, where the outputs are an error.
var notebooks = map[string]struct {
	programs int // of several cells
	cells    []string
}{
	"declarations": {3, []string{
		"i var n = 5\nconst limit = 10",
		"s import \"strings\"\nvar table = strings.Fields(\"a b c\")\nfunc twice(i int) int { return 2 * i }\n\ntype pair struct{ a, b int }\n\nfunc (p pair) sum() int { return p.a + p.b }",
		"s //| echo: false\n%%\nfmt.Println(twice(n), limit, table)\nn = 6",
		"s %%\n// nothing survives a cell\nfmt.Println(n, pair{1, 2}.sum())\nfmt.Printf(\"%T %T\\n\", pair{}, func(pair) {})",
		"s %% -x 3 rest\nfmt.Println(flag.Args(), len(os.Args), os.Args[0] == filepath.Base(os.Args[0]))",
		"s func twice(i int) int { return 20 * i }\n%%\nfmt.Println(twice(n))",
		"s %%\nfmt.Println(twice(n), strings.Repeat(\"x\", 3))",
		"s %%\nexe, err := os.Executable()\nfmt.Println(exe == os.Args[0], err, len(os.Environ()) > 0)",
		"s var run = func() int { fmt.Println(\"run begins\"); return 1 }()\nfunc init_a() { fmt.Println(\"init a\") }\nfunc init_b() { fmt.Println(\"init b\") }\n%%\nfmt.Println(run)",
		"s %%\nfmt.Println(\"again\", run)",
		"a //go:noinline\nfunc slow() int { return run }",
		"a %%\nfmt.Println(slow())",
	}},
	"faults": {1, []string{
		"s import \"errors\"\nvar broken = errors.New(\"broken\")\nfunc fill(m map[string]int, n int) {\n\tif n > 0 {\n\t\tfill(m, n-1)\n\t}\n\tm[\"a\"] = n\n}",
		"s %%\nfill(map[string]int{}, 3)\nfmt.Println(broken)",
		"s %%\nvar m map[string]int\nfunc() {\n\tdefer func() { fill(m, 2) }()\n}()",
		"s %%\nwords := strings.Fields(\"a b\")\nsort.Strings(words)\nfill(nil, len(words))",
		"s %%\ndone := make(chan int)\ngo func() {\n\tvar p *int\n\tdone <- *p\n}()\nfmt.Println(<-done)",
		"s %%\nfmt.Println(\"before\")\nfmt.Fprintln(os.Stderr, \"no such day\")\nos.Exit(3)",
		"s %%\nvar f func(int) int\nf = func(i int) int {\n\tif i == 200 {\n\t\tpanic(i)\n\t}\n\treturn f(i+1) + 1\n}\nf(0)",
		"s %%\nfor i := range 3 {\n\tdefer func() { fmt.Println(\"deferred\", i, recover()) }()\n}\npanic(fmt.Errorf(\"wrapped: %w\", broken))",
		"s %%\nselect {}",
		"a %%\nlog.SetFlags(log.Lshortfile)\nlog.Println(\"here\")\nlog.SetFlags(log.Llongfile)\nlog.SetOutput(os.Stdout)\nlog.Println(\"and here\")",
		"a %%\n_, file, line, _ := runtime.Caller(0)\nfmt.Println(filepath.Base(file), line)",
		"a %%\nslog.New(slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{AddSource: true, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {\n\tif a.Key == \"time\" {\n\t\treturn slog.Attr{}\n\t}\n\treturn a\n}})).Info(\"here\")",
	}},
	"side effects of imports": {1, []string{
		"s %%\n_, _, err := image.Decode(strings.NewReader(\"\\x89PNG\\r\\n\\x1a\\n\"))\nfmt.Println(err)",
		"s %%\n_, _, err := image.DecodeConfig(strings.NewReader(\"\\x89PNG\\r\\n\\x1a\\n\"))\nfmt.Println(err)",
		"a %%\nvar e png.Encoder\n_, _, err := image.Decode(strings.NewReader(\"\\x89PNG\\r\\n\\x1a\\n\"))\nfmt.Println(e, err)",
		"a %%\nfmt.Println(crypto.SHA256.Available(), rand.New(rand.NewSource(1)).Intn(10))",
		"a %%\nfmt.Println(crypto.SHA256.Available(), len(sha256.New().Sum(nil)))",
		"a %%\nb := make([]byte, 4)\n_, err := io.ReadFull(rand.Reader, b)\nfmt.Println(len(b), err)",
	}},
	"types and labels": {2, []string{
		"s type Set[T comparable] map[T]bool\n\nfunc SetOf[T comparable](all ...T) Set[T] {\n\ts := Set[T]{}\n\tfor _, v := range all {\n\t\ts[v] = true\n\t}\n\treturn s\n}",
		"s %%\nfmt.Printf(\"%T %v\\n\", SetOf(1, 1), SetOf(\"a\"))\nagain:\nfor i := range 3 {\n\tif i == 1 {\n\t\tcontinue again\n\t}\n}",
		"a %%\ntype local struct{ A int }\nfmt.Printf(\"%T %T\\n\", SetOf(local{}), local{})",
		"s %%\nagain:\nfor range 3 {\n\tbreak again\n}\nfmt.Printf(\"%T\\n\", SetOf(struct{ A int }{}))",
		"s %%\n" + strings.Repeat("fmt.Print(len(SetOf(1, 2)))\n", 400),
		"a %test\nfunc TestSet(t *testing.T) {\n\tif len(SetOf(1)) != 1 {\n\t\tt.Fatal()\n\t}\n}",
		"s %%\nfmt.Println(\"and on\")\nif len(SetOf(1)) == 1 {\n\treturn\n}\nfmt.Println(\"not reached\")",
		"s %%\nfmt.Println(\"last\")",
		"a import \"C\"\n%%\nfmt.Println(C.int(3))",
	}},
	"cells that do not compile": {1, []string{
		"s %%\nfmt.Println(1)",
		"s %%\nfmt.Println(2)",
		"a %%\nfmt.Println(3", // which GoNB sees itself
		"s %%\nfmt.Println(4)",
		"f %%\nunused := 1",
		"f %%\nfmt.Println(noSuchName)",
		"s %%\nfmt.Println(5)",
	}},
	"commands": {3, []string{
		"s %%\nfmt.Println(1)",
		"s %%\nfmt.Println(2)",
		"s %env GREETING=hello\n%%\nfmt.Println(os.Getenv(\"GREETING\"))",
		"s %%\nfmt.Println(os.Getenv(\"GREETING\"))",
		"s %%\nfmt.Println(os.Getenv(\"GREETING\"), 2)",
		"s %goflags -tags=mine\n%%\nfmt.Println(3)",
		"s %%\nfmt.Println(4)",
		"s %%\nfmt.Println(5)",
		"a !echo shell\n%%\nfmt.Println(6)",
		"a %reset\n%%\nfmt.Println(7)",
	}},
}

// What a cell gives is the same whether GoNB's program of it ran or one that it
// shares with others.
func TestAhead(t *testing.T) {
	for name, nb := range notebooks {
		t.Run(name, func(t *testing.T) {
			privateTemp(t)
			var sources, want []string
			for _, c := range nb.cells {
				how, source, _ := strings.Cut(c, " ")
				sources, want = append(sources, source), append(want, how)
			}
			ahead, plain := startGoNB(t, Options{Cells: sources}), startPlain(t)
			expected := make(chan string, len(sources))
			go func() { // beside the other, because both wait for compilers
				for _, source := range sources {
					r, err := execute(t, plain, source)
					expected <- resultText(r, err)
				}
			}()
			for i, source := range sources {
				r, err := execute(t, ahead, source)
				if how := howItRan(t, ahead); how != want[i] {
					t.Errorf("cell %d: it ran %q, want %q:\n%s", i, how, want[i], source)
				}
				if diff := cmp.Diff(<-expected, resultText(r, err)); diff != "" {
					t.Errorf("cell %d, (-plain +ahead):\n%s\n%s", i, source, diff)
				}
			}
			var built struct{ Groups []struct{} }
			src, err := os.ReadFile(filepath.Join(ahead.ahead.dir, "built.json"))
			if err != nil || json.Unmarshal(src, &built) != nil || len(built.Groups) != nb.programs {
				t.Errorf("%d programs of several cells were built (%v), want %d", len(built.Groups), err, nb.programs)
			}
		})
	}
}

// startPlain starts a kernel whose go command builds each cell as GoNB says.
func startPlain(t *testing.T) *Kernel {
	spec, err := Find(t.Context(), "gonb", ".", io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	realGo, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	script := "#!/bin/sh\n[ \"$1\" = get ] && exit 0\nexec '" + realGo + "' \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	spec.Env["PATH"] = dir + string(os.PathListSeparator) + spec.Env["PATH"]
	k, err := Start(t.Context(), Options{Spec: spec})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	})
	return k
}

func resultText(r *Result, err error) string {
	text, jsonErr := json.MarshalIndent(r, "", " ")
	if jsonErr != nil {
		return jsonErr.Error()
	}
	if err != nil {
		text = append(text, "\n"+err.Error()...)
	}
	// The number depends on the thread that happened to start the goroutine.
	text = regexp.MustCompile(`goroutine [0-9]+ \[`).ReplaceAll(text, []byte("goroutine ["))
	return strings.ReplaceAll(string(text), `\n`, "\n")
}

// howItRan tells by what the go command left how the last cell's program was made.
func howItRan(t *testing.T, k *Kernel) string {
	if _, err := os.Stat(filepath.Join(k.ahead.dir, "cell")); err == nil {
		return "s"
	}
	programs, err := filepath.Glob(filepath.Join(k.dir, "tmp", "gonb_*", "gonb_*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(programs) == 0 {
		return "f" // nothing was built
	}
	if src, err := os.ReadFile(programs[0]); err == nil && strings.HasPrefix(string(src), "#!") {
		return "i"
	}
	return "a"
}
