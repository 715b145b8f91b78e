package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/flowbook/flowbook/pkg/frame"
	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/browser"
	"github.com/flowbook/flowbook/reportgen/internal/gonb"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// TestJupyterLab uses the installed kernel in JupyterLab as an analyst does: Tab
// completes a name, Shift+Tab shows documentation, a typo is an error in the cell, Ctrl-C
// stops a cell, and the guided tour runs from top to bottom. It logs how long each takes
// (go test -run TestJupyterLab -v).
func TestJupyterLab(t *testing.T) {
	lab := startJupyterLab(t)
	lab.open(t, "scratch.ipynb")
	lab.edit(t)
	lab.do(t, "type", chromedp.KeyEvent("frame.Ho"))
	lab.completes(t, "frame.Ho", "Hosts")
	lab.do(t, "accept the completion", chromedp.KeyEvent(kb.Enter))
	lab.wait(t, `cells()[0].sharedModel.getSource().includes("frame.Hosts")`)
	lab.timed(t, "Shift+Tab on frame.Hosts", func() {
		lab.do(t, "Shift+Tab", chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(kb.ModifierShift)))
		lab.wait(t, `document.querySelector(".jp-Tooltip").textContent.includes("Hosts returns the sources of the day")`)
	})
	lab.picture(t, "documentation")
	lab.do(t, "close the documentation", chromedp.KeyEvent(kb.Escape))
	lab.edit(t)
	lab.do(t, "type", chromedp.KeyEvent("(frame.Where(f, \"up_b"))
	lab.completes(t, "a column in a string", "up_bytes")
	lab.do(t, "close the list", chromedp.KeyEvent(kb.Escape))

	for _, c := range []struct{ name, code, want string }{
		{"declaration without %%", "var day = nb.Open()", ""},
		{"first cell", "%%\nfmt.Println(frame.Hosts(day.Test()).Nrow())", "200"},
		{"frame as the last expression", "%%\nframe.Hosts(day.Test())", "192.168.100.178"},
		{"empty cell", "%%\n_ = 0", ""},
		{"warm cell", "%%\nfmt.Println(frame.Hosts(day.Test()).Nrow())", "200"},
		{"failing cell", "%%\n\nfmt.Println(frame.Hots(day.Test()))", "Hots"},
		{"cell after the failing one", "%%\nfmt.Println(frame.Hosts(day.Test()).Nrow())", "200"},
	} {
		lab.timed(t, c.name, func() {
			if out := lab.run(t, c.code); !strings.Contains(out, c.want) {
				t.Errorf("%s: %s; want %s", c.name, out, c.want)
			}
		})
	}
	lab.start(t, "%%\nfmt.Println(\"began\")\ntime.Sleep(time.Hour)")
	lab.wait(t, `JSON.stringify(outputs(0)).includes("began")`)
	lab.timed(t, "interrupt", func() {
		lab.execute(t, "notebook:interrupt-kernel")
		lab.wait(t, `done`)
	})

	lab.open(t, "explore.ipynb")
	lab.timed(t, "the guided tour", func() {
		lab.execute(t, "notebook:run-all-cells")
		lab.wait(t, `jupyterapp.shell.currentWidget.sessionContext.session.kernel.status == "idle" &&
			cells().every(c => c.type != "code" || c.executionCount)`)
	})
	lab.picture(t, "tour")
	lab.do(t, "dark theme", chromedp.Evaluate[chromedp.Void](`void jupyterapp.commands.execute("apputils:change-theme", {theme: "JupyterLab Dark"})`))
	lab.wait(t, `document.body.dataset.jpThemeLight == "false"`)
	lab.picture(t, "tour in the dark theme")
	failed := lab.text(t, `JSON.stringify(cells().filter(c => c.type == "code").map(c => c.outputs.toJSON()).filter(o => o.some(x => x.output_type == "error" || x.name == "stderr")))`)
	if failed != "[]" {
		t.Errorf("cells of the tour fail: %.2000s", failed)
	}
}

// jupyterLab is a JupyterLab in a browser.
type jupyterLab struct {
	ctx  context.Context
	base string // its address

	opened bool // a notebook is open
}

