package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/reportgen/execute"
)

// executed is what a report is written from.
type executed struct {
	source  *source
	params  []execute.Parameter
	results []execute.Result
	kernels *errgroup.Group // that are being shut down
}

// files is the folder of a notebook, in which the files that its cells did not
// close are whole: the first to be opened waits for the kernels' end.
func (e *executed) files(fsys fs.FS) fs.FS { return endedFS{fsys, e.kernels} }

type endedFS struct {
	fs.FS
	kernels *errgroup.Group
}

func (f endedFS) Open(name string) (fs.File, error) {
	_ = f.kernels.Wait() // told at the end of the run
	return f.FS.Open(name)
}

// execute runs the notebooks that the arguments name.
func (o runOptions) execute(ctx context.Context, stderr io.Writer, args []string) (*executed, error) {
	source, err := findSource(args)
	if err != nil {
		return nil, err
	}
	params, err := source.parameters(o.params)
	if err != nil {
		return nil, err
	}
	inputs, err := source.read()
	if err != nil {
		return nil, err
	}
	if err := checkInputs(ctx, inputs, params); err != nil {
		return nil, err
	}
	if _, err := source.renderOptions(); err != nil {
		return nil, err
	}
	env, err := kernelEnv()
	if err != nil {
		return nil, err
	}
	var cache *execute.Cache
	if !o.noCache {
		if cache, err = cellCache(); err != nil {
			return nil, err
		}
	}
	progress := newProgress(stderr)
	told := progress.event
	if o.progress != nil {
		told = func(e execute.Event) {
			progress.event(e)
			o.progress(e)
		}
	}
	kernels := new(errgroup.Group)
	results, err := execute.Run(ctx, inputs, execute.Options{
		Kernel: o.kernel, Parameters: params, CellTimeout: o.timeout, Timeout: o.runTimeout, StartTimeout: o.startTime, Jobs: o.jobs,
		Env: env, Hide: hidden(params), Log: stderr, Progress: told, AllowErrors: o.allow, Cache: cache, Ending: kernels,
	})
	progress.close()
	for _, r := range results {
		for _, w := range r.Warnings {
			fmt.Fprintln(stderr, "warning:", w)
		}
	}
	return &executed{source, params, results, kernels}, err
}

// kernelEnv lets what the cells import find this program and its cache.
func kernelEnv() ([]string, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cache, err := profile.CacheDir()
	if err != nil {
		return nil, err
	}
	if cache, err = filepath.Abs(cache); err != nil {
		return nil, err
	}
	return []string{programVariable + "=" + program, cacheVariable + "=" + cache}, nil
}

// The variables that tell cells where this program and its cache are.
const (
	programVariable = "FLOWBOOK_REPORTGEN"
	cacheVariable   = "FLOWBOOK_CACHE"
)
