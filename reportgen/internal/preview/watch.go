package preview

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
	"golang.org/x/mod/modfile"

	"github.com/flowbook/flowbook/reportgen/execute"
	"github.com/flowbook/flowbook/reportgen/internal/report"
)

// settle is how long files must be left alone before a change counts, since editors write in several steps. A steady
// stream of changes counts after settleMost.
const (
	settle     = 150 * time.Millisecond
	settleMost = 2 * time.Second
	lookEvery  = time.Second // for folders that were replaced, whose watches end without a word
)

// watcher reports changes of what a report depends on.
type watcher struct {
	changed chan struct{}
	events  *fsnotify.Watcher
	add     chan func() // run by the goroutine that reads the lists
	done    chan struct{}

	unsettled time.Time              // the first change that was not reported yet
	watched   map[string]fs.FileInfo // folders, as they were when the watch began; nil for a missing one
	folders   []string               // all of whose files count: notebooks' and packages'
	files     []string               // that cells read
	patterns  []string
}

func newWatcher() (*watcher, error) {
	events, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &watcher{changed: make(chan struct{}, 1), events: events, add: make(chan func()), done: make(chan struct{}), watched: map[string]fs.FileInfo{}}
	go w.loop()
	return w, nil
}

func (w *watcher) close() {
	_ = w.events.Close() // it was only read from
	<-w.done
}

// loop reports the changes that count once they have settled.
func (w *watcher) loop() {
	defer close(w.done)
	quiet := time.NewTimer(time.Hour)
	quiet.Stop()
	change := func() {
		now := time.Now()
		if w.unsettled.IsZero() {
			w.unsettled = now
		}
		quiet.Reset(max(0, min(settle, w.unsettled.Add(settleMost).Sub(now))))
	}
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		select {
		case f := <-w.add:
			f()
		case e, ok := <-w.events.Events:
			if !ok {
				return
			}
			if !e.Has(fsnotify.Chmod) && w.counts(e.Name) {
				change()
			}
		case <-look.C:
			if w.renew() {
				change()
			}
		case _, ok := <-w.events.Errors:
			if !ok {
				return
			}
			change() // events may be lost: assume one
		case <-quiet.C:
			w.unsettled = time.Time{}
			w.report()
		}
	}
}

func (w *watcher) report() {
	select {
	case w.changed <- struct{}{}:
	default: // reported already
	}
}

// counts reports whether the report may depend on a file: notebooks and code in their folders, and elsewhere what cells
// read.
func (w *watcher) counts(file string) bool {
	name := filepath.Base(file)
	if slices.Contains(w.files, file) {
		return true
	}
	for _, p := range w.patterns {
		if ok, err := filepath.Match(p, file); err == nil && ok {
			return true
		}
	}
	if strings.HasPrefix(name, ".") || !slices.Contains(w.folders, filepath.Dir(file)) {
		return false
	}
	switch filepath.Ext(name) {
	case ".ipynb", ".go", ".mod", ".sum", ".py", ".yaml", ".yml", ".bib", ".json":
		return true
	}
	return false
}

// do runs f in the goroutine that reads the lists, and waits for its end.
func (w *watcher) do(f func()) {
	ended := make(chan struct{})
	select {
	case w.add <- func() { f(); close(ended) }:
		<-ended
	case <-w.done:
	}
}

// folder watches dir. Changes in a folder that cannot be watched are missed.
func (w *watcher) folder(dir string) {
	dir, err := filepath.Abs(dir)
	if _, known := w.watched[dir]; err != nil || known {
		return
	}
	w.watch(dir)
}

// watch begins to watch a folder, if it is there.
func (w *watcher) watch(dir string) {
	info, err := os.Stat(dir)
	if err == nil {
		err = w.events.Add(dir)
	}
	if err != nil {
		info = nil
	}
	w.watched[dir] = info
}

// renew watches folders again that were replaced, as by a change of branch. It reports whether any was replaced, removed
// or made.
func (w *watcher) renew() (replaced bool) {
	list := w.events.WatchList() // without the folders that were removed
	for dir, before := range w.watched {
		now, err := os.Stat(dir)
		same := err == nil && before != nil && os.SameFile(before, now) && slices.Contains(list, dir)
		if same || err != nil && before == nil {
			continue
		}
		_ = w.events.Remove(dir) // the watch may have ended with the folder
		w.watch(dir)
		replaced = true
	}
	return replaced
}

// notebooks watches the folders of the notebooks that the arguments name.
func (w *watcher) notebooks(args []string) {
	s, err := report.FindSource(args)
	if err != nil {
		return // report.yaml is being written; its folder is watched already
	}
	w.do(func() {
		for _, file := range s.Files() {
			dir, err := filepath.Abs(filepath.Dir(file))
			if err != nil {
				continue
			}
			w.folder(dir)
			if !slices.Contains(w.folders, dir) {
				w.folders = append(w.folders, dir)
			}
		}
	})
}

// sources watches what the cells of a run that began then have read. What has changed since they read it counts as a
// change now.
func (w *watcher) sources(r execute.Result, began time.Time) {
	var added []execute.Source
	w.do(func() {
		for _, s := range r.Sources {
			if s = w.source(s, r.Dir); s.Name != "" {
				added = append(added, s)
			}
		}
	})
	changed := slices.ContainsFunc(added, func(s execute.Source) bool {
		if s.Kind == execute.KindPackage {
			return changedSince(s.Name, began)
		}
		return s.Changed()
	})
	if changed {
		w.report()
	}
}

// source begins to watch a source of a notebook in dir. It returns the source, with a folder instead of an import path,
// or the zero Source if it was watched already or cannot be.
func (w *watcher) source(s execute.Source, dir string) execute.Source {
	list, entry := &w.files, s.Name
	switch s.Kind {
	case execute.KindEnvironment, execute.KindModules:
		return execute.Source{}
	case execute.KindFiles:
		list = &w.patterns
	case execute.KindPackage:
		s.Name = packageFolder(dir, s.Name)
		list, entry = &w.folders, s.Name
	default:
		if info, err := os.Stat(s.Name); err == nil && info.IsDir() {
			list, entry = &w.patterns, filepath.Join(s.Name, "*")
		}
	}
	if entry == "" || slices.Contains(*list, entry) {
		return execute.Source{}
	}
	*list = append(*list, entry)
	if s.Kind == execute.KindPackage {
		w.folder(entry)
	} else {
		w.folder(filepath.Dir(entry))
	}
	return s
}

// changedSince reports whether a file in a folder was written after a time.
func changedSince(folder string, then time.Time) bool {
	files, err := os.ReadDir(folder)
	return err != nil || slices.ContainsFunc(files, func(f fs.DirEntry) bool {
		info, err := f.Info()
		return err != nil || info.ModTime().After(then)
	})
}

// packageFolder is the folder of a package of the module around dir, or "" for another package.
func packageFolder(dir, importPath string) string {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	for ; ; dir = filepath.Dir(dir) {
		src, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil {
			rel, ok := strings.CutPrefix(importPath, modfile.ModulePath(src))
			if !ok {
				return ""
			}
			return filepath.Join(dir, filepath.FromSlash(rel))
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}
