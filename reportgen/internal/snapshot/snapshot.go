// Package snapshot draws outputs that need scripts, such as interactive charts, with
// Chromium and without the network.
//
//	b := snapshot.New(snapshot.PackageFolders("/usr/bin/python3"))
//	defer b.Close()
//	picture, err := b.HTML(source)
//
// Scripts that a page loads from elsewhere are taken from the installed packages that
// ship them; all other requests fail. Random numbers and the clock are fixed, so that
// the same page gives the same picture.
package snapshot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/flowbook/flowbook/reportgen/internal/browser"
	"github.com/flowbook/flowbook/reportgen/internal/workdir"
)

// patience bounds the drawing of one page. A browser on a busy machine takes long to start.
const patience = 2 * time.Minute

// Browser draws pages. It starts Chromium with the first one. The zero value has no
// scripts. It may not be used by two goroutines at once.
type Browser struct {
	folders []string
	tab     context.Context
	end     func()
	work    *workdir.Dir

	mu      sync.Mutex
	page    string                          // the address of the page that is drawn
	missing map[string]network.ResourceType // addresses of requests that failed, except optional ones
	local   map[string]string
}

// New returns a Browser that takes scripts from folders of installed packages.
func New(folders []string) *Browser { return &Browser{folders: folders} }

// Close ends Chromium.
func (b *Browser) Close() error {
	if b.end == nil {
		return nil
	}
	b.end()
	b.end = nil
	return b.work.Remove()
}

// Picture is a drawn page: a vector picture or a bitmap.
type Picture struct {
	SVG    string
	PNG    []byte
	Width  int // of the bitmap in CSS pixels
	Height int
	// Missing names the style sheets, fonts and pictures that no installed package
	// ships; "" for none.
	Missing string
}

// ErrNothing reports that a page is empty after its scripts ran.
var ErrNothing = errors.New("its scripts draw nothing")

// missingError reports that a page needs files that no installed package ships.
type missingError struct{ Addresses []string }

// Error names the first files.
func (e *missingError) Error() string {
	return "needs " + firstOf(e.Addresses) + ", which no installed package has"
}

