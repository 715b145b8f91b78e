package report

import (
	"errors"

	"github.com/flowbook/flowbook/reportgen/execute"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/kernel"
)

// WithStatus gives the error of a run its exit status: that of the most serious of the errors that it joins.
func WithStatus(err error) error {
	if err == nil {
		return nil
	}
	var died *kernel.DiedError
	var unwritten *notWrittenError
	var cell *execute.Error
	var late *execute.TimeoutError
	var imperfect *fault
	var unprinted *notPrintedError
	status := exit.BadInput
	switch {
	case errors.As(err, &died), errors.Is(err, kernel.ErrNoAnswer):
		status = exit.KernelDied
	case errors.As(err, &unwritten) && !errors.As(unwritten.Err, &late):
	case errors.As(err, &cell), errors.As(err, &late), errors.As(err, &imperfect), errors.As(err, &unprinted):
		status = exit.Failed
	}
	return exit.With(status, err)
}