func startJupyterLab(t *testing.T) *jupyterLab {
	t.Helper()
	if testing.Short() {
		t.Skip("starts JupyterLab: skipped with -short")
	}
	chromium, err := browser.Find()
	if err != nil {
		t.Skip(err)
	}
	t.Setenv("PATH", testenv.Path(t, ".venv", "bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
	program := testenv.Program(t, "jupyter-lab", "pip install -r notebooks/requirements.txt")
	prefix := t.TempDir()
	if _, err := gonb.Install(t.Context(), testenv.Path(t), prefix, frame.ColumnNames(), io.Discard); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"explore.ipynb", "report.yaml"} {
		copyFile(t, testenv.Path(t, "notebooks", name), filepath.Join(dir, name))
	}
	scratch := &nbformat.Notebook{
		Minor: 5, Metadata: map[string]any{"kernelspec": map[string]any{"name": "gonb", "language": "go", "display_name": "Go (gonb)"}},
		Cells: []*nbformat.Cell{{Type: nbformat.Code, ID: "code", Source: "%%\n"}},
	}
	src, err := nbformat.Marshal(scratch)
	if err != nil {
		t.Fatal(err)
	}
	testenv.WriteFiles(t, dir, map[string]string{"scratch.ipynb": string(src)})
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir() // that of compilers and gopls
	if err != nil {
		t.Fatal(err)
	}
	runtime := t.TempDir()
	cmd := exec.CommandContext(t.Context(), program, "--no-browser", "--ip=127.0.0.1", "--port=0", "--allow-root", "--expose-app-in-browser",
		"--IdentityProvider.token=", "--ServerApp.root_dir="+dir)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "JUPYTER_PATH="+filepath.Join(prefix, "share", "jupyter"), "JUPYTER_RUNTIME_DIR="+runtime, "JUPYTER_CONFIG_DIR="+t.TempDir(),
		"JUPYTERLAB_SETTINGS_DIR="+t.TempDir(), "JUPYTERLAB_WORKSPACES_DIR="+t.TempDir(), "HOME="+t.TempDir(), "XDG_CACHE_HOME="+cache,
		"GOMODCACHE="+goEnv(t, "GOMODCACHE"), "FLOWBOOK_REPORTGEN="+own)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Cancel()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("JupyterLab:\n%s", log.String())
		}
	})
	lab := &jupyterLab{base: serverAddress(t, runtime)}
	ctx, end := browser.Start(t.Context(), chromium, t.TempDir())
	t.Cleanup(end)
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	t.Cleanup(cancel)
	lab.ctx = ctx
	lab.do(t, "size of the window", chromedp.EmulateViewport(1280, 900))
	// A browser without a window has no focus by itself.
	if _, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		t.Fatal(err)
	}
	return lab
}

