package flowfile

import (
	"encoding/base64"
	"testing"
	"time"
)

// took is the schema that pyarrow writes for a column of durations in microseconds.
const took = "/////3gAAAAQAAAAAAAKAAwABgAFAAgACgAAAAABBAAMAAAACAAIAAAABAAIAAAABAAAAAEAAAAUAAAAEAAUAAgABgAHAAwAAAAQABAAAAAAAAESEAAAABwAAAAEAAAAAAAAAAQAAAB0b29rAAAGAAgABgAGAAAAAAACAAAAAAA="

// TestDurationUnits reads a schema, and parts of it and damaged ones without a panic.
func TestDurationUnits(t *testing.T) {
	if got := durationUnits(took); len(got) != 1 || got["took"] != time.Microsecond {
		t.Errorf("%v", got)
	}
	whole, err := base64.StdEncoding.DecodeString(took)
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		durationUnits(base64.StdEncoding.EncodeToString(whole[:n]))
		for _, b := range []byte{0, 1, 0x7f, 0xff} {
			damaged := append([]byte{}, whole...)
			damaged[n] = b
			durationUnits(base64.StdEncoding.EncodeToString(damaged))
		}
	}
}
