package ingest

import (
	"slices"
	"strings"
)

// isJSONTable reports whether a table is written as JSON objects, whose keys are the
// names of its columns.
func isJSONTable(in *lines) bool {
	start, err := in.peek()
	return err == nil && len(start) > 0 && (start[0] == '{' || start[0] == '[')
}

// openJSONTable opens a table that is written as JSON objects.
func openJSONTable(in *lines, r rowReader, spec tableSpec) (decoder, error) {
	r.use(&spec)
	s := &jsonSpec{about: spec.about, flow: spec.flow, take: func(_ *jsonEvent, r *rowReader, _ int64) error {
		for i, v := range &r.values {
			if v != nil {
				r.values[i] = spec.value(v)
			}
		}
		return nil
	}}
	for f, names := range &spec.names {
		for _, name := range names {
			if r.names[f] == "" {
				r.names[f] = name
			}
			s.paths[f] = append(s.paths[f], spellings(name)...)
		}
	}
	return openEvents(in, r, s)
}

// spellings returns how programs write the name of a column as a key of JSON: log-status
// is also log_status, logStatus or logstatus, and Dport is dport.
func spellings(name string) []string {
	words := strings.FieldsFunc(name, func(c rune) bool { return c == '-' || c == '_' })
	camel := words[0]
	for _, w := range words[1:] {
		camel += strings.ToUpper(w[:1]) + w[1:]
	}
	return slices.Compact([]string{name, strings.Join(words, "_"), camel, strings.Join(words, ""), strings.ToLower(name)})
}

// use takes in how a table writes its values.
func (r *rowReader) use(spec *tableSpec) {
	r.time.finest, r.perSec, r.icmpForm = spec.finest, spec.perSec, spec.icmpForm
	if r.time.layouts == nil && r.time.perSec == 0 {
		r.time.layouts = spec.layouts
	}
}
