package filename_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/pkg/filename"
)

func TestDistinct(t *testing.T) {
	tests := []struct{ paths, want string }{
		{"/a/day.parquet", "day.parquet"},
		{"/a/day.parquet /a/other.parquet", "day.parquet other.parquet"},
		{"/x/monday/day.parquet /x/tuesday/day.parquet", "monday/day.parquet tuesday/day.parquet"},
		{"/x/monday/flows/day.parquet /x/tuesday/flows/day.parquet /y/servers.parquet", "monday/flows/day.parquet tuesday/flows/day.parquet servers.parquet"},
		{"/a/day.parquet /a/day.parquet", "day.parquet day.parquet"},
		{"/day.parquet /a/day.parquet", "day.parquet a/day.parquet"}, // nothing is before the first
		{"/a/saturday.parquet /b/day.parquet", "saturday.parquet day.parquet"},
		{"sample:data.parquet /b/data.parquet", "sample:data.parquet data.parquet"},
	}
	for _, tt := range tests {
		var got []string
		paths := strings.Fields(tt.paths)
		names := filename.Distinct(paths)
		for _, p := range paths {
			got = append(got, names[p])
		}
		if diff := cmp.Diff(strings.Fields(tt.want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.paths, diff)
		}
	}
}

func ExampleDistinct() {
	names := filename.Distinct([]string{"/srv/monday/day.parquet", "/srv/tuesday/day.parquet", "/srv/servers.parquet"})
	fmt.Println(names["/srv/monday/day.parquet"], names["/srv/tuesday/day.parquet"], names["/srv/servers.parquet"])
	// Output: monday/day.parquet tuesday/day.parquet servers.parquet
}
