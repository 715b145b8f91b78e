package nb

import (
	"net/netip"
	"testing"
)

// TestArgumentsAreText checks that arguments of Prose and Caption are escaped,
// unless they are Markdown, and that ordinary values stay readable.
func TestArgumentsAreText(t *testing.T) {
	for _, tt := range []struct {
		format string
		args   []any
		want   string
	}{
		{"of *%s* (@fig-x)", []any{"[x](y)"}, `of *\[x\](y)* (@fig-x)`},
		{"%s", []any{"@fig-none"}, `\@fig-none`},
		{"%s, %v", []any{"$a_{", "`b"}, "\\$a\\_{, \\`b"},
		{"%s", []any{"<b>&amp;"}, `&lt;b&gt;&amp;amp;`},
		{"%s", []any{"a\n\n# b"}, "a # b"},
		{"%s", []any{"# b"}, `\# b`},
		{"%s", []any{"1. b"}, `1\. b`},
		{"%s", []any{"http://x.org www.x.org"}, `http\://x.org www\.x.org`},
		{"%s", []any{Markdown("[x](y)")}, `[x](y)`},
		{"%d of %.1f, %5.1f %% %t", []any{7, 2.5, 3.25, true}, "7 of 2.5,   3.2 % true"},
		{"%s %s %s", []any{netip.MustParseAddr("10.0.0.1"), "1.19 GB", "AT&T Inc."}, "10.0.0.1 1.19 GB AT&T Inc."},
		{"%[2]s %[1]q", []any{"a_b", "-3.2 %"}, `-3.2 % "a_b"`},
	} {
		if got := markdownf(tt.format, tt.args); got != tt.want {
			t.Errorf("markdownf(%q, %q) = %q, want %q", tt.format, tt.args, got, tt.want)
		}
	}
}
