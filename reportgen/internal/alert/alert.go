package alert

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/reportgen/internal/console"
)

// The formats of an alert: a finding as detect writes it, OCSF Detection
// Finding, and Elastic Common Schema.
const (
	formatJSON = "json"
	formatOCSF = "ocsf"
	formatECS  = "ecs"
)

// The formats of documents that hold all alerts of a day: an ATT&CK Navigator
// layer, a bundle of STIX 2.1, a log of SARIF 2.1.0 and a JUnit report.
const (
	formatNavigator = "navigator"
	formatSTIX      = "stix"
	formatSARIF     = "sarif"
	FormatJUnit     = "junit"
)

// SentFormats returns the formats in which alerts can be sent.
func SentFormats() []string { return []string{formatJSON, formatOCSF, formatECS} }

// Formats returns the formats of findings that are made of alerts.
func Formats() []string {
	return []string{formatOCSF, formatECS, formatSTIX, formatNavigator, formatSARIF, FormatJUnit}
}

// Alert is a finding with what other tools need to know of it.
type Alert struct {
	UID     string // a UUID that is the same whenever the same finding is made
	Rule    *Rule  // nil if the finding's rule is not known
	Finding detect.Finding
	First   time.Time // the first flow concerned; zero if the day is not known
	Last    time.Time // the last flow concerned; zero if the day is not known
	made    time.Time // when the alert was made, for formats that require a time
	ends    endpoints
}

// Rule is what an alert says about the rule of its finding.
type Rule struct {
	ID          string // a UUID
	Title       string
	Description string
	Response    []string // what to do about the finding
}

// endpoints is what every kind of evidence may say of the flows concerned, by
// the names that all kinds share.
type endpoints struct {
	Src      netip.Addr   `json:"src_ip"`
	Dst      netip.Addr   `json:"dst_ip"`
	TopDst   netip.Addr   `json:"top_dst_ip"`
	Resolver netip.Addr   `json:"resolver"`
	Peers    []netip.Addr `json:"peers"`
	Port     uint16       `json:"port"`
	Proto    string       `json:"proto"`
	Owner    geo.Owner    `json:"owner"`
	TopOwner geo.Owner    `json:"top_owner"`
	Country  geo.Country  `json:"country"`
	Flows    int64        `json:"flows"`
	Up       int64        `json:"up_bytes"`
	Down     int64        `json:"down_bytes"`
}

// namespace is that of the UUIDs of alerts (RFC 9562, version 5).
var namespace = uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://github.com/flowbook/flowbook/alert"))

// New makes an alert of a finding of the given day. The rule may be nil. Evidence
// that JSON cannot represent is an error.
func New(f detect.Finding, rule *Rule, day Day) (Alert, error) {
	if f.Attack == nil {
		f.Attack = []string{}
	}
	text, err := json.Marshal(f)
	if err != nil {
		return Alert{}, fmt.Errorf("finding %s of %s: %w", f.Rule, f.Entity, err)
	}
	a := Alert{UID: uuid.NewSHA1(namespace, append([]byte(day.id()+"\n"), text...)).String(), Rule: rule, Finding: f, made: day.Made}
	if !day.Midnight.IsZero() {
		a.First, a.Last = moment(day.Midnight, f.Window[0]), moment(day.Midnight, f.Window[1])
	}
	evidence, err := json.Marshal(f.Evidence)
	if err != nil {
		return Alert{}, err
	}
	// Evidence of another shape has no endpoint except the entity.
	if err := json.Unmarshal(evidence, &a.ends); err != nil {
		a.ends = endpoints{}
	}
	a.ends.complete(f.Entity)
	return a, nil
}

// complete fills in the source and the destination from what the evidence
// calls by other names.
func (e *endpoints) complete(entity netip.Addr) {
	if !e.Src.IsValid() {
		e.Src = entity
	}
	for _, a := range append([]netip.Addr{e.TopDst, e.Resolver}, e.Peers...) {
		if !e.Dst.IsValid() {
			e.Dst = a
		}
	}
	if e.Owner == (geo.Owner{}) {
		e.Owner = e.TopOwner
	}
}

// bytes returns those of both directions.
func (e endpoints) bytes() int64 { return profile.Counts{Up: e.Up, Down: e.Down}.Bytes() }

func moment(midnight time.Time, t flow.Time) time.Time {
	return midnight.UTC().Add(time.Duration(t) * (time.Second / time.Duration(flow.Second)))
}

// title is the rule's, or its name where the rule is not known.
func (a Alert) title() string {
	if a.Rule != nil {
		return a.Rule.Title
	}
	return a.Finding.Rule
}

// encode writes the alert as one line of JSON, without the line's end.
func (a Alert) encode(format string) ([]byte, error) {
	var v any
	switch format {
	case "", formatJSON:
		v = struct {
			UID   string    `json:"uid"`
			First time.Time `json:"first,omitzero"`
			Last  time.Time `json:"last,omitzero"`
			detect.Finding
		}{a.UID, a.First, a.Last, a.Finding}
	case formatOCSF:
		v = a.detectionFinding()
	case formatECS:
		v = a.ECS()
	default:
		return nil, fmt.Errorf("unknown format %q", format)
	}
	line, err := console.EncodeJSON(v, "")
	return bytes.TrimSuffix(line, []byte("\n")), err
}

// Write writes alerts in a format, one a line or in one document.
func Write(w io.Writer, alerts []Alert, format string) error {
	switch format {
	case formatNavigator:
		return writeNavigator(w, alerts)
	case formatSARIF:
		return writeSARIF(w, alerts)
	case formatSTIX:
		return writeSTIX(w, alerts)
	}
	for _, a := range alerts {
		line, err := a.encode(format)
		if err != nil {
			return err
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return nil
}

// AtLeast returns the alerts whose findings have the severity least or above.
func AtLeast(alerts []Alert, least detect.Severity) (severe []Alert) {
	for _, a := range alerts {
		if a.Finding.Severity.Compare(least) >= 0 {
			severe = append(severe, a)
		}
	}
	return severe
}
