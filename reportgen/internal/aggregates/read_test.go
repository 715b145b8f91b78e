package aggregates_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/aggregates"
)

type conversation struct {
	Src          string   `parquet:"src_ip"`
	Dst          string   `parquet:"dst_ip"`
	Proto        int32    `parquet:"proto"`
	Port         int32    `parquet:"port"`
	Flows        int64    `parquet:"flows"`
	Up           int64    `parquet:"up_bytes"`
	Down         int64    `parquet:"down_bytes"`
	MaxUp        int64    `parquet:"max_up_bytes"`
	MaxDown      int64    `parquet:"max_down_bytes"`
	First        int64    `parquet:"first"`
	Last         int64    `parquet:"last"`
	Seconds      []int64  `parquet:"seconds,list"`
	SecondFlows  []int64  `parquet:"second_flows,list"`
	Sizes        []int64  `parquet:"sizes,list"`
	SizeFlows    []int64  `parquet:"size_flows,list"`
	SizesRounded bool     `parquet:"sizes_rounded"`
	Names        []string `parquet:"names,list"`
	NameFlows    []int64  `parquet:"name_flows,list"`
	Established  *int64   `parquet:"established,optional"`
}

type halfHour struct {
	Src   string `parquet:"src_ip"`
	Slot  uint8  `parquet:"half_hour"`
	Flows int64  `parquet:"flows"`
	Up    int64  `parquet:"up_bytes"`
	Down  int64  `parquet:"down_bytes"`
}

type largest struct {
	Src   string `parquet:"src_ip"`
	Dst   string `parquet:"dst_ip"`
	Proto int32  `parquet:"proto"`
	Port  int32  `parquet:"port"`
	Time  int64  `parquet:"timestamp"`
	Up    int64  `parquet:"up_bytes"`
	Down  int64  `parquet:"down_bytes"`
}

type rejected struct {
	Reason string  `parquet:"reason"`
	Column string  `parquet:"column"`
	Rows   int64   `parquet:"rows"`
	File   *string `parquet:"file,optional"`
	Row    *int64  `parquet:"row,optional"`
	Value  *string `parquet:"value,optional"`
}

// tables are the aggregates of some flows.
type tables struct {
	conversations []conversation
	halfHours     []halfHour
	largest       []largest
	rejected      []rejected
}

func (x tables) write(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, aggregates.Conversations, x.conversations)
	write(t, dir, aggregates.HalfHours, x.halfHours)
	write(t, dir, aggregates.Largest, x.largest)
	if x.rejected != nil {
		write(t, dir, aggregates.Rejected, x.rejected)
	}
	return dir
}

func write[T any](t *testing.T, dir, table string, rows []T) {
	t.Helper()
	if err := parquet.WriteFile(filepath.Join(dir, table+".parquet"), rows); err != nil {
		t.Fatal(err)
	}
}

// asked is a part of a day with two DNS queries of one client, whose address is written
// as src, from a second on.
func asked(src string, second int64, name string) tables {
	key := conversation{Src: src, Dst: "2001:db8::0", Proto: 17, Port: 53}
	c := key
	c.Flows, c.Up, c.Down, c.MaxUp, c.MaxDown = 2, 110, 300, 60, 200
	c.First, c.Last = second*100, second*100+150
	c.Seconds, c.SecondFlows = []int64{second + 1, second}, []int64{1, 1}
	c.Sizes, c.SizeFlows = []int64{60, 50}, []int64{1, 1}
	c.Names, c.NameFlows, c.Established = []string{name}, []int64{2}, new(int64(1))
	return tables{
		[]conversation{c}, []halfHour{{src, uint8(second / 1800), 2, 110, 300}},
		[]largest{{src, key.Dst, 17, 53, second*100 + 150, 60, 100}, {src, key.Dst, 17, 53, second * 100, 50, 200}},
		[]rejected{{"protocol", "proto", 3, new("s3://bucket/day.parquet"), new(7 + second), new("1")}},
	}
}

// flows are the flows of asked.
func flows(second int, name string) []flow.Record {
	src, _ := flow.ParseAddr("10.0.0.1")
	dst, _ := flow.ParseAddr("2001:db8::")
	one := flow.Record{Src: src, Dst: dst, Proto: flow.UDP, Port: 53, Time: flow.Time(second * 100), Up: 50, Down: 200}
	two := one
	two.Time, two.Up, two.Down = one.Time+150, 60, 100
	one.Name, two.Name, one.State = name, name, flow.Established
	return []flow.Record{one, two}
}

