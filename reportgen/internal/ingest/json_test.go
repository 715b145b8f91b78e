package ingest

import (
	"encoding/json"
	"strings"
	"testing"
)

// No value of an object stays for the next one: each field that the second
// lacks is unset.
func TestEventsForget(t *testing.T) {
	for format, full := range map[string]string{
		"zeek": string(benchRow(nil, 7, true)), "eve": string(benchLine("eve", 7)), "ecs": string(benchLine("ecs", 7)),
	} {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal([]byte(full), &fields); err != nil {
			t.Fatal(err)
		}
		for name := range fields {
			lacking := map[string]json.RawMessage{}
			for other, value := range fields {
				if other != name {
					lacking[other] = value
				}
			}
			line, err := json.Marshal(lacking)
			if err != nil {
				t.Fatal(err)
			}
			alone := formatDecoded(decodeAs(format, "\n"+string(line)+"\n", Options{}))
			after := formatDecoded(decodeAs(format, full+string(line)+"\n", Options{}))
			if !strings.HasSuffix(after, "\n"+alone) {
				t.Errorf("%s without %s: alone %safter another %s", format, name, alone, after)
			}
		}
	}
}
