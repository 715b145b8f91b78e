package kernel

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// Request sends a request that runs no cell, such as complete_request, and returns the
// content of the kernel's reply. The error is a [*DiedError] if the kernel ends instead.
func (k *Kernel) Request(ctx context.Context, msgType string, content any) (json.RawMessage, error) {
	msg, id, err := k.codec.encode(msgType, content)
	if err != nil {
		return nil, err
	}
	what := strings.ReplaceAll(msgType, "_", " ")
	if err := k.sockets.shell.SendMulti(msg); err != nil {
		return nil, fmt.Errorf("send %s: %w", what, err)
	}
	for {
		select {
		case m := <-k.shell:
			if m.Parent.ID == id {
				return m.Content, nil
			}
		case <-k.iopub: // whether the kernel is busy
		case err := <-k.badErr:
			return nil, fmt.Errorf("talk to the kernel: %w", err)
		case <-k.proc.exited:
			return nil, k.died()
		case <-ctx.Done():
			return nil, fmt.Errorf("%s: %w", what, context.Cause(ctx))
		}
	}
}
