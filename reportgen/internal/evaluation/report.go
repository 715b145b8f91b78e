// Package evaluation measures how well the detections find what is known to be
// in days of flows.
//
// [Compare] compares findings with a truth.json, which lists the hosts that were
// planted in synthetic days and the benign hosts that resemble them. [WriteReport]
// measures the detections themselves: on synthetic organisations, on variants of
// them that other networks are like, and on labelled real logs.
//
// A finding counts if it is an alert: of severity medium or above. It is right if
// its entity is planted for its rule. A false alarm is an alert of an entity that
// is planted for no rule at all.
package evaluation

import (
	"bytes"
	"context"
	"fmt"
	"io"
)

// Options say what [WriteReport] measures. The zero value measures all synthetic
// worlds.
type Options struct {
	MaxFlows int          // leave out worlds with more flows a day; 0 = none
	Logs     string       // folder of labelled real logs; empty = none
	Progress func(string) // called after each part; nil = not called
}

// WriteReport measures the detections and writes the results as Markdown. It
// writes nothing if a measurement fails.
func WriteReport(ctx context.Context, w io.Writer, opt Options) error {
	worlds := worldsUpTo(opt.MaxFlows)
	if len(worlds) == 0 {
		return fmt.Errorf("no world has %d flows or fewer; the smallest have %d", opt.MaxFlows, worldsUpTo(0)[0].flows)
	}
	progress := opt.Progress
	if progress == nil {
		progress = func(string) {}
	}
	var logs []realOutcome
	var err error
	if opt.Logs != "" {
		if logs, err = measureLogs(ctx, opt.Logs); err != nil {
			return fmt.Errorf("labelled logs: %w", err)
		}
	}
	outcomes, err := measureWorlds(ctx, worlds, strengths(), progress)
	if err != nil {
		return err
	}
	variants, err := measureVariants(ctx, progress)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	writeWorlds(&text, outcomes)
	writeVariants(&text, variants)
	if opt.Logs != "" {
		writeReal(&text, logs)
	}
	_, err = w.Write(text.Bytes())
	return err
}
