// Package browser finds and starts Chromium, or a browser based on it, which
// prints reports and, in tests, shows them.
package browser

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"

	"github.com/chromedp/chromedp"

	"github.com/flowbook/flowbook/reportgen/internal/program"
)

// Variable is the environment variable that names the browser's program.
const Variable = "FLOWBOOK_CHROMIUM"

// ErrNotFound says that there is no browser.
var ErrNotFound = errors.New("no Chromium or Chrome found; install one (on Debian: apt-get install chromium), or set " + Variable)

// Find is the program that $FLOWBOOK_CHROMIUM names, else Chromium or Chrome on
// PATH, else ErrNotFound.
func Find() (string, error) {
	found, err := program.Find(Variable, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
	if errors.Is(err, program.ErrNotFound) {
		err = ErrNotFound
	}
	return found, err
}

// Offline lets no page reach the network, whatever it asks with: DevTools can refuse requests, but not those of sockets,
// calls and other windows. All connections go to a proxy that does not exist, and calls without a proxy are not made.
func Offline() []chromedp.ExecAllocatorOption {
	return []chromedp.ExecAllocatorOption{
		chromedp.Flag("proxy-server", "http://offline.invalid:1"),
		chromedp.Flag("proxy-bypass-list", "<-loopback>"),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND"),
		chromedp.Flag("webrtc-ip-handling-policy", "disable_non_proxied_udp"),
		chromedp.Flag("force-webrtc-ip-handling-policy", "disable_non_proxied_udp"), // its name in older versions
	}
}

// longestFolder is the length of a folder in which Chromium can make the socket
// .org.chromium.Chromium.XXXXXX/SingletonSocket.
const longestFolder = len(syscall.RawSockaddrUnix{}.Path) - len("/.org.chromium.Chromium.XXXXXX/SingletonSocket") - 1

// Start starts the browser at path, whose profile is in the folder, with further options,
// and returns the context in which chromedp drives it and the function that ends it. The
// browser asks for nothing that no page asks for.
func Start(ctx context.Context, path, folder string, more ...chromedp.ExecAllocatorOption) (context.Context, func()) {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.DisableGPU,
		chromedp.UserDataDir(folder),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-quic", true),
		chromedp.CombinedOutput(io.Discard),
	)
	// Chromium keeps a socket in the folder for temporary files, and leaves it there
	// if it is killed. The path of a socket is short.
	if len(folder) <= longestFolder && os.MkdirAll(folder, 0o700) == nil {
		options = append(options, chromedp.Env("TMPDIR="+folder))
	}
	if os.Geteuid() == 0 {
		// Chromium refuses to sandbox root, as in a container.
		options = append(options, chromedp.NoSandbox)
	}
	allocator, cancelAllocator := chromedp.NewExecAllocator(ctx, append(options, more...)...)
	tab, cancel := chromedp.NewContext(allocator)
	return tab, func() {
		_ = chromedp.Cancel(tab)
		cancel()
		cancelAllocator()
	}
}
