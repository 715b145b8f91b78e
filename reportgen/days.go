package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// openDay returns the profile of a day from a flow file or from a profile that
// reportgen profile -o wrote, told apart by content.
func openDay(ctx context.Context, path string, stderr io.Writer) (*profile.Profile, error) {
	encoded, err := isProfile(path)
	if err != nil {
		return nil, err
	}
	var p *profile.Profile
	if encoded {
		p, err = readProfile(path)
	} else {
		p, _, err = flowfile.CachedProfile(ctx, path, flowfile.Options{CacheFailed: warnCache(stderr)})
	}
	if err != nil {
		return nil, err
	}
	warnRejected(stderr, p)
	return p, nil
}

// warnCache returns a function that warns of a profile cache that cannot be
// used, after which the result only takes longer.
func warnCache(stderr io.Writer) func(error) {
	return func(err error) { fmt.Fprintf(stderr, "warning: %v\n", err) }
}

// isProfile says whether a file begins as a profile does.
func isProfile(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	head := make([]byte, 64)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, err // which names the file
	}
	_, err = profile.Unmarshal(head[:n])
	return !errors.Is(err, profile.ErrNotProfile), nil
}

func readProfile(path string) (*profile.Profile, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	p, err := profile.Unmarshal(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}
