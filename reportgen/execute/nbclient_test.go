package execute

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/gonb"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// peers are the cells of notebooks that nbclient runs too, by their name. A cell waits
// for the output of a child process, which in nbclient's kernel belongs to the cell that
// runs when it arrives.
var peers = map[string][]string{
	"streams": {
		"print('a')\nprint('b')", "import sys\nfor i in range(300): print(i, flush=True)",
		"print('out')\nprint('err', file=sys.stderr)", "print('x', end='')\nprint('y', end='')\nprint('größer 漢字 \\x1b[31mred\\x1b[0m')",
		"import subprocess, time\nsubprocess.run(['echo', 'from a child'])\ntime.sleep(2)", "", "# a comment", "pass",
		"print('10 %\\r20 %\\r100 %')", "%%capture kept\nprint('captured')", "kept.stdout", "!echo shell",
	},
	"displays": {
		"from IPython.display import display, HTML, Markdown, JSON, Latex, SVG, Image, Math\n1 + 1", "'text'", "None", "HTML('<b>x</b>')",
		"display(Markdown('# a'))\nprint('between')\ndisplay(JSON({'a': [1, 2.50, None]}))\nLatex('$x$')",
		"SVG('<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1\" height=\"1\"/>')",
		"Image(b'\\x89PNG\\r\\n\\x1a\\n' + bytes(range(64)), format='png')",
		"display({'text/plain': 'p', 'text/html': '<i>h</i>'}, metadata={'text/html': {'isolated': True}, 'own': [1]}, raw=True)",
		"class R:\n    def _repr_html_(self): return '<p>r</p>'\n    def __repr__(self): return 'R'\nR()", "_", "Out[1]", "display(1, 2); 3",
	},
	"updates": {
		"from IPython.display import display, update_display, clear_output\nh = display('old', display_id='one')", "print('kept')\nh.update('new')",
		"display('two', display_id='two')\ndisplay('again', display_id='two')", "update_display('both', display_id='two')",
		"print('gone')\nclear_output()\nprint('stays')", "print('gone')\nclear_output(wait=True)\ndisplay('stays')",
		"print('stays')\nclear_output(wait=True)", "for i in range(5):\n    clear_output(wait=True)\n    print(i)",
	},
	"errors": {
		"1 / 0", "def f(n):\n    return f(n - 1) if n else {}['key']\nf(3)", "x = = 2", "import nowhere", "raise SystemExit(3)",
		"raise KeyboardInterrupt", "class Mine(Exception): pass\nraise Mine('größer')", "print('before')\nassert False, 'after'", "input('?')",
		"try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise ValueError('outer') from e", "print('still here')",
	},
	"shell": {
		"import asyncio\nawait asyncio.sleep(0, 'awaited')", "%%html\n<b>x</b>", "%%bash\necho out", "print?",
		"%who_ls int", "%xmode Plain\n1 / 0", "%precision 2\n1 / 3",
		"display('a')\nfrom IPython.display import display, clear_output\ndisplay('b', clear=True)",
		"h = display('first', display_id='h')\nclear_output()\nh.update('second')", "h.display('third')", "h.update('fourth')",
		"class Own:\n    def _ipython_display_(self): print('shows itself')\nOwn()", "import threading\nt = threading.Thread(target=print, args=('from a thread',))\nt.start(); t.join()",
		"import getpass\ngetpass.getpass()", "1;", "import logging\nlogging.warning('logged')",
	},
	"comms": {"from comm import create_comm\nc = create_comm(target_name='x', data={'a': 1})\nc.send({'b': 2})\nc.close()\nprint('ok')"},
}

// Outputs, counts and their order are those of nbclient, cell by cell. One difference
// is intended: nbclient has no output for an error that a kernel reports only in its
// reply, as ipykernel does for an unknown magic.
func TestOutputsAreThoseOfNbclient(t *testing.T) {
	needKernel(t)
	python := testenv.Python(t, "ipykernel", "nbclient")
	venv := filepath.Dir(filepath.Dir(python))
	dir := t.TempDir()
	t.Setenv("JUPYTER_PATH", filepath.Join(venv, "share", "jupyter"))
	var inputs []Input
	var files []string
	for name, cells := range peers {
		nb := notebookOf("python3", "python")
		for i, source := range cells {
			nb.Cells = append(nb.Cells, untagged(fmt.Sprint("c", i+1), source))
		}
		nb.Cells = append(nb.Cells, code("skipped", "print('never')", "skip-execution"))
		files = append(files, save(t, dir, name+".ipynb", nb))
		inputs = append(inputs, Input{Name: name, Dir: dir, Notebook: nb})
	}
	// The kernel that a JupyterLab would start, for both.
	if _, err := gonb.Install(t.Context(), ".", dir, nil, os.Stderr); err != nil {
		t.Fatal(err)
	}
	t.Setenv("JUPYTER_PATH", os.Getenv("JUPYTER_PATH")+string(os.PathListSeparator)+filepath.Join(dir, "share", "jupyter"))
	gonb := notebookOf("gonb", "go",
		untagged("c1", "import \"github.com/janpfeifer/gonb/gonbui\"\nvar n = 3"), untagged("c2", "%%\nfor i := range n { fmt.Println(i) }"),
		untagged("c3", "%%\ngonbui.DisplayMarkdown(\"# a\")\ngonbui.Sync()"), untagged("c4", "%%\nfmt.Println(\"last\", n)"))
	files = append(files, save(t, dir, "gonb.ipynb", gonb))
	inputs = append(inputs, Input{Name: "gonb", Dir: dir, Notebook: gonb})

	peer := exec.Command(python, append([]string{filepath.Join("testdata", "nbclient_run.py")}, files...)...)
	peer.Env = append(os.Environ(), "PYTHONHASHSEED=0", "NO_COLOR=1", "IPYTHONDIR="+filepath.Join(dir, "ipython"))
	if out, err := peer.CombinedOutput(); err != nil {
		t.Fatalf("nbclient: %v\n%s", err, out)
	}
	results, err := Run(t.Context(), inputs, Options{AllowErrors: true})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		want, err := nbformat.ReadFile(files[i])
		if err != nil {
			t.Fatal(err)
		}
		for j, c := range r.Notebook.Cells {
			if diff := cmp.Diff(want.Cells[j].ExecutionCount, c.ExecutionCount); diff != "" {
				t.Errorf("%s, cell %d %q: count (-nbclient +reportgen)\n%s", r.Name, j+1, c.Source, diff)
			}
			if diff := cmp.Diff(outputsOf(t, want.Cells[j]), outputsOf(t, c)); diff != "" {
				t.Errorf("%s, cell %d %q (-nbclient +reportgen)\n%s", r.Name, j+1, c.Source, diff)
			}
		}
	}
}

// untagged is a code cell without tags.
func untagged(id, source string) *nbformat.Cell {
	return &nbformat.Cell{Type: nbformat.Code, ID: id, Source: source}
}

func save(t *testing.T, dir, name string, nb *nbformat.Notebook) string {
	t.Helper()
	src, err := nbformat.Marshal(nb)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, src, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// outputsOf is the JSON of a cell's outputs.
func outputsOf(t *testing.T, c *nbformat.Cell) string {
	t.Helper()
	src, err := nbformat.Marshal(&nbformat.Notebook{Minor: 5, Cells: []*nbformat.Cell{{Type: nbformat.Code, Outputs: c.Outputs}}})
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}
