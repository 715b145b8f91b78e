package sqltext

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// world is flow files on which engines and our own scan must agree.
type world struct {
	name     string
	files    func(*testing.T) []string
	optional []string // columns that the files have
	table    bool     // whether the source is a table, whose files are not known
}

var worlds = []world{
	{name: "a sample day", files: sample("data")},
	{name: "a sample day as a table", files: sample("test"), table: true},
	{name: "the servers of a sample day", files: sample("servers")},
	{name: "version 2, split over three files", files: detailedFiles, optional: flow.OptionalColumns},
	{name: "rows that are not flows", files: dirtyFiles},
	{name: "large and many equal sizes", files: largeFiles},
}

// largeDay is only for databases that do not start with each test.
var largeDay = world{name: "a million flows, three a conversation", files: millionFiles}

// sample returns a sample day.
func sample(name string) func(*testing.T) []string {
	return func(t *testing.T) []string { return []string{testenv.Path(t, "testdata", name+".parquet")} }
}

// addr returns an address of a small network, a third of them IPv6.
func addr(i int) netip.Addr {
	if i%3 == 2 {
		return netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 13: byte(i >> 8), 14: byte(i), 15: 1})
	}
	return netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 7})
}

func someFlows(r *rand.Rand, n int) []flow.Record {
	flows := make([]flow.Record, n)
	for i := range flows {
		flows[i] = flow.Record{
			Time: flow.Time(r.IntN(int(flow.Day))), Src: addr(r.IntN(20)), Dst: addr(100 + int(20*r.ExpFloat64())),
			Proto: []flow.Proto{flow.TCP, flow.UDP}[r.IntN(2)], Port: uint16([]int{53, 80, 443}[r.IntN(3)]),
			Up: int64(math.Exp(8 + 2*r.NormFloat64())), Down: int64(math.Exp(9 + 2*r.NormFloat64())),
		}
		if i%5 == 0 {
			flows[i].Up = int64(40 * r.IntN(4)) // a few sizes, and none at all
		}
	}
	return flows
}

