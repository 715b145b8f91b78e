package doctor

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
)

// WriteJSON writes one object a check and line.
func WriteJSON(w io.Writer, checks []Check) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, c := range checks {
		if err := enc.Encode(c); err != nil {
			return err
		}
	}
	return nil
}

// WriteTable writes a line a check and, below what is missing, how to get it.
func WriteTable(w io.Writer, checks []Check) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range checks {
		status := "ok"
		if !c.Found {
			status = map[bool]string{true: "MISSING", false: "missing"}[c.Required]
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", status, c.Name, c.Detail)
		if c.Fix != "" {
			fmt.Fprintf(t, "\t\t  for %s: %s\n", c.For, c.Fix)
		}
	}
	return t.Flush()
}
