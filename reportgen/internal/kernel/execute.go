package kernel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/flowbook/flowbook/reportgen/internal/terminal"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// Result is the result of one cell. A later cell may change Outputs in place, if it
// updates a display of this one.
type Result struct {
	Outputs        []*nbformat.Output
	ExecutionCount *int
	Updated        bool // a later cell changed a display of this one
}

// CellError reports a cell whose code failed.
type CellError struct {
	Name      string   // as the kernel calls it: "ERROR", "ZeroDivisionError"
	Value     string   // the error's message
	Traceback []string // with terminal colours
	Line      int      // the line of the cell at fault, from 1; 0 if the kernel does not report it
}

func (e *CellError) Error() string {
	if e.Name == "" || e.Name == "ERROR" { // says nothing
		return e.Value
	}
	return e.Name + ": " + e.Value
}

// ErrInput reports a cell that asks for input, which a report cannot give.
var ErrInput = errors.New("the cell asks for input, and reports run unattended; use a parameter instead")

// errNoIdle reports that the end of a cell's outputs did not arrive.
var errNoIdle = errors.New("the kernel replied but did not become idle: outputs may be missing")

// idleWait is how long the end of the outputs may take after the reply.
const idleWait = 30 * time.Second

// Execute runs code and waits until the kernel is idle again. The result is never
// nil: with an error, it holds the outputs until then. The error is a [*CellError] if
// the code failed, a [*DiedError] if the kernel ended, and the cause of ctx if that
// ended first. The cell is then interrupted, and the kernel is killed if the cell
// does not stop within [Options].StopTimeout.
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
	if err := k.session.Begin(code); err != nil {
		return c.result, err
	}
	select {
	case <-k.proc.exited:
		return c.result, k.died()
	default:
	}
	if err := k.sockets.shell.SendMulti(msg); err != nil {
		// The sockets close a moment before the end of the process is seen.
		select {
		case <-k.proc.exited:
			return c.result, k.died()
		case <-time.After(readersWait):
			return c.result, fmt.Errorf("send the cell to the kernel: %w", err)
		}
	}
	run := &execution{k: k, id: id, cell: c}
	if err = run.wait(ctx); err == nil {
		c.end(run.replied)
	}
	c.flush()
	if err == nil && c.failure != nil {
		c.failure.Line = k.errorLine(c.failure, c.result)
		err = c.failure
	}
	return c.result, err
}

// execution is one cell that the kernel executes.
type execution struct {
	k       *Kernel
	id      string
	cell    *collector
	replied *reply // nil before it arrives
	idle    bool
	stopErr error            // why the cell is being stopped
	giveUp  <-chan time.Time // when an interrupted kernel is killed, or the idle status is no longer awaited
}

func (e *execution) wait(ctx context.Context) error {
	k := e.k
	var gone <-chan time.Time
	finished := k.finished
	for e.replied == nil || !e.idle {
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
			// A program that only started the kernel may live on without it.
			finished, gone = nil, time.After(readersWait)
		case <-gone:
			k.proc.end() // seen by the next iteration
		case <-ctx.Done():
			e.stop(context.Cause(ctx))
			ctx = context.WithoutCancel(ctx)
		case <-e.giveUp:
			if e.stopErr == nil {
				return errNoIdle
			}
			k.proc.end() // seen by the next iteration
		}
	}
	return e.stopErr
}

// stop interrupts the cell. The kernel is killed later if the cell does not stop.
func (e *execution) stop(cause error) {
	if e.stopErr != nil {
		return
	}
	e.stopErr = cause
	e.giveUp = time.After(e.k.opts.StopTimeout)
	if err := e.k.interrupt(); err != nil {
		e.giveUp = time.After(0)
	}
}

func (e *execution) output(m *message) {
	if m.Parent.ID == e.id && isIdle(m) {
		e.idle = true
		return
	}
	// Late outputs belong to the cell that made them.
	if c := e.k.cells[m.Parent.ID]; c != nil {
		c.add(m)
		if c != e.cell {
			c.flush()
		}
	}
}

// reply is the content of the kernel's reply to a cell.
type reply struct {
	Status         string   `json:"status"`
	ExecutionCount *int     `json:"execution_count"`
	EName          string   `json:"ename"`
	EValue         string   `json:"evalue"`
	Traceback      []string `json:"traceback"`
}

func (e *execution) reply(m *message) error {
	if m.Parent.ID != e.id || m.Header.Type != "execute_reply" {
		return nil
	}
	r := &reply{}
	if err := json.Unmarshal(m.Content, r); err != nil {
		return fmt.Errorf("the kernel's reply: %w", err)
	}
	e.replied = r
	e.cell.result.ExecutionCount = r.ExecutionCount
	if e.giveUp == nil {
		e.giveUp = time.After(idleWait)
	}
	return nil
}

// drain adds the outputs that arrived before the kernel ended.
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
			return // every reader has ended
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

// errorLine finds the line of the cell that a failure points to, in the traceback or
// in what the cell wrote to stderr.
func (k *Kernel) errorLine(f *CellError, r *Result) int {
	if r.ExecutionCount == nil {
		return 0
	}
	texts := append([]string{}, f.Traceback...)
	for _, o := range r.Outputs {
		if o.Type == nbformat.Stream && o.Name == "stderr" {
			texts = append(texts, o.Text)
		}
	}
	return k.session.Line(terminal.Plain(terminal.Parse(strings.Join(texts, "\n"))), *r.ExecutionCount)
}
