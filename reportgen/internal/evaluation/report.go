// Package evaluation measures how well the detections find what is known to be
// in days of flows.
//
// [Compare] compares findings with a truth.json, which lists the hosts that were
// planted in synthetic days and the benign hosts that resemble them. [WriteReport]
// measures the detections themselves: on synthetic organisations, on variants of
// them that other networks are like, and on labelled recordings of real networks.
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
	"slices"
	"strings"
)

// Options say what [WriteReport] measures. The zero value measures all synthetic
// worlds.
type Options struct {
	Parts    []string     // of Parts, what to measure; empty = all
	MaxFlows int          // leave out worlds with more flows a day; 0 = none
	Captures string       // folder of labelled recordings; empty = none
	Peer     *Periodogram // compared with on recordings; nil = not compared
	Progress func(string) // called after each part; nil = not called
}

// The parts of a report.
const (
	partWorlds     = "worlds"
	partVariants   = "variants"
	partWeeks      = "weeks"
	partRecordings = "recordings"
)

// Parts lists what [WriteReport] can measure.
func Parts() []string { return []string{partWorlds, partVariants, partWeeks, partRecordings} }

// WriteReport measures the detections and writes the results as Markdown. It
// writes nothing if a measurement fails.
func WriteReport(ctx context.Context, w io.Writer, opt Options) error {
	for _, p := range opt.Parts {
		if !slices.Contains(Parts(), p) {
			return fmt.Errorf("unknown part %q; the parts are %s", p, strings.Join(Parts(), ", "))
		}
	}
	worlds := worldsUpTo(opt.MaxFlows)
	if len(worlds) == 0 {
		return fmt.Errorf("no world has %d flows or fewer; the smallest have %d", opt.MaxFlows, worldsUpTo(0)[0].flows)
	}
	if opt.Progress == nil {
		opt.Progress = func(string) {}
	}
	// Recordings are measured first, since a folder may be wrong, and written last.
	sections := []struct {
		name    string
		measure func(io.Writer) error
		text    bytes.Buffer
	}{
		{name: partRecordings, measure: func(w io.Writer) error { return opt.recordings(ctx, w) }},
		{name: partWeeks, measure: func(w io.Writer) error {
			outcomes, err := measureWeeks(ctx, weeksWorlds(), opt.Progress)
			writeWeeks(w, outcomes)
			return err
		}},
		{name: partVariants, measure: func(w io.Writer) error {
			outcomes, err := measureVariants(ctx, opt.Progress)
			writeVariants(w, outcomes)
			return err
		}},
		{name: partWorlds, measure: func(w io.Writer) error {
			outcomes, err := measureWorlds(ctx, worlds, strengths(), opt.Progress)
			writeWorlds(w, outcomes)
			return err
		}},
	}
	for i := range sections {
		s := &sections[i]
		if len(opt.Parts) > 0 && !slices.Contains(opt.Parts, s.name) {
			continue
		}
		if err := s.measure(&s.text); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	text := bytes.NewBufferString(introduction)
	for _, s := range slices.Backward(sections) {
		text.Write(s.text.Bytes())
	}
	_, err := w.Write(text.Bytes())
	return err
}

const introduction = `# How well the detections do

Written by ` + "`make evaluate`" + `. A finding counts if its severity is medium or above; a false alarm is
one for a host or client that is planted for no rule. P@k is the precision among a rule's k
entities with the highest scores, where k is the number of planted ones.
`

// recordings measures the labelled recordings, if their folder is given.
func (opt Options) recordings(ctx context.Context, w io.Writer) error {
	if opt.Captures == "" {
		return nil
	}
	rows, err := measureCaptures(ctx, opt.Captures, opt.Peer, opt.Progress)
	if err == nil {
		writeCaptures(w, rows)
	}
	return err
}
