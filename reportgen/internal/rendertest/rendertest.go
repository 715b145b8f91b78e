// Package rendertest opens a report in a real browser and checks it
// there.
//
//	func TestPage(t *testing.T) { rendertest.CheckHTML(t, "report/index.html") }
//
// The browser is the one that $FLOWBOOK_CHROMIUM names, else chromium or Chrome
// on PATH; without one, the test is skipped.
package rendertest

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/flowbook/flowbook/reportgen/internal/browser"
)

// patience bounds the start of the browser and each check.
const patience = 60 * time.Second

// Page is a report opened in a browser.
type Page struct {
	t     testing.TB
	ctx   context.Context
	url   string
	mu    sync.Mutex
	noise []string // console errors and requests
}

// CheckHTML opens the page at path in both themes, as wide as a desk's screen
// and as narrow as a phone's, and fails the test for a console error, a request
// to anything but the page itself, a picture without alt text, a duplicate
// identifier, a dead in-page link, text with less than
// WCAG AA contrast (4.5 to 1, 3 to 1 for large text), or a page that scrolls
// sideways.
func CheckHTML(t testing.TB, path string) {
	t.Helper()
	p := Open(t, path)
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{1280, 375} {
			p.Show(theme, width)
			for _, problem := range p.Problems() {
				t.Errorf("%s, %s theme, %d px wide: %s", filepath.Base(path), theme, width, problem)
			}
		}
	}
	for _, noise := range p.Noise() {
		t.Errorf("%s: %s", filepath.Base(path), noise)
	}
}

// Open opens the page at path. It skips the test if there is no browser, and short tests.
func Open(t testing.TB, path string) *Page {
	t.Helper()
	absolute, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(absolute); err != nil {
		t.Fatal(err)
	}
	p := &Page{t: t, ctx: start(t), url: (&url.URL{Scheme: "file", Path: absolute}).String()}
	if err := chromedp.Listen(p.ctx, p.listen); err != nil {
		t.Fatalf("the browser did not start: %v", err)
	}
	p.call("listen to the page", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, network.Enable, network.EnableParams{})
		return err
	})
	p.call("focus the page", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
		return err
	})
	return p
}

// Show opens the page again in a theme (light or dark) at a width in CSS pixels.
// Nothing moves by itself: a click would miss a button that still scrolls.
func (p *Page) Show(theme string, width int64) {
	p.t.Helper()
	p.call("open the page", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: theme},
				{Name: "prefers-reduced-motion", Value: "reduce"},
			},
		})
		if err != nil {
			return err
		}
		return chromedp.Do(ctx, chromedp.EmulateViewport(width, 900), chromedp.Navigate(p.url))
	})
}

// DisableScript has pages that are opened from now on run no script.
func (p *Page) DisableScript() {
	p.t.Helper()
	p.call("disable scripts", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	})
}

// Evaluate is the value of a JavaScript expression in the page; a promise is awaited. If
// a link leads to another page meanwhile, the expression is evaluated there.
func Evaluate[T any](p *Page, expression string) T {
	p.t.Helper()
	var value T
	p.call("evaluate "+expression, func(ctx context.Context) (err error) {
		for {
			value, err = chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
			if err == nil || !strings.Contains(err.Error(), "navigated or closed") || ctx.Err() != nil {
				return err
			}
		}
	})
	return value
}

// Click clicks the element that a CSS selector names.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.call("click "+selector, func(ctx context.Context) error {
		return chromedp.Do(ctx, chromedp.Click(chromedp.CSS(selector)))
	})
}

// Type presses the keys of a text, one after the other, in the focused element.
func (p *Page) Type(keys string) {
	p.t.Helper()
	p.call("type", func(ctx context.Context) error { return chromedp.Do(ctx, chromedp.KeyEvent(keys)) })
}

// Screenshot writes the whole page as PNG.
func (p *Page) Screenshot(path string) {
	p.t.Helper()
	p.call("take a picture", func(ctx context.Context) error {
		png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
		if err != nil {
			return err
		}
		return os.WriteFile(path, png, 0o666)
	})
}

// Noise is the console errors and the requests to anything but the page, sorted.
func (p *Page) Noise() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Compact(slices.Sorted(slices.Values(p.noise)))
}

func (p *Page) call(what string, f func(context.Context) error) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := f(ctx); err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
}

// listen runs on the goroutine that reads from the browser, so it only notes.
func (p *Page) listen(event any) {
	note := ""
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if u := e.Request.URL; u != p.url && !strings.HasPrefix(u, "data:") && !strings.HasPrefix(u, p.url+"#") {
			note = "request to " + u
		}
	case *runtime.EventExceptionThrown:
		note = "exception: " + e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			note += " " + e.ExceptionDetails.Exception.Description
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning || e.Type == runtime.ConsoleAPICalledTypeAssert {
			note = fmt.Sprintf("console.%s", e.Type)
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			note = "console: " + e.Entry.Text
		}
	}
	if note != "" {
		p.mu.Lock()
		p.noise = append(p.noise, note)
		p.mu.Unlock()
	}
}

// Browser returns the path of the browser. It skips the test if there is none, and short
// tests.
func Browser(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser: skipped with -short")
	}
	path, err := browser.Find()
	if errors.Is(err, browser.ErrNotFound) {
		t.Skipf("no browser is started: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// start starts a browser for the test.
func start(t testing.TB) context.Context {
	t.Helper()
	ctx, end := browser.Start(t.Context(), Browser(t), t.TempDir())
	t.Cleanup(end)
	return ctx
}

//go:embed check.js
var check string

// Problems runs the checks of CheckHTML within the page as it is shown.
func (p *Page) Problems() []string {
	p.t.Helper()
	return Evaluate[[]string](p, check)
}
