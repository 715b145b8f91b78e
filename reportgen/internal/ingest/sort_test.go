package ingest

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"testing"

	"github.com/flowbook/flowbook/pkg/flow"
)

// randomFlow draws from few values, so that flows are often equal in their
// first fields.
func randomFlow(r *rand.Rand) Flow {
	addrs := []netip.Addr{
		netip.MustParseAddr("0.0.0.0"), netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("255.255.255.255"),
		netip.MustParseAddr("::"), netip.MustParseAddr("::1"), netip.MustParseAddr("2001:db8::1"),
	}
	sizes := []int64{0, 1, 255, 256, 1 << 62}
	return Flow{
		Date: Date(r.IntN(4) - 2),
		Record: flow.Record{
			Time:  flow.Time(r.IntN(3)) * (flow.Day/2 - 1),
			Src:   addrs[r.IntN(len(addrs))],
			Dst:   addrs[r.IntN(len(addrs))],
			Proto: []flow.Proto{flow.TCP, flow.UDP}[r.IntN(2)],
			Port:  uint16(r.IntN(2) * 65535),
			Up:    sizes[r.IntN(len(sizes))],
			Down:  sizes[r.IntN(len(sizes))],
			Details: flow.Details{
				Duration:  []flow.Span{0, flow.SpanOf(0), flow.SpanOf(1 << 20)}[r.IntN(3)],
				SrcPort:   uint16(r.IntN(2)),
				UpPackets: sizes[r.IntN(len(sizes))], DownPackets: sizes[r.IntN(len(sizes))],
				State: flow.State(r.IntN(int(flow.NumStates))),
				Name:  []string{"", "a", "b.example"}[r.IntN(3)],
			},
		},
	}
}

func compareFlows(a, b Flow) int {
	return cmp.Or(cmp.Compare(a.Date, b.Date), flow.Compare(a.Record, b.Record))
}

func sorted(t *testing.T, s *Sorter, flows []Flow) []Flow {
	t.Helper()
	for _, f := range flows {
		if err := s.Add(f); err != nil {
			t.Fatal(err)
		}
	}
	var got []Flow
	for f, err := range s.Sorted() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, f)
	}
	return got
}

func TestSorter(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 2, 99, 100, 101, 1000, 1234} {
		for _, limit := range []int{0, 1, 100} {
			flows := make([]Flow, n)
			for i := range flows {
				flows[i] = randomFlow(r)
			}
			dir := t.TempDir()
			s := &Sorter{Limit: limit, Dir: dir}
			got := sorted(t, s, flows)
			slices.SortFunc(flows, compareFlows)
			if !slices.Equal(got, flows) {
				t.Errorf("%d flows, at most %d in memory: not in the order of flow.Compare", n, limit)
			}
			left, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			// Temporary files have no name, so that a killed program leaves none.
			if len(left) > 0 {
				t.Errorf("%d flows, at most %d in memory: %d temporary files are in the folder", n, limit, len(left))
			}
			if want := limit > 0 && n > limit; want != (len(s.flows.runs) > 0) {
				t.Errorf("%d flows, at most %d in memory: %d temporary files", n, limit, len(s.flows.runs))
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if left, err = os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("%d temporary files stay, error %v", len(left), err)
			}
		}
	}
}

func TestSorterErrors(t *testing.T) {
	s := &Sorter{Limit: 1, Dir: t.TempDir() + "/none"}
	if err := errors.Join(s.Add(Flow{}), s.Add(Flow{})); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is not there gives %v", err)
	}

	s = &Sorter{Limit: 1, Dir: t.TempDir()}
	for range 3 {
		if err := s.Add(Flow{Record: record(0, "10.0.0.1", "10.0.0.2", flow.TCP, 1, 2, 3)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.flows.runs[0].Truncate(5); err != nil {
		t.Fatal(err)
	}
	var last error
	for _, err := range s.Sorted() {
		last = err
	}
	if last == nil {
		t.Error("a temporary file cut short gives no error")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// Once all flows are in temporary files, the memory that sorted them is free for whatever they
// are read for, such as the writer of a flow file, which takes as much.
func TestSortedFreesMemory(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	s := Sorter{Limit: 10}
	defer s.Close()
	for range 25 {
		if err := s.Add(randomFlow(r)); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	for _, err := range s.Sorted() {
		if err != nil {
			t.Fatal(err)
		}
		if n++; s.flows.blocks != nil || s.flows.held != nil {
			t.Fatalf("%d blocks and %d keys are held while flow %d is read", len(s.flows.blocks), len(s.flows.held), n)
		}
	}
	if n != 25 {
		t.Errorf("%d flows, want 25", n)
	}
}
