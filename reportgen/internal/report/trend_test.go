package report

import (
	"strings"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/language"
)

// reportWith returns a report whose only table has findings about these hosts.
func reportWith(name string, hosts ...string) written {
	t := &document.Table{ID: "tbl-a", Columns: []document.Column{{Title: "Device", Kind: document.KindEntity}, {Title: "Severity", Kind: document.KindSeverity}}}
	for _, h := range hosts {
		t.Rows = append(t.Rows, []document.Value{{Text: h, Raw: h}, {Text: "high", Raw: "high"}})
	}
	return written{Member: Member{Name: name}, document: &document.Document{Blocks: []document.Block{t}}}
}

// The trend of a series counts each device of a report once, and leaves out reports without
// findings to count.
func TestTrend(t *testing.T) {
	words := language.Of("pt")
	all := []written{reportWith("2024-03-18", "10.0.0.1", "10.0.0.2", "10.0.0.1"), {Member: Member{Name: "failed"}}, reportWith("2024-03-19<&>"), reportWith("2024-03-20", "10.0.0.7")}
	figure := trend(all, words)
	if figure == nil {
		t.Fatal("no figure")
	}
	var got []string
	for _, row := range figure.Data.Rows {
		got = append(got, row[0].Text+" "+row[1].Text)
	}
	if s := strings.Join(got, ", "); s != "2024-03-18 2, 2024-03-19<&> 0, 2024-03-20 1" {
		t.Errorf("the trend is %s", s)
	}
	if figure.Picture.Alt != "Deteções: 2024-03-18 2, 2024-03-20 1" {
		t.Errorf("alt text: %s", figure.Picture.Alt)
	}
	if trend(all[:2], words) != nil || trend([]written{{}, {}}, words) != nil {
		t.Error("a single report has a trend")
	}
}
