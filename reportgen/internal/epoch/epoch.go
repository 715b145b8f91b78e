// Package epoch reads $SOURCE_DATE_EPOCH, the date that files state instead of the time at which they are made
// (https://reproducible-builds.org/specs/source-date-epoch/).
package epoch

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

// Variable is the environment variable that Read reads.
const Variable = "SOURCE_DATE_EPOCH"

// Read returns the time that the variable holds, in UTC. It is the zero time if the variable is unset or empty.
func Read() (time.Time, error) {
	value := os.Getenv(Variable)
	if value == "" {
		return time.Time{}, nil
	}
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err != nil || seconds < 0 {
		return time.Time{}, fmt.Errorf("%s=%s: not a number of seconds since 1970", Variable, value)
	}
	return time.Unix(seconds, 0).UTC(), nil
}
