package alert

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/geo"
)

// ocsfVersion is the version of the Open Cybersecurity Schema Framework that
// [Alert.OCSF] follows. What it writes is valid in later versions too.
const ocsfVersion = "1.5.0"

// ocsfEvent is a Detection Finding, class 2004 of OCSF. Times are milliseconds since
// 1970.
type ocsfEvent struct {
	ActivityID      int              `json:"activity_id"`
	ActivityName    string           `json:"activity_name"`
	CategoryUID     int              `json:"category_uid"`
	CategoryName    string           `json:"category_name"`
	ClassUID        int              `json:"class_uid"`
	ClassName       string           `json:"class_name"`
	TypeUID         int              `json:"type_uid"`
	TypeName        string           `json:"type_name"`
	SeverityID      int              `json:"severity_id"`
	Severity        string           `json:"severity"`
	StatusID        int              `json:"status_id"`
	Status          string           `json:"status"`
	IsAlert         bool             `json:"is_alert"`
	ConfidenceScore int              `json:"confidence_score"` // the finding's score in hundredths
	Time            int64            `json:"time"`             // of the last flow, or when the alert was made
	StartTime       int64            `json:"start_time,omitempty"`
	EndTime         int64            `json:"end_time,omitempty"`
	TimezoneOffset  int              `json:"timezone_offset"`
	Message         string           `json:"message"`
	Metadata        ocsfMetadata     `json:"metadata"`
	FindingInfo     ocsfInfo         `json:"finding_info"`
	Evidences       []ocsfEvidence   `json:"evidences"`
	Observables     []ocsfObservable `json:"observables"`
	Remediation     *ocsfRemediation `json:"remediation,omitempty"`
}

type ocsfMetadata struct {
	Version string      `json:"version"`
	UID     string      `json:"uid"`
	Product ocsfProduct `json:"product"`
}

type ocsfProduct struct {
	Name   string `json:"name"`
	Vendor string `json:"vendor_name"`
}

type ocsfInfo struct {
	UID       string       `json:"uid"`
	Title     string       `json:"title"`
	Desc      string       `json:"desc"`
	Types     []string     `json:"types"`
	Created   int64        `json:"created_time"`
	FirstSeen int64        `json:"first_seen_time,omitempty"`
	LastSeen  int64        `json:"last_seen_time,omitempty"`
	Analytic  ocsfAnalytic `json:"analytic"`
	Attacks   []ocsfAttack `json:"attacks,omitempty"`
}

type ocsfAnalytic struct {
	TypeID int    `json:"type_id"`
	Type   string `json:"type"`
	Name   string `json:"name"`
	UID    string `json:"uid"`
	Desc   string `json:"desc,omitempty"`
}

type ocsfAttack struct {
	Technique    ocsfUID  `json:"technique"`
	SubTechnique *ocsfUID `json:"sub_technique,omitempty"`
}

type ocsfUID struct {
	UID string `json:"uid"`
}

type ocsfEvidence struct {
	Src  *ocsfEndpoint   `json:"src_endpoint,omitempty"`
	Dst  *ocsfEndpoint   `json:"dst_endpoint,omitempty"`
	Conn *ocsfConnection `json:"connection_info,omitempty"`
	Data any             `json:"data"` // the rule's own evidence
}

type ocsfEndpoint struct {
	IP       string        `json:"ip"`
	Port     uint16        `json:"port,omitempty"`
	Location *ocsfLocation `json:"location,omitempty"`
	AS       *ocsfAS       `json:"autonomous_system,omitempty"`
}

type ocsfLocation struct {
	Country string `json:"country"`
}

type ocsfAS struct {
	Number uint   `json:"number"`
	Name   string `json:"name,omitempty"`
}

type ocsfConnection struct {
	DirectionID int    `json:"direction_id"` // 0, unknown
	Protocol    string `json:"protocol_name"`
}

type ocsfObservable struct {
	Name   string `json:"name"`
	TypeID int    `json:"type_id"`
	Type   string `json:"type"`
	Value  string `json:"value"`
}

type ocsfRemediation struct {
	Desc string `json:"desc"`
}

