package alert

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// failing is a sender that always fails and notes when it was asked.
type failing struct {
	err   error
	start time.Time
	at    []int64 // milliseconds
}

func (f *failing) size([]message) int { return 1 }

func (f *failing) send(context.Context, []message) (int, error) {
	f.at = append(f.at, time.Since(f.start).Milliseconds())
	return 0, f.err
}

func (f *failing) Close() error { return nil }

// The wait doubles, is at least what the destination asks for, and has a limit.
func TestBackoff(t *testing.T) {
	down := errors.New("down")
	retries := 4
	tests := []struct {
		name string
		err  error
		opt  Options
		want []int64 // milliseconds
	}{
		{"defaults", down, Options{}, []int64{0, 500, 1500, 3500, 7500}},
		{"asked to wait", retryAfter{down, 3 * time.Second}, Options{}, []int64{0, 3000, 6000, 9000, 13000}},
		{"asked to wait a day", retryAfter{down, 24 * time.Hour}, Options{Retries: new(int)}, []int64{0}},
		{"limit", retryAfter{down, 24 * time.Hour}, Options{Retries: &retries}, []int64{0, 30000, 60000, 90000, 120000}},
		{"refused", refused{down}, Options{}, []int64{0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &failing{err: tt.err, start: time.Now()}
				d := &task{Delivery: &Delivery{}, opt: tt.opt}
				kept, cause := d.sendAll(t.Context(), s, []message{{UID: "1", Payload: "x"}}, nil)
				if !slices.Equal(s.at, tt.want) || len(kept) != 1 || !errors.Is(cause, down) {
					t.Errorf("tried at %v, want %v; %d kept: %v", s.at, tt.want, len(kept), cause)
				}
			})
		})
	}
}
