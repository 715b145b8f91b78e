package detect

// SortFindings puts findings in the order of [Result]: by severity and score,
// most severe first, then by rule, entity and summary.
func SortFindings(fs []Finding) { sortFindings(fs) }
