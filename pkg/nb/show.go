package nb

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/flowbook/flowbook/pkg/chart"
	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/frame"
	"github.com/flowbook/flowbook/pkg/profile"
)

// inReport reports whether reportgen runs the cell, and not Jupyter.
func inReport() bool { return os.Getenv(inputsVariable) != "" }

// Show displays a value without a label: a frame, a figure, a run, a day, findings, devices,
// rules, services, coverage, limits, conversations or flows, one or a list of
// them, and any other value as text. In Jupyter, rows are a grid that sorts by a
// column, filters by words, and shows 20 rows ([Most]) or all. In a report they are a
// plain table of these first rows. [Columns], [Format] and [Title] apply as in [Table].
func Show(value any, options ...Option) {
	d := newDisplay("table", options)
	d.unlabelled = true
	all, err := showData(value, d)
	Check(err)
	for _, data := range all {
		send(data)
	}
}

// showData returns the outputs that display a value.
func showData(value any, d *display) ([]*protocol.DisplayData, error) {
	switch v := value.(type) {
	case nil:
		return one(textData("nothing"), nil)
	case error:
		return nil, v
	case Markdown:
		return one(markdown(string(v)), nil)
	case FlowQuery:
		if v.err != nil {
			return nil, v.err
		}
		return nil, errors.New(`nb.Show: the query names no answer; end it with Count(), Sum("up_bytes") or List(), for example`)
	case frame.Groups:
		return nil, errors.New(`nb.Show: the groups have no answer; end with Count() or Sum("up_bytes"), for example`)
	case *chart.Figure:
		d.kind = "figure"
		return one(figureData(v, d))
	case detect.Rule:
		words, err := ruleText(v.ID)
		return one(markdown("**"+string(Text(v.Title))+"**\n\n"+strings.TrimSuffix(words, "### Result")), err)
	case detect.Finding:
		return findingData(v, d)
	}
	if f, ok := frameOf(value); ok {
		return rowsData(f, d)
	}
	if reflect.ValueOf(value).Kind() == reflect.Func {
		return nil, errors.New("nb.Show: a function without a call; end it with its arguments in parentheses, such as frame.Hosts(run.Test())")
	}
	return one(textData(plainValue(value)), nil)
}

func one(data *protocol.DisplayData, err error) ([]*protocol.DisplayData, error) {
	if err != nil {
		return nil, err
	}
	return []*protocol.DisplayData{data}, nil
}

// frameOf returns the rows of a value that has some.
func frameOf(value any) (frame.Frame, bool) {
	if f, ok := detectedFrame(value); ok {
		return f, true
	}
	switch v := value.(type) {
	case frame.Frame:
		return v, true
	case *frame.Frame:
		return *v, true
	case *Run:
		return v.Parameters(), true
	case *profile.Profile:
		return frame.Summary(v), true
	case profile.Host:
		return frame.Hosts(&profile.Profile{Hosts: []profile.Host{v}}), true
	case *profile.Host:
		return frame.Hosts(&profile.Profile{Hosts: []profile.Host{*v}}), true
	case profile.Conversation:
		return frame.Conversations(&profile.Profile{Conversations: []profile.Conversation{v}}), true
	case []profile.Conversation:
		return frame.Conversations(&profile.Profile{Conversations: v}), true
	case flow.Record:
		return frame.Flows([]flow.Record{v}), true
	case []flow.Record:
		return frame.Flows(v), true
	}
	return frame.Frame{}, false
}

// detectedFrame returns the rows of what package detect returns.
func detectedFrame(value any) (frame.Frame, bool) {
	switch v := value.(type) {
	case detect.Result:
		return frame.Devices(v.Devices), true
	case []detect.Finding:
		return frame.Findings(v), true
	case detect.Device:
		return frame.Findings(v.Findings), true
	case []detect.Device:
		return frame.Devices(v), true
	case []detect.Rule:
		return ruleList(v), true
	case detect.Service:
		return frame.Services(detect.ServiceDay{Services: []detect.Service{v}}), true
	case []detect.Service:
		return frame.Services(detect.ServiceDay{Services: v}), true
	case detect.ServiceDay:
		return frame.Services(v), true
	case detect.Coverage:
		return frame.Coverage([]detect.Coverage{v}), true
	case []detect.Coverage:
		return frame.Coverage(v), true
	case detect.Threshold:
		return frame.Thresholds([]detect.Threshold{v}), true
	case []detect.Threshold:
		return frame.Thresholds(v), true
	}
	return frame.Frame{}, false
}

