package preview

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// board passes the state of the preview from its runs to its pages.
type board struct {
	mu      sync.Mutex
	now     state
	changed chan struct{} // closed and replaced with every change of now
}

// state is what a page shows.
type state struct {
	Version  int    `json:"version"` // of the report; 0 before the first
	Progress string `json:"progress"`
	Error    string `json:"error"`
}

func newBoard() *board { return &board{changed: make(chan struct{})} }

func (b *board) set(change func(*state)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(&b.now)
	close(b.changed)
	b.changed = make(chan struct{})
}

func (b *board) progress(text string) {
	b.set(func(n *state) { n.Progress = text })
}

// finished reports the end of a run, and whether there is a report to load.
func (b *board) finished(err error, written bool) {
	b.set(func(n *state) {
		n.Progress, n.Error = "", ""
		if err != nil {
			n.Error = err.Error()
		}
		if written {
			n.Version++
		}
	})
}

func (b *board) read() (state, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now, b.changed
}

// aliveEvery is how often the state is sent without a change, and how long a client may take to read it.
const aliveEvery = 20 * time.Second

// serve sends the state and each change of it as server-sent events.
func (b *board) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	alive := time.NewTicker(aliveEvery)
	defer alive.Stop()
	for {
		now, changed := b.read()
		src, err := json.Marshal(now)
		if err != nil {
			return // three plain fields can be encoded
		}
		// A client that does not read is left. Flush returns the error.
		_ = out.SetWriteDeadline(time.Now().Add(aliveEvery))
		fmt.Fprintf(w, "data: %s\n\n", src)
		if out.Flush() != nil {
			return // the page is gone
		}
		select {
		case <-changed:
		case <-alive.C: // sends the state again, which finds clients that are gone
		case <-r.Context().Done():
			return
		}
	}
}
