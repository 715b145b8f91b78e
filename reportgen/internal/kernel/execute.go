package kernel

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// Result is what running one cell gave. Outputs is filled in place: a later cell
// may update a display of this one.
type Result struct {
	Outputs        []*nbformat.Output
	ExecutionCount *int
	Updated        bool // a later cell changed what this one displays
}

// CellError says that a cell ran and failed: its code is at fault.
type CellError struct {
	Name      string   // as the kernel calls it: "ERROR", "ZeroDivisionError"
	Value     string   // the error's message
	Traceback []string // for people, with terminal colours
	Line      int      // the line of the cell at fault, from 1; 0 where the kernel does not tell
}

func (e *CellError) Error() string {
	if e.Name == "" || e.Name == "ERROR" { // what GoNB calls every error
		return e.Value
	}
	return e.Name + ": " + e.Value
}

// ErrInput says that a cell asked for input, which nobody is there to give.
var ErrInput = errors.New("the cell asks for input, and a report runs unattended: make it a parameter")

// errNoIdle says that the end of a cell's outputs was lost on the way.
var errNoIdle = errors.New("the kernel answered but did not say that it was idle: outputs may be missing")

// idleWait is how long the end of the outputs may take after the reply.
const idleWait = 30 * time.Second

// Execute runs code and waits until the kernel is idle again. The result is never
// nil and holds what the cell gave until then, also with an error: a [*CellError]
// where the code failed; a [*DiedError] where the kernel did; the cause of ctx
// where that ended first, after which the cell is interrupted and, when it does
// not obey within [Options].StopTimeout, the kernel is ended.
func (k *Kernel) Execute(ctx context.Context, code string) (*Result, error) {
	c := newCollector(k, code)
	msg, id, err := k.codec.encode("execute_request", map[string]any{
		"code": code, "silent": false, "store_history": true,
		"user_expressions": map[string]any{}, "allow_stdin": false, "stop_on_error": true,
	})
	if err != nil {
		return c.result, err
	}
	k.cells[id] = c
	if err := k.ahead.running(code); err != nil {
		return c.result, err
	}
	select {
	case <-k.proc.exited:
		return c.result, k.died()
	default:
	}
	if err := k.sockets.shell.SendMulti(msg); err != nil {
		// Its sockets are closed a moment before its end is seen.
		select {
		case <-k.proc.exited:
			return c.result, k.died()
		case <-time.After(readersWait):
			return c.result, fmt.Errorf("send the cell to the kernel: %w", err)
		}
	}
	run := &execution{k: k, id: id, cell: c}
	err = run.wait(ctx)
	c.shift = k.ahead.shift()
	c.flush()
	if err == nil && c.failure != nil {
		c.failure.Line = errorLine(c.failure, c.result)
		err = c.failure
	}
	return c.result, err
}

// execution is one cell on its way through the kernel.
type execution struct {
	k             *Kernel
	id            string
	cell          *collector
	replied, idle bool
	stopErr       error            // why the cell is being stopped
	giveUp        <-chan time.Time // when an interrupted kernel is ended, or a lost idle given up
}

func (e *execution) wait(ctx context.Context) error {
	k := e.k
	var gone <-chan time.Time
	finished := k.finished
	for !e.replied || !e.idle {
		select {
		case m := <-k.iopub:
			e.output(m)
		case m := <-k.shell:
			if err := e.reply(m); err != nil {
				return err
			}
		case m := <-k.stdin:
			if m.Header.Type == "input_request" {
				e.stop(ErrInput)
			}
		case err := <-k.badErr:
			return fmt.Errorf("talk to the kernel: %w", err)
		case <-k.proc.exited:
			e.drain()
			if e.stopErr != nil {
				return e.stopErr
			}
			return k.died()
		case <-finished:
			// A program that only starts the kernel lives on without it.
			finished, gone = nil, time.After(readersWait)
		case <-gone:
			k.proc.end() // the next turn sees that it has ended
		case <-ctx.Done():
			e.stop(context.Cause(ctx))
			ctx = context.WithoutCancel(ctx)
		case <-e.giveUp:
			if e.stopErr == nil {
				return errNoIdle
			}
			k.proc.end() // the next turn sees that it has ended
		}
	}
	return e.stopErr
}

// stop interrupts the cell, and sees to it that the kernel is ended where it does
// not obey.
func (e *execution) stop(cause error) {
	if e.stopErr != nil {
		return
	}
	e.stopErr = cause
	e.giveUp = time.After(e.k.opts.StopTimeout)
	if err := e.k.Interrupt(); err != nil {
		e.giveUp = time.After(0)
	}
}

func (e *execution) output(m *message) {
	if m.Parent.ID == e.id && isIdle(m) {
		e.idle = true
		return
	}
	// Outputs that come late still belong to the cell that made them.
	if c := e.k.cells[m.Parent.ID]; c != nil {
		c.add(m)
		if c != e.cell {
			c.flush()
		}
	}
}

func (e *execution) reply(m *message) error {
	if m.Parent.ID != e.id || m.Header.Type != "execute_reply" {
		return nil
	}
	var r struct {
		Status         string   `json:"status"`
		ExecutionCount *int     `json:"execution_count"`
		EName          string   `json:"ename"`
		EValue         string   `json:"evalue"`
		Traceback      []string `json:"traceback"`
	}
	if err := json.Unmarshal(m.Content, &r); err != nil {
		return fmt.Errorf("the kernel's reply: %w", err)
	}
	e.replied = true
	e.cell.result.ExecutionCount = r.ExecutionCount
	if r.Status != "ok" {
		e.cell.fail(r.EName, cmp.Or(r.EValue, r.EName, "the kernel gave the cell up: "+r.Status), r.Traceback)
	}
	if e.giveUp == nil {
		e.giveUp = time.After(idleWait)
	}
	return nil
}

// drain takes what had arrived when the kernel died, so that no output is lost.
func (e *execution) drain() {
	timeout := time.After(readersWait)
	for finished := e.k.finished; ; {
		select {
		case m := <-e.k.iopub:
			e.output(m)
			continue
		default:
		}
		if finished == nil {
			return // every reader has ended and nothing is left
		}
		select {
		case m := <-e.k.iopub:
			e.output(m)
		case <-finished:
			finished = nil
		case <-timeout:
			return
		}
	}
}

func isIdle(m *message) bool {
	if m.Header.Type != "status" {
		return false
	}
	var s struct {
		State string `json:"execution_state"`
	}
	return json.Unmarshal(m.Content, &s) == nil && s.State == "idle"
}