// firstOf lists three addresses and counts the others.
func firstOf(addresses []string) string {
	const most = 3
	if len(addresses) <= most {
		return strings.Join(addresses, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(addresses[:most], ", "), len(addresses)-most)
}

// start starts Chromium.
func (b *Browser) start() (err error) {
	if b.end != nil {
		return nil
	}
	program, err := browser.Find()
	if err != nil {
		return err
	}
	if b.work, err = workdir.Make(os.TempDir(), "reportgen-snapshot-"); err != nil {
		return err
	}
	b.tab, b.end = browser.Start(context.Background(), program, filepath.Join(b.work.Path, "b"), browser.Offline()...)
	if err := chromedp.Listen(b.tab, b.request); err != nil {
		return err
	}
	_, err = chromedp.Call(b.tab, fetch.Enable, fetch.EnableParams{})
	return err
}

// request answers the requests of a page, on the goroutine that reads from the browser.
func (b *Browser) request(event any) {
	e, ok := event.(*fetch.EventRequestPaused)
	if !ok {
		return
	}
	go b.answer(e)
}

func (b *Browser) answer(e *fetch.EventRequestPaused) {
	address := e.Request.URL
	b.mu.Lock()
	own := address == b.page
	file := b.file(address)
	if !own && file == "" && !strings.HasPrefix(address, "data:") && !optional.MatchString(address) {
		b.missing[address] = e.ResourceType
		if background.MatchString(address) {
			b.missing[address] = network.ResourceTypeImage
		}
	}
	b.mu.Unlock()
	// A request of a page that is gone needs no answer: errors are ignored.
	switch {
	case own || strings.HasPrefix(address, "data:"):
		_, _ = chromedp.Call(b.tab, fetch.ContinueRequest, fetch.ContinueRequestParams{RequestID: e.RequestID})
	case file != "":
		if data, err := os.ReadFile(file); err == nil {
			_, _ = chromedp.Call(b.tab, fetch.FulfillRequest, fetch.FulfillRequestParams{
				RequestID: e.RequestID, ResponseCode: 200, Body: data,
				ResponseHeaders: []*fetch.HeaderEntry{{Name: "Content-Type", Value: contentType(file)}, {Name: "Access-Control-Allow-Origin", Value: "*"}},
			})
			return
		}
		fallthrough
	default:
		_, _ = chromedp.Call(b.tab, fetch.FailRequest, fetch.FailRequestParams{RequestID: e.RequestID, ErrorReason: network.ErrorReasonBlockedByClient})
	}
}

// optional matches addresses of scripts that only formulas need.
var optional = regexp.MustCompile(`(?i)mathjax|katex`)

// background matches addresses of the map behind a chart, which is drawn without it.
var background = regexp.MustCompile(`(?i)mapbox-gl|maplibre-gl|basemaps|/style\.json`)

// needed reports whether a page is not drawn if a file of the type is missing.
func needed(t network.ResourceType) bool {
	return t != network.ResourceTypeStylesheet && t != network.ResourceTypeFont && t != network.ResourceTypeImage && t != network.ResourceTypeMedia
}

func contentType(file string) string {
	if filepath.Ext(file) == ".css" {
		return "text/css"
	}
	return "text/javascript"
}

// deterministic fixes what pages draw at random, and notes errors of scripts.
const deterministic = `<script>(() => {
  window.reportgenFailed = false;
  for (const type of ["error", "unhandledrejection"]) {
    addEventListener(type, () => { window.reportgenFailed = true; });
  }
  let seed = 1;
  Math.random = () => { seed = (seed * 16807) % 2147483647; return seed / 2147483647; };
  crypto.getRandomValues = (a) => { for (let i = 0; i < a.length; i++) a[i] = Math.floor(Math.random() * 256); return a; };
  crypto.randomUUID = () => "00000000-0000-4000-8000-" + String(Math.floor(Math.random() * 1e12)).padStart(12, "0");
})()</script>`

// settled resolves when the page has not changed for a while. Time is counted in timers, which a busy machine runs later.
const settled = `new Promise((resolve) => {
  let quiet = 0, looks = 0;
  new MutationObserver(() => { quiet = 0; }).observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
  const look = () => {
    quiet++;
    looks++;
    if (quiet > 12 && document.readyState === "complete" || looks > 300) {
      resolve(true);
    } else {
      setTimeout(look, 50);
    }
  };
  look();
})`

// HTML draws a page with the given body, as a bitmap of its content.
func (b *Browser) HTML(body string) (*Picture, error) {
	return b.draw(body, "")
}

// Plotly draws a figure of application/vnd.plotly.v1+json as a vector picture.
func (b *Browser) Plotly(figure any) (*Picture, error) {
	encoded, err := json.Marshal(figure)
	if err != nil {
		return nil, err
	}
	body := fmt.Sprintf(`<div id="chart"></div><script src="https://cdn.plot.ly/plotly.min.js"></script>
<script type="application/json" id="figure">%s</script>
<script>const figure = JSON.parse(document.getElementById("figure").textContent);
const layout = {width: 700, height: 450, ...figure.layout};
const drawn = Plotly.newPlot("chart", figure.data, layout, {staticPlot: true}).then((e) => Plotly.toImage(e, {format: "svg", width: e._fullLayout.width, height: e._fullLayout.height}))
  .then((address) => decodeURIComponent(address.replace(/^data:image\/svg\+xml,/, "")));</script>`, encoded)
	return b.draw(body, "drawn")
}

// draw draws a page, as drawWithin does, and says so if it takes too long.
func (b *Browser) draw(body, expression string) (*Picture, error) {
	picture, err := b.drawWithin(body, expression)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("drawing it takes more than %v", patience)
	}
	return picture, err
}

