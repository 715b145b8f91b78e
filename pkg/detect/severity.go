package detect

import "cmp"

// Alert says whether s is medium or above.
func (s Severity) Alert() bool { return s.rank() >= Medium.rank() }

// Compare orders severities, least urgent first; it returns -1, 0 or +1.
func (s Severity) Compare(o Severity) int { return cmp.Compare(s.rank(), o.rank()) }

func (s Severity) rank() int {
	switch s {
	case Info:
		return 1
	case Low:
		return 2
	case Medium:
		return 3
	case High:
		return 4
	case Critical:
		return 5
	}
	return 0
}

func sortFindings([]Finding) {}
