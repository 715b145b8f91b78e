package frame_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/go-gota/gota/dataframe"
	"github.com/go-gota/gota/series"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/frame"
	"github.com/flowbook/flowbook/pkg/query"
)

// someHosts is a frame with empty cells.
func someHosts() frame.Frame {
	return dataframe.New(
		series.New([]string{"10.0.0.10", "10.0.0.9", "192.0.2.1", "", "10.0.0.9"}, series.String, "src_ip"),
		series.New([]string{"Germany", "France", "Germany", "", "France"}, series.String, "country"),
		series.New([]int{1_500_000, 0, 20, 30, 7}, series.Int, "up_bytes"),
		series.New([]float64{0.5, math.NaN(), 2, 3, math.Inf(1)}, series.Float, "up_down"),
		series.New([]string{"low", "high", "info", "critical", "medium"}, series.String, "severity"),
	)
}

// cells returns a column as text.
func cells(f frame.Frame, column string) string {
	if f.Err != nil {
		return f.Err.Error()
	}
	texts, err := frame.Strings(f, column)
	if err != nil {
		return err.Error()
	}
	return strings.Join(texts, " ")
}

func TestWhere(t *testing.T) {
	for condition, want := range map[string]string{
		"up_bytes > 1MB":                           "1500000",
		"up_bytes between 7 and 30":                "20 30 7",
		"up_bytes * 2 < 41 and up_bytes > 0":       "20 7",
		"src_ip in 10.0.0.0/8":                     "1500000 0 7",
		"not src_ip in internal":                   "20 30",
		"src_ip = 10.0.0.9":                        "0 7",
		"country = Germany":                        "1500000 20",
		"country like 'F%' or up_bytes = 30":       "0 30 7",
		"up_down > 0.5":                            "20 30",
		"not up_down > 0.5":                        "1500000",
		"up_down is unknown":                       "0 7",
		"severity >= medium":                       "0 30 7",
		"up_bytes > 9 and severity in (info, low)": "1500000 20",
		"up_bytes < 0":                             "",
		"upbytes > 1":                              "unknown column \"upbytes\"; did you mean up_bytes?\nupbytes > 1\n^^^^^^^",
		"country > 5":                              "country is text; write '5'\ncountry > 5\n          ^",
	} {
		if got := cells(frame.Where(someHosts(), condition, frame.Internal(flow.Private)), "up_bytes"); got != want {
			t.Errorf("%s: %s, want %s", condition, got, want)
		}
	}
	if f := frame.Where(someHosts(), "src_ip in internal"); f.Err == nil || !strings.Contains(f.Err.Error(), "are not known here") {
		t.Errorf("networks that are not known: %v", f.Err)
	}
}

func TestSort(t *testing.T) {
	for columns, want := range map[string]string{
		"up_bytes":              "0 7 20 30 1500000",
		"up_bytes desc":         "1500000 30 20 7 0",
		"src_ip":                "0 7 1500000 20 30",
		"src_ip desc,up_bytes":  "20 1500000 0 7 30",
		"country,up_bytes desc": "7 0 1500000 20 30",
		"up_down":               "1500000 20 30 7 0",
		"up_down desc":          "7 30 20 1500000 0",
		"severity desc":         "30 0 7 1500000 20",
		"up_bytes down":         `sort: order "up_bytes down": "down" is neither asc nor desc`,
		"size":                  `sort: no column "size" in the frame; its columns are src_ip, country, up_bytes, up_down, severity`,
		"severty":               `sort: no column "severty" in the frame; did you mean severity?`,
	} {
		if got := cells(frame.Sort(someHosts(), strings.Split(columns, ",")...), "up_bytes"); got != want {
			t.Errorf("%s: %s, want %s", columns, got, want)
		}
	}
}

