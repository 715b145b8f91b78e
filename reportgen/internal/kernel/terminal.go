package kernel

import "strings"

// overwritten is what a terminal would show of text whose lines go back to their
// beginning (\r), as those of progress bars do, or by a character (\b).
// Jupyter's own clients keep streams so, too.
func overwritten(text string) string {
	if !strings.ContainsAny(text, "\r\b") {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		body, end := line, ""
		if cut, ok := strings.CutSuffix(body, "\n"); ok {
			body, end = cut, "\n"
		}
		if cut, ok := strings.CutSuffix(body, "\r"); ok {
			body, end = cut, "\r"+end
		}
		b.WriteString(erased(body[strings.LastIndexByte(body, '\r')+1:] + end))
	}
	return b.String()
}

func erased(line string) string {
	if !strings.Contains(line, "\b") {
		return line
	}
	var kept []rune
	for _, r := range line {
		if n := len(kept); r == '\b' && n > 0 && kept[n-1] != '\n' {
			kept = kept[:n-1]
			continue
		}
		kept = append(kept, r)
	}
	return string(kept)
}
