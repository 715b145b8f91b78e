package nb_test

import (
	"net/netip"
	"strconv"
	"time"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/frame"
	"github.com/flowbook/flowbook/pkg/nb"
)

// In a notebook this displays a numbered table; a program prints it.
func ExampleTable() {
	f := frame.Texts([]string{"file", "reason"}, []string{"data.parquet", "a normal day"})
	nb.Table(f, nb.Label("tbl-files"), nb.Caption("Files of %s", "this report"))
	// Output:
	// [tbl-files] Files of this report
	// File          Reason
	// data.parquet  a normal day
}

// In Jupyter this displays a grid that sorts and filters; a program prints its first rows.
func ExampleShow() {
	nb.Show(frame.Texts([]string{"file", "reason"}, []string{"data.parquet", "a normal day"}))
	nb.Show(1_030_000)
	// Output:
	// File          Reason
	// data.parquet  a normal day
	//
	// 1,030,000
}

func ExampleProse() {
	nb.Prose("The test day has %s; %s sent %s.",
		nb.N(1_030_000, "flow"), nb.List([]string{"10.0.0.1", "10.0.0.2"}, 5), nb.Bytes(1_190_000_000))
	// Output: The test day has 1,030,000 flows; 10.0.0.1 and 10.0.0.2 sent 1.19 GB.
}

func ExampleDiff() {
	host := netip.MustParseAddr("10.0.0.1")
	yesterday := detect.Result{Findings: []detect.Finding{{Rule: "beacon", Entity: host, Severity: detect.Low, Score: 0.4, Summary: "called a server"}}}
	today := detect.Result{Findings: []detect.Finding{
		{Rule: "beacon", Entity: host, Severity: detect.High, Score: 0.8, Summary: "called a server every minute", Since: "2024-03-19"},
		{Rule: "exfiltration", Entity: host, Severity: detect.Critical, Score: 0.9, Summary: "uploaded 2 GB", Since: "2024-03-20"},
	}}
	nb.Diff(yesterday, today, nb.Label("tbl-diff"))
	// Output:
	// Findings compared with the previous day: 1 new, 0 back, 1 louder, 0 ongoing, 0 quieter, 0 gone, 0 unseen because the rule did not run.
	//
	// [tbl-diff] What changed since the previous day
	// Change  Since       Rule          Device    Severity  Severity before  What was seen
	// new     2024-03-20  exfiltration  10.0.0.1  critical                   uploaded 2 GB
	// louder  2024-03-19  beacon        10.0.0.1  high      low              called a server every minute
}

// The findings of the day before are in a file, for example of the daily job.
func ExampleFindings() {
	run := nb.Open(nb.Inputs{Test: "sample:test.parquet", Baseline: "sample:data.parquet"})
	nb.Diff(nb.Findings("yesterday.jsonl"), detect.All(run.WithDays()))
}

// A cell passes its own errors to Check.
func ExampleCheck() {
	limit, err := strconv.Atoi("12")
	nb.Check(err)
	nb.Prose("The limit is %d.", limit)
	// Output: The limit is 12.
}

func ExampleFlows() {
	run := nb.Open(nb.Inputs{Test: "sample:test.parquet", Country: "sample:country.mmdb"})
	outside := nb.Flows(run.Test()).Where("not dst_ip in internal")
	nb.Show(outside.By("dst_ip").Every(5 * time.Minute).Sum("up_bytes"))
	nb.Show(outside.By("country").Sort("flows desc").Limit(10).Count())
	nb.Show(outside.Where("up_bytes > 1MB").List("timestamp", "src_ip", "dst_ip", "up_bytes"))
	nb.Show(run.Flows("sample:data.parquet", "sample:test.parquet").By("src_ip").
		Aggregate("sum(up_bytes)", "distinct(dst_ip)", "p95(up_bytes)"))
}

// Each aggregate is a method that takes columns.
func ExampleFlowQuery() {
	run := nb.Open(nb.Inputs{Test: "sample:test.parquet"})
	hosts := run.Flows().By("src_ip")
	nb.Show(hosts.Mean("up_bytes"))
	nb.Show(hosts.Min("up_bytes"))
	nb.Show(hosts.Max("up_bytes", "down_bytes"))
	nb.Show(hosts.Quantile(0.95, "up_bytes"))
	nb.Show(hosts.Distinct("dst_ip", "port"))
	nb.Show(hosts.First("timestamp"))
	nb.Show(hosts.Last("timestamp"))
}
