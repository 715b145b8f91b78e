package alert

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/profile"
)

func TestDayOf(t *testing.T) {
	for _, tt := range []struct {
		path    string
		sources []string
		want    string // or a part of the reason
	}{
		{"/logs/flows-2024-04-21.parquet", nil, "2024-04-21"},
		{"/logs/20240421.parquet", nil, "2024-04-21"},
		{"/logs/nfcapd.202404211230", nil, "2024-04-21"},
		{"/logs/conn.2024-04-21-10-11.parquet", nil, "2024-04-21"},
		{"/logs/2024-04-21/conn.parquet", nil, "2024-04-21"},
		{"/logs/date=2024-04-21/part-0.parquet", nil, "2024-04-21"},
		{"/logs/date=2024-04-21/hour=10/part-0.parquet", nil, "2024-04-21"},
		{"/logs/date=2024-04-20/2024-04-21.parquet", nil, "2024-04-21"},
		{"/logs/day.profile", []string{"2024-04-21-a.parquet", "2024-04-21-b.parquet"}, "2024-04-21"},
		{"/logs/day.parquet", []string{"day.parquet"}, "neither day.parquet nor its folders have a date"},
		{"/logs/12024-04-21.parquet", nil, "neither"},
		{"/logs/2024-13-21.parquet", nil, "neither"},
		{"/logs/2024-0421.parquet", nil, "neither"},
		{"/logs/99991231.parquet", nil, "neither"},
		{"/logs/project-2024-04-21/day.parquet", nil, "neither"},
		{"/logs/week.profile", []string{"2024-04-19.parquet", "2024-04-20.parquet"}, "several dates in their names, 2024-04-19 and 2024-04-20"},
		{"/logs/2024-04-19_2024-04-20.parquet", nil, "several dates"},
	} {
		p := &profile.Profile{}
		for _, name := range tt.sources {
			p.Sources = append(p.Sources, profile.Source{Name: name})
		}
		day, reason := DayOf(p, filepath.FromSlash(tt.path), time.Time{})
		got := reason
		if !day.Midnight.IsZero() {
			got = day.Midnight.Format(time.DateOnly)
		}
		if !strings.Contains(got, tt.want) || (reason == "") == day.Midnight.IsZero() {
			t.Errorf("%s, %v: %q, want %q", tt.path, tt.sources, got, tt.want)
		}
	}
}

// Alerts of a day without a date have no times but those that a format requires.
func TestUndated(t *testing.T) {
	made := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	f := someAlerts(t, 1)[0].Finding
	a, err := New(f, nil, Day{Made: made, Files: "abc"})
	if err != nil {
		t.Fatal(err)
	}
	var event map[string]any
	for format, want := range map[string]map[string]any{
		formatJSON: {"first": nil, "last": nil},
		formatOCSF: {"time": 1777863721000.0, "start_time": nil, "end_time": nil},
		formatECS:  {"@timestamp": "2026-05-04T03:02:01Z"},
	} {
		line, err := a.encode(format)
		if err != nil {
			t.Fatal(err)
		}
		event = nil
		if err := json.Unmarshal(line, &event); err != nil {
			t.Fatal(err)
		}
		for field, value := range want {
			if event[field] != value {
				t.Errorf("%s: %s is %v, want %v", format, field, event[field], value)
			}
		}
		if strings.Contains(string(line), "1970") || strings.Contains(string(line), "0001-01-01") {
			t.Errorf("%s: %s", format, line)
		}
	}
	for _, field := range []string{"start", "end", "duration"} {
		if e := event["event"]; e != nil && e.(map[string]any)[field] != nil {
			t.Errorf("ECS: event.%s is %v", field, e.(map[string]any)[field])
		}
	}
	text, err := a.syslog("")
	if err != nil || !strings.HasPrefix(text, "<35>1 - - flowbook - beacon [") {
		t.Errorf("syslog: %q, %v", text, err)
	}
	other, err := New(f, nil, Day{Made: made, Files: "def"})
	if err != nil || other.UID == a.UID {
		t.Errorf("findings of other files have the same uid, %v", err)
	}
	if later, err := New(f, nil, Day{Made: made.AddDate(1, 0, 0), Files: "abc"}); err != nil || later.UID != a.UID {
		t.Errorf("the uid depends on the time of the run, %v", err)
	}
}
