package detect

// Rule describes a detection for people.
type Rule struct {
	ID             string
	Title          string
	Description    string
	Conditions     []string
	Actions        []string
	Attack         []string // MITRE ATT&CK technique ids
	FalsePositives []string
	Section        string // of the report, such as "3.1"
}

// Rules returns the rules in the order of the report's sections.
func Rules() []Rule { return nil }
