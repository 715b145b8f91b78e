package report

import (
	"errors"
	"fmt"
	"testing"

	"github.com/flowbook/flowbook/reportgen/execute"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/kernel"
)

func TestStatusOfARun(t *testing.T) {
	cell := &execute.Error{Err: &kernel.CellError{}}
	died := &execute.Error{Err: &kernel.DiedError{}}
	tests := []struct {
		err  error
		want int
	}{
		{cell, exit.Failed},
		{errors.Join(cell, died), exit.KernelDied},
		{errors.Join(errors.New("x"), &fault{}), exit.Failed},
		{fmt.Errorf("a: %w", &kernel.NotFoundError{}), exit.BadInput},
		{fmt.Errorf("start kernel: %w", &execute.TimeoutError{}), exit.Failed},
		{fmt.Errorf("start kernel: %w", kernel.ErrNoAnswer), exit.KernelDied},
		{errors.Join(&notPrintedError{Err: errors.New("x")}, died), exit.KernelDied},
	}
	for _, tt := range tests {
		if got := exit.Status(t.Context(), WithStatus(tt.err)); got != tt.want {
			t.Errorf("%v: status %d, want %d", tt.err, got, tt.want)
		}
	}
}
