package detect

// Device is one entity with all its findings, as the list of compromised
// devices shows it.
type Device struct {
	Entity   string    `json:"entity"`
	Severity Severity  `json:"severity"` // the worst of its findings
	Score    float64   `json:"score"`    // 0 to 1: 1 − Π(1 − score) over its rules' best findings
	Findings []Finding `json:"findings"` // most severe first
}

// Devices sums findings per entity, most severe first. An entity with nothing
// above info is left out: info says what is new, not that anything is wrong.
func Devices(findings []Finding) []Device { return nil }
