package alert

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/geo"
)

// ecsRelease is the version of the Elastic Common Schema that [Alert.ECS]
// follows.
const ecsRelease = "9.4.0"

// ECS is an event of the Elastic Common Schema. What the schema has no field
// for is below flowbook, as the schema requires of custom fields.
type ECS struct {
	Timestamp   time.Time    `json:"@timestamp"` // of the last flow, or when the alert was made
	Message     string       `json:"message"`
	ECS         ecsVersion   `json:"ecs"`
	Event       ecsEvent     `json:"event"`
	Rule        ecsRule      `json:"rule"`
	Threat      *ecsThreat   `json:"threat,omitempty"`
	Source      *ecsEndpoint `json:"source,omitempty"`
	Destination *ecsEndpoint `json:"destination,omitempty"`
	Network     *ecsNetwork  `json:"network,omitempty"`
	Related     ecsRelated   `json:"related"`
	Observer    ecsObserver  `json:"observer"`
	Flowbook    ecsFlowbook  `json:"flowbook"`
}

type ecsVersion struct {
	Version string `json:"version"`
}

type ecsEvent struct {
	ID        string    `json:"id"`
	Kind      string    `json:"kind"` // alert for medium and above, else event
	Category  []string  `json:"category"`
	Type      []string  `json:"type"`
	Action    string    `json:"action"`
	Module    string    `json:"module"`
	Dataset   string    `json:"dataset"`
	Severity  int       `json:"severity"`   // 1 for info to 5 for critical
	RiskScore float64   `json:"risk_score"` // the finding's score in hundredths
	Start     time.Time `json:"start,omitzero"`
	End       time.Time `json:"end,omitzero"`
	Duration  *int64    `json:"duration,omitempty"` // nanoseconds
	Reason    string    `json:"reason"`
}

type ecsRule struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	UUID        string `json:"uuid,omitempty"`
	Description string `json:"description,omitempty"`
	Ruleset     string `json:"ruleset"`
}

type ecsThreat struct {
	Framework string       `json:"framework"`
	Technique ecsTechnique `json:"technique"`
}

type ecsTechnique struct {
	ID           []string `json:"id"`
	Subtechnique *ecsIDs  `json:"subtechnique,omitempty"`
}

type ecsIDs struct {
	ID []string `json:"id"`
}

type ecsEndpoint struct {
	Address string  `json:"address"`
	IP      string  `json:"ip"`
	Port    uint16  `json:"port,omitempty"`
	Bytes   *int64  `json:"bytes,omitempty"` // sent by it
	AS      *ecsAS  `json:"as,omitempty"`
	Geo     *ecsGeo `json:"geo,omitempty"`
}

type ecsAS struct {
	Number       uint    `json:"number"`
	Organization ecsName `json:"organization"`
}

type ecsName struct {
	Name string `json:"name"`
}

type ecsGeo struct {
	Code string `json:"country_iso_code"`
	Name string `json:"country_name,omitempty"`
}

type ecsNetwork struct {
	Transport string `json:"transport,omitempty"`
	Bytes     int64  `json:"bytes"`
}

type ecsRelated struct {
	IP []string `json:"ip"`
}

type ecsObserver struct {
	Vendor  string `json:"vendor"`
	Product string `json:"product"`
	Type    string `json:"type"`
}

type ecsFlowbook struct {
	Entity   string          `json:"entity"`
	Severity detect.Severity `json:"severity"`
	Evidence any             `json:"evidence"` // the rule's own
}

// ECS returns the alert as an event of the Elastic Common Schema.
func (a Alert) ECS() ECS {
	f, e := a.Finding, a.ends
	severity, _ := ocsfSeverity(f.Severity)
	out := ECS{
		Timestamp: a.time(), Message: f.Summary, ECS: ecsVersion{ecsRelease},
		Event: ecsEvent{ID: a.UID, Kind: "event", Category: []string{"network"}, Type: []string{"info"}, Action: f.Rule,
			Module: "flowbook", Dataset: "flowbook.finding", Severity: severity, RiskScore: math.Round(1000*f.Score) / 10,
			Start: a.First, End: a.Last, Reason: f.Summary},
		Rule:     ecsRule{ID: f.Rule, Name: a.title(), Ruleset: "flowbook"},
		Related:  ecsRelated{IP: []string{}},
		Observer: ecsObserver{"Flowbook", "Flowbook", "network"},
		Flowbook: ecsFlowbook{f.Entity.String(), f.Severity, f.Evidence},
	}
	if !a.Last.IsZero() {
		duration := a.Last.Sub(a.First).Nanoseconds()
		out.Event.Duration = &duration
	}
	if f.Severity.Alert() {
		out.Event.Kind, out.Event.Category = "alert", []string{"network", "intrusion_detection"}
	}
	if a.Rule != nil {
		out.Rule.UUID, out.Rule.Description = a.Rule.ID, a.Rule.Description
	}
	out.Threat = ecsTechniques(f.Attack)
	out.Source, out.Destination = e.ecs()
	if e.Proto != "" || e.bytes() > 0 {
		out.Network = &ecsNetwork{e.Proto, e.bytes()}
	}
	for _, end := range []*ecsEndpoint{out.Source, out.Destination} {
		if end != nil {
			out.Related.IP = append(out.Related.IP, end.IP)
		}
	}
	return out
}

// ecsTechniques lists each technique once, and the sub-techniques beside them.
func ecsTechniques(attack []string) *ecsThreat {
	if len(attack) == 0 {
		return nil
	}
	t := &ecsThreat{Framework: "MITRE ATT&CK"}
	for _, id := range attack {
		parent, _, sub := strings.Cut(id, ".")
		if !slices.Contains(t.Technique.ID, parent) {
			t.Technique.ID = append(t.Technique.ID, parent)
		}
		if sub {
			if t.Technique.Subtechnique == nil {
				t.Technique.Subtechnique = &ecsIDs{}
			}
			t.Technique.Subtechnique.ID = append(t.Technique.Subtechnique.ID, id)
		}
	}
	return t
}

func (e endpoints) ecs() (src, dst *ecsEndpoint) {
	if e.Src.IsValid() {
		src = &ecsEndpoint{Address: e.Src.String(), IP: e.Src.String()}
	}
	about := src
	if e.Dst.IsValid() {
		dst = &ecsEndpoint{Address: e.Dst.String(), IP: e.Dst.String(), Port: e.Port}
		about = dst
	}
	if e.bytes() > 0 && src != nil {
		src.Bytes = &e.Up
		if dst != nil {
			dst.Bytes = &e.Down
		}
	}
	if about == nil {
		return src, dst
	}
	if e.Owner != (geo.Owner{}) {
		about.AS = &ecsAS{e.Owner.ASN, ecsName{e.Owner.Name}}
	}
	if e.Country.Code != "" {
		about.Geo = &ecsGeo{e.Country.Code, e.Country.Name}
	}
	return src, dst
}