// detailedFiles have the optional columns, some of them unknown.
func detailedFiles(t *testing.T) (paths []string) {
	r := rand.New(rand.NewPCG(14, 2))
	dir := t.TempDir()
	for part := range 3 {
		path := filepath.Join(dir, fmt.Sprintf("part-%d.parquet", part))
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		w := flowfile.NewDetailedWriter(f)
		for i, flow := range someFlows(r, 4000) {
			detail(r, i, &flow)
			if err := w.Write(flow); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

func detail(r *rand.Rand, i int, f *flow.Record) {
	if i%3 > 0 {
		f.Duration = flow.SpanOf(int64(math.Exp(4 + 3*r.NormFloat64())))
	}
	if i%4 > 0 {
		f.UpPackets, f.DownPackets = int64(r.IntN(9)), int64(r.IntN(5))
	}
	f.State = flow.State(r.IntN(int(flow.NumStates)))
	if f.Port == 53 {
		f.Name = fmt.Sprintf("name-%d.example", r.IntN(3000)) // more than a profile keeps
		f.Dst = addr(100 + r.IntN(2))
	}
}

// dirtyRow is a row whose columns may be null and have values of no flow.
type dirtyRow struct {
	Time  *float64 `parquet:"timestamp,optional"`
	Src   *string  `parquet:"src_ip,optional"`
	Dst   *string  `parquet:"dst_ip,optional"`
	Proto *string  `parquet:"proto,optional"`
	Port  *int32   `parquet:"port,optional"`
	Up    *int64   `parquet:"up_bytes,optional"`
	Down  *float64 `parquet:"down_bytes,optional"`
}

// dirtyFiles have rows of every reason, in several row groups and files, and addresses
// and protocols in every form.
func dirtyFiles(t *testing.T) (paths []string) {
	r := rand.New(rand.NewPCG(14, 3))
	one := func(texts ...string) *string {
		if i := r.IntN(len(texts) + 20); i < 20 {
			return new(addr(r.IntN(8)).String())
		} else if texts[i-20] != "" {
			return &texts[i-20]
		}
		return nil
	}
	number := func(usual float64, others ...float64) *float64 {
		if i := r.IntN(len(others) + 30); i < 30 {
			return &usual
		} else if !math.IsInf(others[i-30], 1) {
			return &others[i-30]
		}
		return nil // for +Inf
	}
	addresses := []string{
		"", "10.0.0.300", "010.0.0.7", "10.0.0.7", "::ffff:10.0.0.7", "2001:DB8::0:200:1", "fe80::1%eth0", "1:2:3:4:5:6:7::", "::1.2.3.4",
		"1:2:3:4:5:6:1.2.3.4", "1::2::3", "1:2:3:4:5:6:7:8:9", " 10.0.0.7", "10.0.0.7\n", "ü", "it's", "a value that is much longer than the eighty bytes that a profile shows of it, with an ä at the end",
	}
	dir := t.TempDir()
	for part := range 2 {
		var rows []dirtyRow
		for range 3000 {
			protos := []string{"tcp", "UDP", "6", "proto-17", "0017", "icmp", "1", "gre", "Proto-99", "253", "256", "proto-", "-6", "6.0", "any", ""}
			row := dirtyRow{
				Time: number(float64(r.IntN(8640000)), math.Inf(1), 8640000, -1, 0.5, math.NaN(), 1e300, 1<<53, 1<<54),
				Src:  one(addresses...), Dst: one(addresses...), Proto: &protos[max(0, r.IntN(2*len(protos))-len(protos))],
				Down: number(float64(r.IntN(5000)), math.Inf(1), -3, 2.25, math.Inf(-1), 1e15, 1e16),
			}
			if *row.Proto == "" {
				row.Proto = nil
			}
			if n := int32(r.IntN(40)) * 4000; n > 0 {
				row.Port = new(n - 8000)
			}
			if n := int64(r.IntN(200)); n > 0 {
				row.Up = new(n - 5)
			}
			rows = append(rows, row)
		}
		path := filepath.Join(dir, fmt.Sprintf("part-%d.parquet", part))
		if err := parquet.WriteFile(path, rows, parquet.MaxRowsPerRowGroup(700)); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// largeFiles have sizes that are rounded, sums that do not fit, and ties among the
// largest flows of a host.
func largeFiles(t *testing.T) []string {
	r := rand.New(rand.NewPCG(14, 4))
	path := filepath.Join(t.TempDir(), "large.parquet")
	w, err := flowfile.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	flows := someFlows(r, 3000)
	for i := range flows {
		f := &flows[i]
		switch i % 4 {
		case 0: // any power of two, and its neighbours
			f.Up = max(int64(1)<<r.IntN(63)+int64(r.IntN(3))-1, 0)
		case 1:
			f.Up, f.Down = math.MaxInt64, math.MaxInt64-int64(r.IntN(2))
		case 2:
			f.Src, f.Up, f.Time = addr(500+i%3), 77, flow.Time(i%7)
		}
	}
	for _, f := range append(flows, flows[:900]...) {
		if err := w.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return []string{path}
}

// millionFiles have a million flows of 330,000 conversations.
func millionFiles(t *testing.T) []string {
	path := filepath.Join(t.TempDir(), "million.parquet")
	w, err := flowfile.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(14, 5))
	for range 1_000_000 {
		n := r.IntN(330_000)
		f := flow.Record{
			Time: flow.Time(r.IntN(int(flow.Day))), Src: addr(n % 1000), Dst: netip.AddrFrom4([4]byte{93, byte(n >> 16), byte(n >> 8), byte(n)}),
			Proto: flow.TCP, Port: 443, Up: int64(math.Exp(8 + 2*r.NormFloat64())), Down: int64(math.Exp(9 + 2*r.NormFloat64())),
		}
		if err := w.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return []string{path}
}

// columnsOf are the optional columns of a source under their own names.
func columnsOf(s Source, optional []string) Source {
	s.Columns = map[string]string{}
	for _, c := range optional {
		s.Columns[c] = c
	}
	return s
}
