package ingest

import (
	"strconv"
	"strings"
	"testing"
)

// TestLokiMalformed reads documents of Loki that are cut off or wrong: the errors say where and why.
func TestLokiMalformed(t *testing.T) {
	whole := `{"streams":[{"stream":{"log":"conn"},"values":[["1713530100000000000",` + strconv.Quote(zeekObject) + `]]}]}`
	for _, tt := range []struct{ log, want string }{
		{whole[:len(whole)-2], "the document of Loki ends in the middle"},
		{whole[:len(whole)-20], "the document of Loki ends in the middle"},
		{strings.Replace(whole, `["1713530100000000000",`, `["1"],["2",`, 1), "byte 52: an entry of values is not a list of a time and a line"},
		{strings.Replace(whole, `["1713530100000000000",`, `[],["2",`, 1), "an entry of values is not a list"},
		{strings.Replace(whole, `["1713530100000000000",`, `7,["2",`, 1), "a document of Loki: json: cannot unmarshal number"},
	} {
		got := formatFile(t, "zeek", write(t, t.TempDir(), "loki.json", []byte(tt.log)), Options{})
		if !strings.Contains(got, "loki.json: ") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %s, want %s", tt.log, got, tt.want)
		}
	}
}