func ruleList(rules []detect.Rule) frame.Frame {
	var rows [][]string
	for _, r := range rules {
		rows = append(rows, []string{r.ID, r.Title, strings.Join(r.Attack, ", ")})
	}
	return frame.Texts([]string{"rule", "title", "attack"}, rows...)
}

// rowsData returns a grid, or in a report a plain table and how many rows are left out.
func rowsData(f frame.Frame, d *display) ([]*protocol.DisplayData, error) {
	switch {
	case f.Err != nil:
		return nil, fmt.Errorf("invalid frame: %w", f.Err)
	case f.Ncol() == 0:
		return nil, errors.New("invalid frame: no columns")
	case f.Nrow() == 0 && d.otherwise != "":
		return one(d.sentence(), nil)
	case f.Nrow() == 0:
		return one(textData("no rows; the columns are "+strings.Join(f.Names(), ", ")), nil)
	case !d.report:
		return one(gridData(f, d))
	}
	all, limit := f.Nrow(), shownRows
	if d.most > 0 {
		limit = d.most
	}
	data, err := plainTable(frame.Head(f, limit), d)
	if err != nil || all <= limit {
		return one(data, err)
	}
	return []*protocol.DisplayData{data, markdown(strings.TrimSpace(cut(limit, all)))}, nil
}

// findingData returns a finding as its summary and the values of its evidence.
func findingData(f detect.Finding, d *display) ([]*protocol.DisplayData, error) {
	rows := [][]string{
		{"device", f.Entity.String()}, {"rule", f.Rule},
		{"severity", fmt.Sprintf("%s (score %.3f)", f.Severity, f.Score)},
		{"what was seen", f.Summary},
	}
	if len(f.Attack) > 0 {
		rows = append(rows, []string{"ATT&CK", strings.Join(f.Attack, ", ")})
	}
	if f.Since != "" {
		rows = append(rows, []string{"first seen", f.Since})
	}
	if f.Window[1] > 0 {
		rows = append(rows, []string{"window", frame.Clock.Format(float64(f.Window[0])) + " to " + frame.Clock.Format(float64(f.Window[1]))})
	}
	evidence, err := evidenceRows(f.Evidence)
	if err != nil {
		return nil, fmt.Errorf("finding of rule %s: evidence: %w", f.Rule, err)
	}
	if d.most == 0 {
		d.most = 1000 // a finding is shown as a whole
	}
	return rowsData(frame.Texts([]string{"field", "content"}, append(rows, evidence...)...), d)
}

// evidenceRows returns the fields of the evidence of a finding, in order of their names.
func evidenceRows(evidence any) ([][]string, error) {
	b, err := json.Marshal(evidence)
	if err != nil {
		return nil, err
	}
	if len(b) == 0 || b[0] != '{' {
		return [][]string{{"evidence", string(b)}}, nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(b, &fields); err != nil {
		return nil, err
	}
	var rows [][]string
	for name, value := range fields {
		var text string
		if json.Unmarshal(value, &text) != nil {
			text = string(value)
		}
		rows = append(rows, []string{strings.ReplaceAll(name, "_", " "), text})
	}
	slices.SortFunc(rows, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	return rows, nil
}

// plainValue formats a value that has no rows.
func plainValue(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case []string:
		return List(v, 0)
	case []netip.Addr:
		words := make([]string, len(v))
		for i, a := range v {
			words[i] = a.String()
		}
		return List(words, 0)
	case fmt.Stringer:
		return v.String()
	case int, int64, uint32, uint64:
		return frame.Count.Format(reflect.ValueOf(v).Convert(reflect.TypeFor[float64]()).Float())
	}
	switch reflect.Indirect(reflect.ValueOf(value)).Kind() {
	case reflect.Struct, reflect.Slice, reflect.Array, reflect.Map:
		if b, err := json.MarshalIndent(value, "", "  "); err == nil {
			return string(b)
		}
	}
	return fmt.Sprintf("%+v", value)
}

// textData returns a value as text. It is not Markdown, so it needs no escapes.
func textData(text string) *protocol.DisplayData {
	return &protocol.DisplayData{Data: map[protocol.MIMEType]any{
		protocol.MIMETextHTML:  "<pre>" + html.EscapeString(text) + "</pre>",
		protocol.MIMETextPlain: text,
	}}
}
