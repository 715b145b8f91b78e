// Package preview serves a report in a browser and makes it again when something that it depends on changes.
//
//	p := &preview.Server{Args: args, Options: report.Options{…}, Stderr: os.Stderr}
//	err := p.Serve(ctx, listener)
//
// The page around the report gets the progress and the errors of each run as server-sent events, and reloads the report
// at the place where the reader was. A change during a run restarts it; the cells that ran are in the cache. If changes
// do not end, the run after a few restarts is finished and shown.
//
// Every address contains a token, so that other users of the machine cannot read the report.
package preview

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/flowbook/flowbook/reportgen/execute"
	"github.com/flowbook/flowbook/reportgen/internal/report"
	"github.com/flowbook/flowbook/reportgen/internal/workdir"
)

// page is the page around the report.
//
//go:embed page.html
var page string

// Server previews one report.
type Server struct {
	Args    []string // the notebooks, see [report.FindSource]
	Token   string   // the first part of each path; see [NewToken]
	Options report.Options
	Trust   bool
	Strict  bool
	Failed  func(error) // called with the error of each run that failed; may be nil

	folder *report.Folder
	board  *board
}

// Serve serves the report until ctx ends, which is not an error.
func (s *Server) Serve(ctx context.Context, listener net.Listener) (err error) {
	temp, err := workdir.Make(os.TempDir(), "reportgen-preview-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, temp.Remove()) }()
	if s.folder, err = report.NewFolder(filepath.Join(temp.Path, "report")); err != nil {
		return err
	}
	s.board = newBoard()
	group, ctx := errgroup.WithContext(ctx)
	server := &http.Server{
		Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second, WriteTimeout: time.Minute, IdleTimeout: time.Minute,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		return server.Close() // event streams do not end by themselves
	})
	group.Go(func() error { return s.work(ctx) })
	return group.Wait()
}

// restartsMost is how often changes restart a run before it is left to end.
const restartsMost = 3

// NewToken returns a token that cannot be guessed.
func NewToken() string { return rand.Text() }

// URL returns the address of the preview on a listener.
func (s *Server) URL(a net.Addr) string { return "http://" + a.String() + "/" + s.Token + "/" }

// work runs the notebooks now and after every change, until ctx ends.
func (s *Server) work(ctx context.Context) error {
	w, err := newWatcher()
	if err != nil {
		return err
	}
	defer w.close()
	for restarts := 0; ctx.Err() == nil; {
		w.notebooks(s.Args)
		running, stop := context.WithCancel(ctx)
		done := make(chan struct{})
		go func() { defer close(done); s.once(running, w) }()
		changed := w.changed
		if restarts == restartsMost {
			changed = nil // the change is seen when this run has ended
		}
		select {
		case <-changed:
			restarts++
			stop()
			<-done
			continue
		case <-done:
			stop()
		}
		restarts = 0
		select {
		case <-w.changed:
		case <-ctx.Done():
		}
	}
	return nil
}

// once makes the report, watches what its cells have read, and puts the outcome on the board.
func (s *Server) once(ctx context.Context, w *watcher) {
	began := time.Now()
	s.board.progress("Running …")
	run, err := s.run(ctx)
	if run != nil {
		err = errors.Join(err, run.Wait())
	}
	if ctx.Err() != nil {
		return // the next run reports, or the preview ends
	}
	if run != nil {
		for _, r := range run.Results {
			w.sources(r, began)
		}
	}
	if err != nil && s.Failed != nil {
		s.Failed(err)
	}
	_, missing := os.Stat(filepath.Join(s.folder.Path(), report.HTMLName))
	s.board.finished(err, missing == nil)
}

func (s *Server) run(ctx context.Context) (*report.Run, error) {
	source, err := report.FindSource(s.Args)
	if err != nil {
		return nil, err
	}
	o := s.Options
	// Of a series, the first report is shown.
	members, err := source.Series(o)
	if err != nil {
		return nil, err
	}
	if len(members) > 0 {
		source = members[0].Source
	}
	progress := o.Execute.Progress
	o.Execute.Progress = func(e execute.Event) {
		if progress != nil {
			progress(e)
		}
		if !e.Finished && e.Done > e.Cached {
			s.board.progress(fmt.Sprintf("%s: cell %d of %d", e.Name, e.Done, e.Cells))
		}
	}
	run, err := report.Execute(ctx, source, o)
	if err == nil && ctx.Err() == nil {
		_, err = run.Write(ctx, s.folder, report.WriteOptions{Formats: []string{"html"}, Trust: s.Trust, Strict: s.Strict, Warn: o.Warn})
	}
	return run, err
}

// handler serves the page, the report in it, and events. It answers only requests that name this machine: a foreign page
// whose host name resolves to it gets nothing.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, page)
	})
	mux.HandleFunc("GET /events", s.board.serve)
	mux.HandleFunc("GET /report/", s.serveReport)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "a preview is only for this machine", http.StatusForbidden)
			return
		}
		token, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		if subtle.ConstantTimeCompare([]byte(token), []byte(s.Token)) == 0 {
			http.Error(w, "use the address that reportgen preview printed", http.StatusForbidden)
			return
		}
		w.Header().Set("Referrer-Policy", "no-referrer") // the address is the key
		http.StripPrefix("/"+s.Token, mux).ServeHTTP(w, r)
	})
}

// serveReport serves a file of the report.
func (s *Server) serveReport(w http.ResponseWriter, r *http.Request) {
	root, err := os.OpenRoot(s.folder.Path()) // each time: every run replaces the folder
	if err != nil {
		http.Error(w, "no report yet", http.StatusNotFound)
		return
	}
	defer root.Close()
	w.Header().Set("Cache-Control", "no-store")
	name := strings.TrimPrefix(r.URL.Path, "/report/")
	if name == report.HTMLName { // the file server would redirect it
		src, err := root.ReadFile(name)
		if err != nil {
			http.Error(w, "no report yet", http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(src) // the client may be gone
		return
	}
	http.ServeFileFS(w, r, root.FS(), name)
}
