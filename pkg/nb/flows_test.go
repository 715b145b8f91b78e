package nb

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/query"
)

// someFlows are three flows of one source, to two destinations.
func someFlows(t *testing.T) []flow.Record {
	a, b, c := aFlow(t), aFlow(t), aFlow(t)
	b.Time, b.Up = 7*flow.Minute, 100
	c.Time, c.Dst, c.Port, c.Up = 13*flow.Hour, c.Dst.Next(), 53, 1_000_000
	return []flow.Record{a, b, c}
}

// TestFlows: the real reportgen answers queries; after that they are answered without
// it, for a file of the same content only.
func TestFlows(t *testing.T) {
	program := useReportgen(t)
	path := writeDay(t, "2024-03-20.parquet", someFlows(t)...)
	run := Open(Inputs{Test: path})
	flows := Flows(run.Test())
	for _, step := range []string{"not cached", "cached"} {
		for want, got := range map[string][][]string{
			"src_ip up_bytes;10.0.0.1 1000107":                 flows.By("src_ip").Sum("up_bytes").Records(),
			"timestamp up_bytes;0 7;30000 100;4680000 1000000": flows.Every(5 * time.Minute).Sum("up_bytes").Records(),
			"dst_ip flows;10.0.0.2 2":                          flows.Where("port = 443").Where("up_bytes < 1kB").By("dst_ip").Count().Records(),
			"dst_ip up_bytes;10.0.0.3 1000000":                 flows.By("dst_ip").Sort("up_bytes desc").Limit(1).Sum("up_bytes").Records(),
			"distinct_dst_ip;2":                                flows.Distinct("dst_ip").Records(),
			"median_up_bytes;100.000000":                       flows.Quantile(0.5, "up_bytes").Records(),
			"date flows first_port;2024-03-20 3 443":           flows.By("date").Aggregate("count", "first(port)").Records(),
			"port up_bytes;443 100":                            flows.Where("up_bytes between 50 and 150").List("port", "up_bytes").Records(),
			"date flows;2024-03-20 3":                          run.Flows(filepath.Dir(path)).By("date").Count().Records(),
			"flows;0":                                          flows.Where("port = 1").Count().Records(),
		} {
			rows := make([]string, len(got))
			for i, r := range got {
				rows[i] = strings.Join(r, " ")
			}
			if text := strings.Join(rows, ";"); text != want {
				t.Errorf("%s: %s, want %s", step, text, want)
			}
		}
		t.Setenv("FLOWBOOK_REPORTGEN", filepath.Join(t.TempDir(), "none")) // the second time it is not needed
	}
	other := someFlows(t)
	other[0].Up++
	if err := os.Rename(writeDay(t, "2024-03-20.parquet", other...), path); err != nil {
		t.Fatal(err)
	}
	if _, err := flows.By("src_ip").answerOf(query.Sum, "up_bytes"); err == nil {
		t.Error("the answer about another file is used")
	}
	t.Setenv("FLOWBOOK_REPORTGEN", program)
	for want, f := range map[string]FlowQuery{
		"unknown column \"prot\"; did you mean proto or port?\nprot = 1\n^^^^":                                            flows.Where("prot = 1"),
		"group by: unknown column \"dstip\"; did you mean dst_ip?":                                                        flows.By("dstip"),
		"the days have no src_ip 10.0.0.7; the nearest address is 10.0.0.1\nsrc_ip = 10.0.0.7\n         ^^^^^^^^":         flows.Where("src_ip = 10.0.0.7"),
		"order \"flows down\": \"down\" is neither asc nor desc":                                                          flows.Sort("flows down"),
		"nb.Flows: a day was not opened by a run, so that its file is not known; use run.Flows with the name of the file": Flows(nil),
		"gone.parquet: no such file; use sample:NAME for a file of the sample days":                                       run.Flows("gone.parquet"),
	} {
		if _, err := f.answerOf(query.Count, ""); err == nil || err.Error() != want {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
}

// answerOf answers one aggregate without ending the test.
func (f FlowQuery) answerOf(of query.Func, column string) (*query.Table, error) {
	f.query.Aggregates = []query.Aggregate{{Func: of, Column: column}}
	return f.answer()
}
