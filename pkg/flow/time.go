package flow

import "fmt"

// Time is a moment of a day in hundredths of a second since midnight,
// from 0 to [Day]-1.
type Time uint32

// Units of Time.
const (
	Second Time = 100
	Minute      = 60 * Second
	Hour        = 60 * Minute
	Day         = 24 * Hour
)

// Hour returns the hour of the day, 0 to 23.
func (t Time) Hour() int { return int(t / Hour) }

// Second returns the second of the day, 0 to 86,399.
func (t Time) Second() uint32 { return uint32(t / Second) }

// String writes the time as 09:29:38.65.
func (t Time) String() string {
	return fmt.Sprintf("%02d:%02d:%02d.%02d", t/Hour, t/Minute%60, t/Second%60, t%Second)
}