func TestWith(t *testing.T) {
	for formula, want := range map[string]string{
		"up_bytes / 1e6":      "1.500000 0.000000 0.000020 0.000030 0.000007",
		"up_bytes * 2 + 1":    "3000001 1 41 61 15",
		"up_bytes / up_bytes": "1.000000 NaN 1.000000 1.000000 1.000000",
		"up_down + 1":         "1.500000 NaN 3.000000 4.000000 NaN",
		"country + 1":         "country is text, not a number\ncountry + 1\n^^^^^^^",
	} {
		if got := cells(frame.With(someHosts(), "x", formula), "x"); got != want {
			t.Errorf("%s: %s, want %s", formula, got, want)
		}
	}
}

func TestBy(t *testing.T) {
	by := frame.By(someHosts(), "country")
	for want, f := range map[string]frame.Frame{
		"France Germany  / 7 1500020 30":                      by.Sum("up_bytes"),
		"France Germany  / 3.500000 750010.000000 30.000000":  by.Mean("up_bytes"),
		"France Germany  / 0 20 30":                           by.Min("up_bytes"),
		"France Germany  / 7 1500000 30 ":                     by.Max("up_bytes"),
		"France Germany  / 3.500000 750010.000000 30.000000 ": by.Quantile(0.5, "up_bytes"),
		"France Germany  / 1 2 0":                             by.Distinct("src_ip"),
		"France Germany  / 2 2 1":                             by.Count(),
		"France Germany  / 0 1500000 30":                      by.First("up_bytes"),
		"France Germany  / 10.0.0.9 192.0.2.1 ":               by.Last("src_ip"),
	} {
		if got := cells(f, "country") + " / " + cells(f, f.Names()[len(f.Names())-1]); strings.TrimSpace(got) != strings.TrimSpace(want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if f := frame.By(someHosts()).Sum("up_bytes"); cells(f, "up_bytes") != "1500057" {
		t.Errorf("all rows: %v", f)
	}
	if f := by.Sum("severity"); f.Err == nil || f.Err.Error() != "sum(severity): severity is text, not a number; use distinct, first or last, or group by it" {
		t.Errorf("the sum of a text: %v", f.Err)
	}
	if f := frame.By(someHosts(), "land").Count(); f.Err == nil || !strings.HasPrefix(f.Err.Error(), `group by: unknown column "land"`) {
		t.Errorf("an unknown column: %v", f.Err)
	}
	if f := frame.By(frame.Head(someHosts(), 0), "country").Sum("up_bytes"); f.Err != nil || f.Nrow() != 0 {
		t.Errorf("no rows: %v", f.Err)
	}
}

func TestJoin(t *testing.T) {
	other := dataframe.New(
		series.New([]string{"10.0.0.9", "192.0.2.1", "10.0.0.9"}, series.String, "entity"),
		series.New([]string{"beacon", "scan", "exfiltration"}, series.String, "rule"),
		series.New([]int{1, 2, 3}, series.Int, "score"),
	)
	f := frame.Join(someHosts(), "src_ip", other, "entity")
	if got := cells(f, "rule") + " / " + cells(f, "score"); got != " beacon scan  beacon / NaN 1.000000 2.000000 NaN 1.000000" {
		t.Error(got)
	}
	if f := frame.Join(someHosts(), "src_ip", other, "entity", "rules"); f.Err == nil || !strings.Contains(f.Err.Error(), `no column "rules"`) {
		t.Errorf("a column that is not there: %v", f.Err)
	}
}

func TestWithout(t *testing.T) {
	hosts := someHosts()
	f := frame.Without(hosts, "src_ip", frame.Head(hosts, 2), "src_ip")
	if got := cells(f, "src_ip"); f.Err != nil || got != "192.0.2.1 " { // 10.0.0.9 is there twice
		t.Errorf("%s, %v", got, f.Err)
	}
	if f := frame.Without(hosts, "src_ip", hosts, "src_ip"); f.Err != nil || f.Nrow() != 0 {
		t.Errorf("no rows are left: %v", f)
	}
	if f := frame.Without(frame.Head(hosts, 0), "src_ip", hosts, "src_ip"); f.Err != nil || f.Nrow() != 0 {
		t.Errorf("no rows: %v", f)
	}
	for want, f := range map[string]frame.Frame{
		`without: no column "host"`:                  frame.Without(hosts, "host", hosts, "src_ip"),
		`without: the other frame: no column "host"`: frame.Without(hosts, "src_ip", hosts, "host"),
	} {
		if f.Err == nil || !strings.HasPrefix(f.Err.Error(), want) {
			t.Errorf("got %v, want %s", f.Err, want)
		}
	}
}

func ExampleWithout() {
	f := frame.Without(hostTable(), "src_ip", frame.Texts([]string{"known"}, []string{"10.0.0.1"}, []string{"10.0.0.2"}), "known")
	fmt.Println(f.Records())
	// Output: [[src_ip country bytes] [192.0.2.1 Germany 5]]
}

// TestDescribeAggregates: the columns of aggregates have the units of their columns.
func TestDescribeAggregates(t *testing.T) {
	for name, want := range map[string]string{
		"max_up_bytes": "Greatest sent 1.5 MB", "p95_up_bytes": "95 % quantile of sent 1.5 MB", "p99_9_up_bytes": "99.9 % quantile of sent 1.5 MB",
		"distinct_dst_ip": "Different destination 1,500,000", "max_Übertrag": "Greatest übertrag 1500000", "min_ID": "Least ID 1500000", "mean_duration": "Mean duration 4h10m0s", "first_timestamp": "First time 04:10:00",
		"max_speed": "Greatest max speed 1500000",
	} {
		c := frame.Describe(name)
		if got := c.Title + " " + c.Unit.Format(1_500_000); strings.Replace(got, "max speed", "speed", 1) != strings.Replace(want, "max speed", "speed", 1) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// hostTable is the answer to a query.
func hostTable() frame.Frame {
	return frame.FromTable(&query.Table{Columns: []query.TableColumn{
		{Name: "src_ip", Texts: []string{"10.0.0.1", "10.0.0.2", "192.0.2.1"}},
		{Name: "country", Texts: []string{"Germany", "France", "Germany"}},
		{Name: "bytes", Ints: []int64{100, 2_000_000, 5}},
	}})
}

func ExampleBy() {
	large := frame.Sort(frame.Where(frame.By(hostTable(), "country").Sum("bytes"), "bytes > 100"), "bytes desc")
	fmt.Println(frame.With(large, "mb", "bytes / 1e6").Records())
	// Output: [[country bytes mb] [France 2000000 2.000000] [Germany 105 0.000105]]
}

func ExampleGroups() {
	by := frame.By(hostTable(), "country")
	for _, f := range []frame.Frame{
		by.Count(), by.Mean("bytes"), by.Min("bytes"), by.Max("bytes"), by.Quantile(0.5, "bytes"), by.Distinct("src_ip"),
		by.First("src_ip"), by.Last("src_ip"), by.Aggregate("sum(bytes)", "count"),
	} {
		fmt.Println(f.Records())
	}
	// Output:
	// [[country flows] [France 1] [Germany 2]]
	// [[country mean_bytes] [France 2000000.000000] [Germany 52.500000]]
	// [[country min_bytes] [France 2000000] [Germany 5]]
	// [[country max_bytes] [France 2000000] [Germany 100]]
	// [[country median_bytes] [France 2000000.000000] [Germany 52.500000]]
	// [[country distinct_src_ip] [France 1] [Germany 2]]
	// [[country first_src_ip] [France 10.0.0.2] [Germany 10.0.0.1]]
	// [[country last_src_ip] [France 10.0.0.2] [Germany 192.0.2.1]]
	// [[country bytes flows] [France 2000000 1] [Germany 105 2]]
}

func ExampleWhere() {
	f := frame.Where(hostTable(), "src_ip in internal and bytes > 1kB", frame.Internal(flow.Private))
	fmt.Println(f.Records())
	// Output: [[src_ip country bytes] [10.0.0.2 France 2000000]]
}

func ExampleJoin() {
	findings := frame.Texts([]string{"entity", "rule"}, []string{"10.0.0.2", "exfiltration"})
	fmt.Println(frame.Join(hostTable(), "src_ip", findings, "entity").Select([]string{"src_ip", "rule"}).Records())
	// Output: [[src_ip rule] [10.0.0.1 ] [10.0.0.2 exfiltration] [192.0.2.1 ]]
}