// TestParts: parts add up, whatever the form of their addresses.
func TestParts(t *testing.T) {
	b := profile.NewBuilder()
	for _, f := range append(flows(100, "a.example"), flows(2000, "b.example")...) {
		b.Add(f)
	}
	for range 6 {
		b.Reject("protocol icmp, which detections do not use", profile.Place{File: "day.parquet", Row: 107, Column: flow.ColProto, Value: "icmp"})
	}
	want := b.Profile()
	got, err := aggregates.Read(t.Context(), aggregates.Tables{Folders: []string{asked("10.0.0.1", 100, "a.example").write(t), asked("::ffff:10.0.0.1", 2000, "b.example").write(t)}})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Sources) != 1 || got.Sources[0].Rows != 10 || len(got.Sources[0].SHA256) != 64 {
		t.Errorf("sources %v", got.Sources)
	}
	want.Sources = got.Sources
	if !bytes.Equal(testenv.Encoded(t, profile.Encode, got), testenv.Encoded(t, profile.Encode, want)) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// TestFilesWithoutExtension: in the folder of a table, Trino and Athena name files without
// the extension of Parquet, and keep hidden files beside them.
func TestFilesWithoutExtension(t *testing.T) {
	want, err := aggregates.Read(t.Context(), aggregates.Tables{Folders: []string{asked("10.0.0.1", 100, "a.example").write(t)}, Name: "day"})
	if err != nil {
		t.Fatal(err)
	}
	dir := asked("10.0.0.1", 100, "a.example").write(t)
	for _, table := range []string{aggregates.Conversations, aggregates.HalfHours, aggregates.Largest, aggregates.Rejected} {
		folder := filepath.Join(dir, table)
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(folder+".parquet", filepath.Join(folder, "20240420_101112_00001_abcde.gz")); err != nil {
			t.Fatal(err)
		}
		for _, hidden := range []string{".trinoSchema", "_SUCCESS"} {
			if err := os.WriteFile(filepath.Join(folder, hidden), []byte("{}"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	got, err := aggregates.Read(t.Context(), aggregates.Tables{Folders: []string{dir}, Name: "day"})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(testenv.Encoded(t, profile.Encode, got), testenv.Encoded(t, profile.Encode, want)) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// TestContradictions: tables that do not fit together are refused, with the place.
func TestContradictions(t *testing.T) {
	for _, c := range []struct {
		want  string
		spoil func(*tables)
	}{
		{"different totals", func(x *tables) { x.halfHours[0].Up++ }},
		{"no conversation", func(x *tables) { x.conversations = x.conversations[:0] }},
		{"largest flows are not those", func(x *tables) { x.largest = x.largest[1:] }},
		{"row 0: seconds: the flows of a list do not add up", func(x *tables) { x.conversations[0].SecondFlows[0] = 2 }},
		{"a list of 2 values and one of 1", func(x *tables) {
			x.conversations[0].Seconds, x.conversations[0].SecondFlows = []int64{101, 100}, []int64{1}
		}},
		{"not those of its first and last", func(x *tables) { x.conversations[0].Seconds[0] = 102 }},
		{"value 86400 in a list", func(x *tables) { x.conversations[0].Seconds[0] = 86400 }},
		{"sizes do not add up", func(x *tables) { x.conversations[0].Sizes, x.conversations[0].SizeFlows = nil, nil }},
		{"details do not match", func(x *tables) { x.conversations[0].Established = new(int64(3)) }},
		{"names", func(x *tables) { x.conversations[0].Names = nil }},
		{"10.0.0.256", func(x *tables) { x.largest[0].Src = "10.0.0.256" }},
		{"protocol icmp is not counted", func(x *tables) { x.conversations[0].Proto = 1 }},
		{"48 is not from 0 to 47", func(x *tables) { x.halfHours[0].Slot = 48 }},
		{"protocol \"x\"", func(x *tables) { x.rejected[0].Value = new("x") }},
	} {
		x := asked("10.0.0.1", 100, "a.example")
		c.spoil(&x)
		if _, err := aggregates.Read(t.Context(), aggregates.Tables{Folders: []string{x.write(t)}}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("want an error with %q, not %v", c.want, err)
		}
	}
}

func TestMissingTables(t *testing.T) {
	x := asked("10.0.0.1", 100, "a.example")
	x.rejected = nil
	dir := x.write(t)
	if _, err := aggregates.Read(t.Context(), aggregates.Tables{Folders: []string{dir}}); err != nil {
		t.Errorf("without rejected rows: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "largest.parquet")); err != nil {
		t.Fatal(err)
	}
	if _, err := aggregates.Read(t.Context(), aggregates.Tables{Folders: []string{dir}}); err == nil || !strings.Contains(err.Error(), "largest: no such table") {
		t.Errorf("without a table: %v", err)
	}
	if _, err := aggregates.Read(t.Context(), aggregates.Tables{Folders: []string{filepath.Join(dir, "nowhere")}}); err == nil {
		t.Error("a folder that does not exist is read")
	}
}
