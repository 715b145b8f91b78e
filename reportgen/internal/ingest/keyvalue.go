package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
)

// keyValueSpec says how lines of key=value pairs become flows.
type keyValueSpec struct {
	about string                                     // what the log is, for messages
	split func(line []byte, pairs map[string][]byte) // finds the pairs of a line
	keys  [numFields][]string                        // of the fields, the best first
	extra []string                                   // further keys that take looks at, for logs that are also written as JSON
	// take completes the values of a row and returns what the firewall did with the
	// connection, or an error that says why the line is left out.
	take func(d *keyValues) (action string, err error)
	// total, if set, says whether there may be several reports of a connection, each with the totals until then.
	total func(*keyValues, *Flow) bool
}

// keyValues decodes logs of firewalls that are lines of key=value pairs.
type keyValues struct {
	in     *lines
	row    *rowReader
	n      int64 // number of the line
	spec   *keyValueSpec
	line   []byte
	pairs  map[string][]byte // of the line
	joined []byte            // memory of a time of several pairs
}

// openKeyValues returns the opening of a format of key=value pairs.
func openKeyValues(spec *keyValueSpec) func(*lines, rowReader, Options) (decoder, error) {
	return func(in *lines, r rowReader, _ Options) (decoder, error) {
		in, err := unwrapped(in)
		if err != nil {
			return nil, err
		}
		if _, err := in.peek(); errors.Is(err, io.EOF) {
			return emptyFile{}, nil
		} else if err != nil {
			return nil, err
		}
		if spec.extra != nil && isJSONTable(in) {
			return openKeyedObjects(in, r, spec)
		}
		first, err := in.first()
		if err != nil {
			return nil, err
		}
		if !bytes.Contains(first, []byte("=")) {
			return nil, fmt.Errorf("line 1: has no key=value: this is not %s", spec.about)
		}
		for f, keys := range &spec.keys {
			r.names[f] = strings.Join(keys, " or ")
		}
		r.time.finest = 1e9
		return &keyValues{in: in, row: &r, spec: spec, pairs: map[string][]byte{}}, nil
	}
}

func (d *keyValues) Read() (Flow, error) {
	for {
		line, whole, err := d.in.next()
		if err != nil {
			return Flow{}, err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		clear(d.pairs)
		d.line, d.n = line, d.in.n
		d.spec.split(line, d.pairs)
		for f, keys := range &d.spec.keys {
			d.row.values[f] = d.first(keys...)
		}
		if !whole && d.row.values[fieldDown] == nil {
			return Flow{}, d.row.leaveOut(d.n, cutOff, excerpt(line)+" has no line end: the log is truncated, or was being written")
		}
		return d.flow()
	}
}

// first returns the value of the first of some keys that the line has, or nil.
func (d *keyValues) first(keys ...string) []byte {
	for _, key := range keys {
		if v := d.pairs[key]; len(v) > 0 {
			return v
		}
	}
	return nil
}

func (d *keyValues) leaveOut(reason Reason, detail string) error {
	return d.row.leaveOut(d.n, reason, detail)
}

func (d *keyValues) flow() (Flow, error) {
	action, err := d.spec.take(d)
	if err != nil {
		return Flow{}, err
	}
	f, err := d.row.flow(d.n)
	if err == nil {
		f.State = actionState(action, &f)
		if d.spec.total != nil && d.spec.total(d, &f) {
			f.Part, f.Total, f.Opener = true, true, openerSrc
		}
	}
	return f, err
}

// openKeyedObjects opens a log that another program has written as JSON objects with the
// keys of the pairs.
func openKeyedObjects(in *lines, r rowReader, spec *keyValueSpec) (decoder, error) {
	d := &keyValues{in: in, spec: spec, pairs: map[string][]byte{}}
	objects := &jsonSpec{about: spec.about, paths: spec.keys, extra: spec.extra, wrappers: []string{"fortinet", "fgt"}}
	objects.flow = func(*rowReader, int64) (Flow, error) { return d.flow() }
	objects.take = func(e *jsonEvent, r *rowReader, line int64) error {
		clear(d.pairs)
		for _, key := range spec.extra {
			if v := e.get(key); len(v) > 0 {
				d.pairs[key] = v
			}
		}
		d.n, d.row = line, r
		return nil
	}
	r.time.finest = 1e9
	return openEvents(in, r, objects)
}

// actionState returns the state of a connection by what a firewall did with it, in the
// words of several vendors.
func actionState(action string, f *Flow) flow.State {
	action = strings.ToLower(action)
	begins := func(words ...string) bool {
		for _, w := range words {
			if strings.HasPrefix(action, w) {
				return true
			}
		}
		return false
	}
	switch {
	case begins("deny", "block", "drop", "reject"):
		return flow.Refused
	case begins("reset") || strings.HasSuffix(action, "-rst"):
		return flow.Reset
	case action == "close":
		return flow.Established
	case begins("allow", "accept", "timeout") && f.DownPackets == 0 && f.Down == 0:
		return flow.Unanswered
	case begins("allow"):
		return flow.Established
	case begins("accept", "timeout"):
		return flow.Open
	}
	return f.State
}

// splitPairs finds pairs whose values have no blanks, or are in quotes. FortiAnalyzer puts
// whole pairs in quotes.
func splitPairs(line []byte, pairs map[string][]byte) {
	for len(line) > 0 {
		i := bytes.IndexByte(line, '=')
		if i < 0 {
			return
		}
		before := bytes.LastIndexAny(line[:i], " ,\t|;>[\"")
		key, stops := line[before+1:i], " ,\t"
		if before >= 0 && line[before] == '"' {
			stops = `"`
		}
		line = line[i+1:]
		end := bytes.IndexAny(line, stops)
		if len(line) > 0 && line[0] == '"' {
			if end = bytes.IndexByte(line[1:], '"'); end >= 0 {
				pairs[string(key)], line = line[1:1+end], line[end+2:]
				continue
			}
		}
		if end < 0 {
			end = len(line)
		}
		pairs[string(key)], line = line[:end], line[end:]
	}
}
