package svg

import (
	"fmt"
	"strconv"
	"strings"
)

// painted are the properties that hold a colour.
var painted = set(`fill stroke color stop-color flood-color`)

// themed rewrites a neutral colour (black, white or a grey between) as the
// mixture of ink and ground that it is. Colours with a hue carry meaning and
// stay as drawn.
func themed(property, value string) string {
	if !painted[property] {
		return value
	}
	white, ok := neutral(strings.ToLower(strings.TrimSpace(value)))
	if !ok {
		return value
	}
	switch white {
	case 0:
		return "var(--figure-ink,#000)"
	case 255:
		return "var(--figure-ground,#fff)"
	}
	share := strconv.FormatFloat(float64(255-white)*100/255, 'f', 1, 64)
	return fmt.Sprintf("color-mix(in srgb,var(--figure-ink,#000) %s%%,var(--figure-ground,#fff))", share)
}

// neutral reads a colour without hue as its share of white, 0 to 255.
func neutral(color string) (white int, ok bool) {
	switch color {
	case "black":
		return 0, true
	case "white":
		return 255, true
	case "gray", "grey":
		return 128, true
	}
	var r, g, b uint64
	if hex, found := strings.CutPrefix(color, "#"); found {
		var err error
		switch len(hex) {
		case 3:
			hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
		case 6:
		default:
			return 0, false
		}
		v, err := strconv.ParseUint(hex, 16, 32)
		if err != nil {
			return 0, false
		}
		r, g, b = v>>16, v>>8&255, v&255
	} else if inner, found := strings.CutPrefix(color, "rgb("); found {
		parts := strings.Split(strings.TrimSuffix(inner, ")"), ",")
		if len(parts) != 3 {
			return 0, false
		}
		for i, c := range []*uint64{&r, &g, &b} {
			v, err := strconv.ParseUint(strings.TrimSpace(parts[i]), 10, 8)
			if err != nil {
				return 0, false
			}
			*c = v
		}
	} else {
		return 0, false
	}
	if max(r, g, b)-min(r, g, b) > 6 {
		return 0, false
	}
	return int((r + g + b) / 3), true
}
