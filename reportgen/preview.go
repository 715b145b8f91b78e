package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/flowbook/flowbook/reportgen/execute"
	"github.com/flowbook/flowbook/reportgen/internal/workdir"
)

// newPreviewCommand is reportgen preview: the report while one works on it.
func newPreviewCommand() *cobra.Command {
	o := runOptions{to: []string{"html"}}
	port := 0
	c := &cobra.Command{
		Use:   "preview [NOTEBOOK|FOLDER]...",
		Short: "Show the report in a browser, and anew when a notebook or an input changes",
		Long: `Preview serves the report on this machine only, at an address that it prints. When a
notebook, report.yaml, a file that cells read or a Go package that they import
changes, it runs the cells that depend on it and the page comes back at the same
place. What fails is shown in the page. Ctrl-C ends it.`,
		Example:           "  reportgen preview\n  reportgen preview --port 8000 -p test=tuesday.parquet notebooks",
		ValidArgsFunction: completeNotebooks,
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.preview(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), port, args)
		},
	}
	o.addRunFlags(c.Flags())
	c.Flags().IntVar(&port, "port", 0, "serve at this port (default: a free one)")
	completeRunFlags(c)
	return c
}

func (o runOptions) preview(ctx context.Context, stdout, stderr io.Writer, port int, args []string) (err error) {
	if err := o.valid(); err != nil {
		return err
	}
	if _, err := findSource(args); err != nil {
		return err
	}
	temp, err := workdir.Make(os.TempDir(), "reportgen-preview-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, temp.Remove()) }()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", fmt.Sprint(port)))
	if err != nil {
		return fmt.Errorf("--port %d: %w", port, err)
	}
	p := &preview{options: o, args: args, out: &folder{filepath.Join(temp.Path, "report")}, stderr: stderr, board: newBoard()}
	server := &http.Server{Handler: p.handler(), ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	fmt.Fprintf(stdout, "http://%s/\n", listener.Addr())

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		return server.Close() // event streams never end by themselves
	})
	group.Go(func() error { return p.work(ctx) })
	return group.Wait()
}

// preview runs the notebooks again and again.
type preview struct {
	options runOptions
	args    []string
	out     *folder
	stderr  io.Writer
	board   *board
}

// work runs the notebooks now and after every change, until ctx ends. A change
// while they run starts them anew: what was done until then is kept in the cache.
func (p *preview) work(ctx context.Context) error {
	w, err := newWatch()
	if err != nil {
		return err
	}
	defer w.close()
	for ctx.Err() == nil {
		w.notebooks(p.args)
		running, stop := context.WithCancel(ctx)
		done := make(chan *executed, 1)
		go func() { done <- p.once(running) }()
		var e *executed
		select {
		case <-w.changed:
			stop()
			<-done
			continue
		case e = <-done:
			stop()
		}
		if e != nil {
			for _, r := range e.results {
				w.sources(r)
			}
		}
		select {
		case <-w.changed:
		case <-ctx.Done():
		}
	}
	return nil // to be ended is how a preview ends
}

// once makes the report and puts how it went on the board.
func (p *preview) once(ctx context.Context) *executed {
	p.board.progress("Running …")
	o := p.options
	o.progress = func(e execute.Event) {
		if !e.Finished && e.Done > e.Cached {
			p.board.progress(fmt.Sprintf("%s: cell %d of %d", e.Name, e.Done, e.Cells))
		}
	}
	e, err := o.execute(ctx, p.stderr, p.args)
	if err == nil && ctx.Err() == nil {
		err = o.report(ctx, io.Discard, p.stderr, p.out, e)
	}
	if e != nil {
		err = errors.Join(err, e.kernels.Wait())
	}
	if ctx.Err() != nil {
		return nil // the next run, or nobody, tells
	}
	if err != nil {
		fmt.Fprintln(p.stderr, "reportgen:", err)
	}
	_, missing := os.Stat(filepath.Join(p.out.path, "index.html"))
	p.board.finished(err, missing == nil)
	return e
}

// handler serves the shell, the report in it, and events. Only pages of this
// machine may ask: a foreign page whose name resolves to it does not.
func (p *preview) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, previewPage)
	})
	mux.HandleFunc("GET /events", p.board.serve)
	mux.HandleFunc("GET /report/", func(w http.ResponseWriter, r *http.Request) {
		root, err := os.OpenRoot(p.out.path) // anew: the folder is replaced by every run
		if err != nil {
			http.Error(w, "there is no report yet", http.StatusNotFound)
			return
		}
		defer root.Close()
		w.Header().Set("Cache-Control", "no-store")
		name := strings.TrimPrefix(r.URL.Path, "/report/")
		if name == "index.html" { // which the file server would redirect
			src, err := root.ReadFile(name)
			if err != nil {
				http.Error(w, "there is no report yet", http.StatusNotFound)
				return
			}
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write(src) // who asked may have gone
			return
		}
		http.ServeFileFS(w, r, root.FS(), name)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "a preview is for this machine only", http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
}