// drawWithin draws a page. If expression is not empty, its value is the source of an SVG.
func (b *Browser) drawWithin(body, expression string) (*Picture, error) {
	if err := b.start(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(b.tab, patience)
	defer cancel()
	name := filepath.Join(b.work.Path, "page.html")
	source := "<!doctype html><html><head><meta charset=\"utf-8\">" + deterministic + "<style>body { margin: 8px; background: white; } .modebar-container { display: none !important; }</style></head><body>" + body + "</body></html>"
	if err := os.WriteFile(name, []byte(source), 0o600); err != nil {
		return nil, err
	}
	b.mu.Lock()
	b.page, b.missing = (&url.URL{Scheme: "file", Path: name}).String(), map[string]network.ResourceType{}
	b.mu.Unlock()
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(800, 600), chromedp.Navigate(b.page)); err != nil {
		return nil, err
	}
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](settled, chromedp.EvalAwaitPromise)); err != nil {
		return nil, err
	}
	// A script may have left the page, whose variable is then gone.
	failed, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("window.reportgenFailed !== false"))
	if err != nil {
		return nil, err
	}
	missing, without := b.missed(func(address string) bool { return failed || expression != "" || !tagged(body, address) })
	if len(missing) > 0 {
		return nil, &missingError{missing}
	}
	if expression != "" {
		svg, err := chromedp.Run(ctx, chromedp.Evaluate[string](expression, chromedp.EvalAwaitPromise))
		if err != nil {
			return nil, fmt.Errorf("the chart's script failed: %w", err)
		}
		return &Picture{SVG: svg}, nil
	}
	picture, err := b.screenshot(ctx)
	if err != nil && len(without) > 0 {
		return nil, &missingError{without}
	}
	if err == nil {
		picture.Missing = firstOf(without)
	}
	return picture, err
}

// tagged reports whether a tag of the page loads the script: a page that shows something without it, and without an error,
// only uses it on demand.
func tagged(body, address string) bool {
	return strings.Contains(body, `src="`+address+`"`) || strings.Contains(body, `src='`+address+`'`)
}

// missed returns the addresses of the files that were not found: those without which the
// page is not drawn, and the others. Scripts count as fails says.
func (b *Browser) missed(fails func(script string) bool) (needs, others []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, address := range slices.Sorted(maps.Keys(b.missing)) {
		if t := b.missing[address]; needed(t) && (t != network.ResourceTypeScript || fails(address)) {
			needs = append(needs, address)
		} else {
			others = append(others, address)
		}
	}
	return needs, others
}

// screenshot returns the content of the page as a bitmap of twice its size.
func (b *Browser) screenshot(ctx context.Context) (*Picture, error) {
	box, err := chromedp.Run(ctx, chromedp.Evaluate[[]float64](`(() => {
  let right = 0, bottom = 0;
  const walk = (root) => {
    for (const e of root.querySelectorAll("*")) {
      const r = e.getBoundingClientRect();
      if (r.width > 0 && r.height > 0 && (!e.firstElementChild || e.shadowRoot || e.matches("canvas, svg, img"))) { right = Math.max(right, r.right); bottom = Math.max(bottom, r.bottom); }
      if (e.shadowRoot) walk(e.shadowRoot);
    }
  };
  walk(document.body);
  return [Math.ceil(Math.min(right + 8, 4000)), Math.ceil(Math.min(bottom + 8, 8000))];
})()`))
	if err != nil {
		return nil, err
	}
	if len(box) != 2 || box[0] < 10 || box[1] < 10 {
		return nil, ErrNothing
	}
	yes := true
	result, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{
		CaptureBeyondViewport: &yes, Clip: &page.Viewport{Width: box[0], Height: box[1], Scale: 2},
	})
	if err != nil {
		return nil, err
	}
	return &Picture{PNG: result.Data, Width: int(box[0]), Height: int(box[1])}, nil
}
