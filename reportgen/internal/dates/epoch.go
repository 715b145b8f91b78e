// Package dates reads the date of $SOURCE_DATE_EPOCH.
package dates

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

// EpochVariable is the environment variable that [Epoch] reads.
const EpochVariable = "SOURCE_DATE_EPOCH"

// Epoch returns the time of $SOURCE_DATE_EPOCH, in UTC, which files state instead of the time at which they are made
// (https://reproducible-builds.org/specs/source-date-epoch/). It is the zero time if the variable is unset or empty.
func Epoch() (time.Time, error) {
	value := os.Getenv(EpochVariable)
	if value == "" {
		return time.Time{}, nil
	}
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err != nil || seconds < 0 {
		return time.Time{}, fmt.Errorf("%s=%s: not a number of seconds since 1970", EpochVariable, value)
	}
	return time.Unix(seconds, 0).UTC(), nil
}
