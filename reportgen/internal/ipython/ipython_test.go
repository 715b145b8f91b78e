package ipython_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/kernel"
	"github.com/flowbook/flowbook/reportgen/internal/kerneltest"
)

func startPython(t *testing.T) *kernel.Kernel {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a real Python kernel: skipped with -short")
	}
	testenv.Python(t, "ipykernel")
	return kerneltest.Start(t, "python3", kernel.Options{})
}

func TestPython(t *testing.T) {
	kerneltest.PrivateTemp(t)
	k := startPython(t)
	tests := []struct {
		name, code string
		want       []string
		line       int
	}{
		{"order is kept", "import sys\nprint('a')\nprint('b', file=sys.stderr)\nprint('c')\nfrom IPython.display import display\ndisplay('d')\nprint('e')\n6 * 7",
			[]string{`stdout "a\nc\n"`, `stderr "b\n"`, "display_data 'd'", `stdout "e\n"`, "execute_result 42"}, 0},
		{"chunks are one stream", "for i in range(5):\n    print(i, end='', flush=True)", []string{`stdout "01234"`}, 0},
		{"a display is updated", "from IPython.display import display\nd = display('old', display_id=True)\nd.update('new')\nNone",
			[]string{"display_data 'new'"}, 0},
		{"clear_output", "from IPython.display import clear_output\nprint('gone')\nclear_output()\nprint('stays')", []string{`stdout "stays\n"`}, 0},
		{"clear_output waits", "print('gone')\nclear_output(wait=True)\nprint('stays')", []string{`stdout "stays\n"`}, 0},
		{"error", "x = 1\ny = x / 0", []string{"error ZeroDivisionError: division by zero"}, 2},
		{"syntax error", "x = 1\ny = = 2", []string{"error SyntaxError: invalid syntax (2917246964.py, line 2)"}, 2},
		{"input is refused", "input('?')", []string{"error StdinNotImplementedError: raw_input was called, but this frontend does not support input requests."}, 1},
		{"comm messages are tolerated", "from comm import create_comm\nc = create_comm(target_name='x', data={})\nc.send({'a': 1})\nprint('ok')", []string{`stdout "ok\n"`}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := kerneltest.Execute(t, k, tt.code)
			var ce *kernel.CellError
			if errors.As(err, &ce) {
				if ce.Line != tt.line {
					t.Errorf("line %d, want %d: %s", ce.Line, tt.line, strings.Join(ce.Traceback, "\n"))
				}
			} else if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, kerneltest.Shape(r.Outputs)); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("a later cell updates an earlier display", func(t *testing.T) {
		first, err := kerneltest.Execute(t, k, "d = display('old', display_id='here')")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := kerneltest.Execute(t, k, "from IPython.display import update_display\nupdate_display('new', display_id='here')"); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"display_data 'new'"}, kerneltest.Shape(first.Outputs)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("interrupt by signal", func(t *testing.T) {
		began := filepath.Join(t.TempDir(), "began")
		stop := errors.New("stopped by the test")
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() {
			kerneltest.WaitFor(t, func() bool { _, err := os.Stat(began); return err == nil })
			cancel(stop)
		}()
		r, err := k.Execute(ctx, fmt.Sprintf("import time\nprint('kept')\nopen(%q, 'w').close()\ntime.sleep(3600)", began))
		if !errors.Is(err, stop) {
			t.Fatalf("error %v", err)
		}
		if diff := cmp.Diff([]string{`stdout "kept\n"`, "error KeyboardInterrupt: "}, kerneltest.Shape(r.Outputs)); diff != "" {
			t.Error(diff)
		}
		if r, err := kerneltest.Execute(t, k, "1 + 1"); err != nil || len(r.Outputs) != 1 {
			t.Errorf("the kernel is not usable after an interrupt: %v", err)
		}
	})
	t.Run("the kernel ends itself", func(t *testing.T) {
		r, err := kerneltest.Execute(t, k, "import os\nprint('last words', flush=True)\nimport time; time.sleep(0.3)\nos._exit(9)")
		var died *kernel.DiedError
		if !errors.As(err, &died) || died.State != "exit status 9" {
			t.Fatalf("error %v, want kernel.DiedError with status 9", err)
		}
		if diff := cmp.Diff([]string{`stdout "last words\n"`}, kerneltest.Shape(r.Outputs)); diff != "" {
			t.Error(diff)
		}
	})
}

// A kernel that is shut down ends as any Python program does: what the user's code
// put off to its end is done, and files that it left open are whole.
func TestPythonEndsInOrder(t *testing.T) {
	kerneltest.PrivateTemp(t)
	dir := t.TempDir()
	k := startPython(t)
	code := fmt.Sprintf(`import atexit, logging.handlers, os, sys, threading, time, weakref
os.chdir(%q)
sys.path.insert(0, os.getcwd())
open("module.py", "w").write("f = open('in-module', 'w')\nf.write('x')\n")
import module
atexit.register(lambda: open("at-exit", "w").write("x"))
left_open = open("left-open", "w")
left_open.write("x")
class Ring:
    def __init__(self):
        self.me, self.f = self, open("in-cycle", "w")
        self.f.write("x")
    def __del__(self):
        open("deleted", "w").write("x")
    shared = open("in-class", "w")
    shared.write("x")
ring = Ring()
weakref.finalize(ring, lambda: open("finalized", "w").write("x"))
log = logging.handlers.MemoryHandler(1000, target=logging.FileHandler("logged", delay=True))
logging.getLogger("x").addHandler(log)
logging.getLogger("x").error("x")
def late():
    time.sleep(0.2)
    open("in-thread", "w").write("x")
threading.Thread(target=late).start()
displayed = open("in-out", "w")
displayed.write("x")
displayed`, dir)
	if _, err := kerneltest.Execute(t, k, code); err != nil {
		t.Fatal(err)
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"in-module", "at-exit", "left-open", "in-cycle", "deleted", "in-class", "finalized", "logged", "in-thread", "in-out"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || strings.TrimSpace(string(text)) != "x" {
			t.Errorf("%s holds %q: %v", name, text, err)
		}
	}
}

// The kernel's debugger and history are not in the way of a notebook's own.
func TestPythonLean(t *testing.T) {
	kerneltest.PrivateTemp(t)
	k := startPython(t)
	r, err := kerneltest.Execute(t, k, "1 + 1")
	if err != nil || len(r.Outputs) != 1 {
		t.Fatal(r, err)
	}
	r, err = kerneltest.Execute(t, k, "import sys\nprint('debugpy' in sys.modules)\n%history\nimport debugpy\nprint(debugpy.__name__, In[1], Out[1])")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{`stdout "False\n1 + 1\nimport sys\nprint('debugpy' in sys.modules)\n%history\nimport debugpy\nprint(debugpy.__name__, In[1], Out[1])\ndebugpy 1 + 1 2\n"`}, kerneltest.Shape(r.Outputs)); diff != "" {
		t.Error(diff)
	}
}

// What a child process writes belongs to the cell that ran it, at its place among what
// the cell prints, however busy the kernel is.
func TestOutputOfChildren(t *testing.T) {
	kerneltest.PrivateTemp(t)
	k := startPython(t)
	busy := "import subprocess, os, threading, sys\nstop = False\ndef spin():\n    while not stop: sum(range(1000))\nfor _ in range(3): threading.Thread(target=spin, daemon=True).start()"
	if _, err := kerneltest.Execute(t, k, busy); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		r, err := kerneltest.Execute(t, k, fmt.Sprintf("print('a')\nsubprocess.run(['echo', 'größer %[1]d'])\nprint('b')\nos.system('echo %[1]d >&2')\nNone", i))
		if err != nil {
			t.Fatal(err)
		}
		want := []string{fmt.Sprintf("stdout %q", fmt.Sprintf("a\ngrößer %d\nb\n", i)), fmt.Sprintf("stderr %q", fmt.Sprintf("%d\n", i))}
		if diff := cmp.Diff(want, kerneltest.Shape(r.Outputs)); diff != "" {
			t.Fatalf("cell %d:\n%s", i, diff)
		}
	}
	big := "stop = True\nsubprocess.run(['head', '-c', '1000000', '/dev/zero'])\nprint('end')"
	r, err := kerneltest.Execute(t, k, big)
	if text := kerneltest.Stream(r, "stdout"); err != nil || len(text) != 1_000_004 || !strings.HasSuffix(text, "\x00end\n") {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}

// The state of widgets is that of their last messages, under ids that do not change from
// run to run. An Output widget captures output while it is active.
func TestWidgets(t *testing.T) {
	kerneltest.PrivateTemp(t)
	k := startPython(t)
	const open = `from comm import create_comm
def widget(model, **state):
    return create_comm(target_name="jupyter.widget", data={"state": {"_model_name": model, "_model_module": "m", "_model_module_version": "1", **state}, "buffer_paths": []})
bar = widget("BarModel", value=0)
box = widget("BoxModel", children=["IPY_MODEL_" + bar.comm_id])
out = widget("OutputModel", msg_id="", outputs=[])
create_comm(target_name="other", data={"a": 1})
display({"application/vnd.jupyter.widget-view+json": {"model_id": box.comm_id, "version_major": 2, "version_minor": 0}}, raw=True)
for i in range(3):
    bar.send({"method": "update", "state": {"value": i + 1}, "buffer_paths": []})
bar.send({"method": "update", "state": {}, "buffer_paths": [["image"]]}, buffers=[b"picture"])
bar.send({"method": "custom", "content": {}})
out.send({"method": "update", "state": {"msg_id": get_ipython().kernel.get_parent()["header"]["msg_id"]}})
print("inside", flush=True)
out.send({"method": "update", "state": {"msg_id": ""}})
gone = widget("GoneModel", _view_name="GoneView")
gone.close()
print("outside")`
	r, err := kerneltest.Execute(t, k, open)
	if err != nil {
		t.Fatal(err)
	}
	if text := kerneltest.Stream(r, "stdout"); text != "outside\n" {
		t.Errorf("stdout %q", text)
	}
	view, err := json.Marshal(r.Outputs[0].Data)
	if err != nil || !strings.Contains(string(view), `"model_id":"widget-2"`) {
		t.Errorf("view %s, %v", view, err)
	}
	got, err := json.MarshalIndent(k.Widgets(), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"value": 3`, `"IPY_MODEL_widget-1"`, `"data": "cGljdHVyZQ=="`, `"version_major": 2`, "\"inside\\n\"", `"model_name": "OutputModel"`, `"_view_name": null`,
	} {
		if !strings.Contains(string(got), want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	if strings.Contains(string(got), "widget-5") || strings.Contains(string(got), "outside") {
		t.Errorf("too much in\n%s", got)
	}
}