// serverAddress waits for the file in which a Jupyter server says its address.
func serverAddress(t *testing.T, runtime string) string {
	t.Helper()
	for t.Context().Err() == nil {
		files, err := filepath.Glob(filepath.Join(runtime, "jpserver-*.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			var server struct{ URL string }
			if src, err := os.ReadFile(file); err == nil && json.Unmarshal(src, &server) == nil {
				return strings.TrimSuffix(server.URL, "/")
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("JupyterLab did not start")
	return ""
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// helpers are JavaScript functions of the notebook in front.
const helpers = `const cells = () => [...jupyterapp.shell.currentWidget.content.model.cells];
const outputs = i => cells()[i].outputs.toJSON();
const done = window.flowbookDone;
`

// text returns the value of a JavaScript expression.
func (l *jupyterLab) text(t *testing.T, expression string) string {
	t.Helper()
	text, err := chromedp.Run(l.ctx, chromedp.Evaluate[string]("(() => {"+helpers+"return "+expression+"})()"))
	if err != nil {
		t.Fatal(expression, err)
	}
	return text
}

func (l *jupyterLab) do(t *testing.T, what string, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(l.ctx, actions...); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// wait waits until a JavaScript expression is true.
func (l *jupyterLab) wait(t *testing.T, expression string) {
	t.Helper()
	if err := l.waitFor(expression, 3*time.Minute); err != nil {
		l.picture(t, "failed")
		t.Fatalf("%s: %v", expression, err)
	}
}

func (l *jupyterLab) waitFor(expression string, limit time.Duration) error {
	return chromedp.Do(l.ctx, chromedp.Poll[chromedp.Void]("(() => {try {"+helpers+"return !!("+expression+")} catch { return false }})()",
		chromedp.WithPollingInterval(10*time.Millisecond), chromedp.WithPollingTimeout(limit)))
}

// open opens a notebook and waits until its kernel is ready.
func (l *jupyterLab) open(t *testing.T, name string) {
	t.Helper()
	if l.opened { // the browser asks whether to leave a page with changes that are not saved
		l.execute(t, "docmanager:save")
		l.wait(t, `!jupyterapp.shell.currentWidget.context.model.dirty`)
	}
	l.opened = true
	l.do(t, "open "+name, chromedp.Navigate(l.base+"/lab/tree/"+name+"?reset"))
	opened := fmt.Sprintf(`[...jupyterapp.shell.widgets("main")].find(w => w.context?.path == %q)`, name)
	l.wait(t, opened+`.sessionContext.session.kernel.status == "idle"`)
	l.do(t, "click into the notebook", chromedp.Click(chromedp.CSS(".jp-Notebook .jp-Cell")))
	l.wait(t, "jupyterapp.shell.currentWidget == "+opened)
}

// edit puts the cursor at the end of the first cell.
func (l *jupyterLab) edit(t *testing.T) {
	t.Helper()
	l.execute(t, "notebook:enter-edit-mode")
	l.wait(t, `jupyterapp.shell.currentWidget.content.activeCell.editor.hasFocus()`)
	l.do(t, "place the cursor", chromedp.Evaluate[chromedp.Void](`(() => {
		const editor = jupyterapp.shell.currentWidget.content.activeCell.editor;
		editor.setCursorPosition(editor.getPositionAt(editor.model.sharedModel.getSource().length));
	})()`))
}

// completes presses Tab and waits for a name in the list. JupyterLab drops an answer that
// takes more than a second, and shows nothing: then it presses Tab again, as users do.
func (l *jupyterLab) completes(t *testing.T, what, want string) {
	t.Helper()
	const listed = `[...document.querySelectorAll(".jp-Completer:not(.lm-mod-hidden) .jp-Completer-item")].map(e => e.textContent)`
	for presses := 1; presses <= 30; presses++ {
		start := time.Now()
		l.do(t, "Tab", chromedp.KeyEvent(kb.Tab))
		if l.waitFor(listed+".length", 2*time.Second) != nil {
			continue
		}
		t.Logf("%6.2f s  Tab after %s, pressed %d times", time.Since(start).Seconds(), what, presses)
		l.picture(t, "completion of "+want)
		if names := l.text(t, "JSON.stringify("+listed+")"); !strings.Contains(names, `"`+want+`"`) {
			t.Errorf("Tab after %s lists %s, want %s", what, names, want)
		}
		return
	}
	l.picture(t, "no completion")
	t.Fatalf("Tab after %s shows no list", what)
}

// picture writes what the browser shows to the folder that $JUPYTERLAB_PICTURES names.
func (l *jupyterLab) picture(t *testing.T, name string) {
	t.Helper()
	folder := os.Getenv("JUPYTERLAB_PICTURES")
	if folder == "" {
		return
	}
	png, err := chromedp.Run(l.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, strings.ReplaceAll(name, " ", "-")+".png"), png, 0o666)
	}
	if err != nil {
		t.Error("picture:", err)
	}
}

// execute runs a command of JupyterLab without waiting for its end.
func (l *jupyterLab) execute(t *testing.T, command string) {
	t.Helper()
	l.do(t, command, chromedp.Evaluate[chromedp.Void](fmt.Sprintf("void jupyterapp.commands.execute(%q)", command)))
}

// start replaces the first cell of the notebook and runs it.
func (l *jupyterLab) start(t *testing.T, code string) {
	t.Helper()
	source, err := json.Marshal(code)
	if err != nil {
		t.Fatal(err)
	}
	l.do(t, "run a cell", chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`(() => {%s
		const notebook = jupyterapp.shell.currentWidget.content;
		window.flowbookDone = false;
		notebook.activeCellIndex = 0; notebook.deselectAll();
		cells()[0].sharedModel.setSource(%s);
		jupyterapp.commands.execute("notebook:run-cell").then(() => window.flowbookDone = true);
	})()`, helpers, source)))
}

// run replaces the first cell, runs it, and returns its outputs as JSON.
func (l *jupyterLab) run(t *testing.T, code string) string {
	t.Helper()
	l.start(t, code)
	l.wait(t, "done")
	return l.text(t, "JSON.stringify(outputs(0))")
}

func (l *jupyterLab) timed(t *testing.T, name string, f func()) {
	t.Helper()
	start := time.Now()
	f()
	t.Logf("%6.2f s  %s", time.Since(start).Seconds(), name)
}