// ocsfEvent returns the alert as an OCSF Detection Finding.
func (a Alert) detectionFinding() ocsfEvent {
	f := a.Finding
	o := ocsfEvent{
		ActivityID: 1, ActivityName: "Create",
		CategoryUID: 2, CategoryName: "Findings",
		ClassUID: 2004, ClassName: "Detection Finding",
		TypeUID: 200401, TypeName: "Detection Finding: Create",
		StatusID: 1, Status: "New",
		IsAlert:         f.Severity.Alert(),
		ConfidenceScore: int(math.Round(100 * f.Score)),
		Time:            a.time().UnixMilli(), StartTime: milliseconds(a.First), EndTime: milliseconds(a.Last),
		Message:     f.Summary,
		Metadata:    ocsfMetadata{Version: ocsfVersion, UID: a.UID, Product: ocsfProduct{"Flowbook", "Flowbook"}},
		Evidences:   []ocsfEvidence{a.ends.ocsf(f.Evidence)},
		Observables: a.ends.observables(),
	}
	o.SeverityID, o.Severity = ocsfSeverity(f.Severity)
	o.FindingInfo = ocsfInfo{UID: a.UID, Title: a.title(), Desc: f.Summary, Types: []string{f.Rule}, Created: a.time().UnixMilli(),
		FirstSeen: milliseconds(a.First), LastSeen: milliseconds(a.Last), Analytic: ocsfAnalytic{TypeID: 1, Type: "Rule", Name: a.title(), UID: f.Rule}}
	for _, t := range f.Attack {
		attack := ocsfAttack{Technique: ocsfUID{t}}
		if parent, _, ok := strings.Cut(t, "."); ok {
			attack = ocsfAttack{ocsfUID{parent}, &ocsfUID{t}}
		}
		o.FindingInfo.Attacks = append(o.FindingInfo.Attacks, attack)
	}
	if a.Rule != nil {
		o.FindingInfo.Analytic.Desc = a.Rule.Description
		if len(a.Rule.Response) > 0 {
			o.Remediation = &ocsfRemediation{strings.Join(a.Rule.Response, ". ")}
		}
	}
	return o
}

// milliseconds returns the milliseconds since 1970, or 0 for the zero time.
func milliseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// ocsfSeverity is the severity_id of OCSF and its caption.
func ocsfSeverity(s detect.Severity) (int, string) {
	captions := []string{"Informational", "Low", "Medium", "High", "Critical"}
	i := slices.Index([]detect.Severity{detect.Info, detect.Low, detect.Medium, detect.High, detect.Critical}, s)
	if i < 0 {
		return 0, "Unknown"
	}
	return i + 1, captions[i]
}

func (e endpoints) ocsf(data any) ocsfEvidence {
	out := ocsfEvidence{Data: data}
	var where *ocsfLocation
	var as *ocsfAS
	if e.Country.Code != "" {
		where = &ocsfLocation{e.Country.Code}
	}
	if e.Owner != (geo.Owner{}) {
		as = &ocsfAS{e.Owner.ASN, e.Owner.Name}
	}
	if e.Src.IsValid() {
		out.Src = &ocsfEndpoint{IP: e.Src.String()}
	}
	switch {
	case e.Dst.IsValid():
		out.Dst = &ocsfEndpoint{IP: e.Dst.String(), Port: e.Port, Location: where, AS: as}
	case out.Src != nil:
		// Evidence without a destination is about an external client.
		out.Src.Location, out.Src.AS = where, as
	}
	if e.Proto != "" {
		out.Conn = &ocsfConnection{Protocol: e.Proto}
	}
	return out
}

func (e endpoints) observables() []ocsfObservable {
	list := []ocsfObservable{}
	if e.Src.IsValid() {
		list = append(list, ocsfObservable{"evidences[0].src_endpoint.ip", 2, "IP Address", e.Src.String()})
	}
	if e.Dst.IsValid() {
		list = append(list, ocsfObservable{"evidences[0].dst_endpoint.ip", 2, "IP Address", e.Dst.String()})
	}
	return list
}
