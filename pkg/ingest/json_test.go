package ingest

import (
	"encoding/json"
	"reflect"
	"testing"
)

// TestEventsForgetAll finds a raw value that would stay from one row to the
// next: each must be among those that reset empties.
func TestEventsForgetAll(t *testing.T) {
	eve, ecs := newEVEEvent("flow"), newECSEvent(false)
	for _, test := range []struct {
		event any
		raws  []*json.RawMessage
	}{{eve, eve.raws}, {ecs, ecs.raws}} {
		listed := map[*json.RawMessage]bool{}
		for _, raw := range test.raws {
			listed[raw] = true
		}
		found := 0
		var walk func(v reflect.Value)
		walk = func(v reflect.Value) {
			for i := range v.NumField() {
				f := v.Field(i)
				if !f.CanInterface() {
					continue
				}
				if raw, ok := f.Addr().Interface().(*json.RawMessage); ok {
					if found++; !listed[raw] {
						t.Errorf("%T: %s is not forgotten", test.event, v.Type().Field(i).Name)
					}
				} else if f.Kind() == reflect.Struct {
					walk(f)
				}
			}
		}
		walk(reflect.ValueOf(test.event).Elem())
		if found != len(listed) || found < 10 {
			t.Errorf("%T: %d raw values, %d listed", test.event, found, len(listed))
		}
	}
}
