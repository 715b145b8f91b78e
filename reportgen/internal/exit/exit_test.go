package exit_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/exit"
)

func TestStatus(t *testing.T) {
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	plain := errors.New("no such file")
	stale := exit.With(exit.Stale, plain)
	for _, tt := range []struct {
		name string
		ctx  context.Context
		err  error
		want int
	}{
		{"no error", t.Context(), nil, exit.Done},
		{"no error, then an interrupt", interrupted, nil, exit.Done},
		{"an error without a status", t.Context(), plain, exit.BadInput},
		{"an error with a status", t.Context(), stale, exit.Stale},
		{"wrapped", t.Context(), fmt.Errorf("check: %w", stale), exit.Stale},
		{"joined to one without", t.Context(), errors.Join(plain, exit.With(exit.Failed, plain)), exit.Failed},
		{"an interrupt", interrupted, stale, exit.Interrupted},
	} {
		if got := exit.Status(tt.ctx, tt.err); got != tt.want {
			t.Errorf("%s: status %d, want %d", tt.name, got, tt.want)
		}
	}
	if exit.With(exit.Failed, nil) != nil {
		t.Error("With makes an error of nil")
	}
	if !errors.Is(stale, plain) || stale.Error() != plain.Error() {
		t.Errorf("%v hides its cause", stale)
	}
}
