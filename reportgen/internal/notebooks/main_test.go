// Package notebooks tests the sample notebooks: their form, and that they run
// on any day of flows.
package notebooks_test

import (
	"fmt"
	"os"
	"testing"
)

// TestMain runs the tests in the notebooks' folder.
func TestMain(m *testing.M) {
	if err := os.Chdir("../../../notebooks"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}
