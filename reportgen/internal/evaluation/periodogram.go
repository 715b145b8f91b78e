package evaluation

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"net/netip"
	"os/exec"
	"slices"

	"github.com/flowbook/flowbook/pkg/profile"
)

// Periodogram is msticpy's detector of polling, which tests the times of a
// pair's connections for a period (Heard, Rubin-Delanchy and Lawson, Filtering
// automated polling traffic in computer network flow data, 2014).
type Periodogram struct {
	Python string // interpreter of an environment with msticpy
}

//go:embed periodogram.py
var periodogramProgram string

// pairTest is the result of one pair of hosts.
type pairTest struct {
	src, dst netip.Addr
	p        float64
}

// leastPolls is the number of distinct seconds from which a pair is tested, as
// RITA has it.
const leastPolls = 4

// test tests the pairs of a day, lowest p-value first. It returns nothing if
// the detector is nil.
func (d *Periodogram) test(ctx context.Context, p *profile.Profile) ([]pairTest, error) {
	if d == nil {
		return nil, nil
	}
	var tests []pairTest
	var in bytes.Buffer
	for i := 0; i < len(p.Conversations); {
		t := pairTest{src: p.Conversations[i].Src, dst: p.Conversations[i].Dst}
		var seconds profile.Seconds
		for ; i < len(p.Conversations) && p.Conversations[i].Src == t.src && p.Conversations[i].Dst == t.dst; i++ {
			seconds = profile.Union(seconds, p.Conversations[i].Seconds)
		}
		if len(slices.Collect(seconds.All())) < leastPolls {
			continue
		}
		for s := range seconds.All() {
			fmt.Fprintln(&in, len(tests), s)
		}
		tests = append(tests, t)
	}
	if len(tests) == 0 {
		return nil, nil
	}
	var out, messages bytes.Buffer
	c := exec.CommandContext(ctx, d.Python, "-c", periodogramProgram)
	c.Stdin, c.Stdout, c.Stderr = &in, &out, &messages
	if err := c.Run(); err != nil {
		return nil, fmt.Errorf("%s: periodogram detector: %w\n%s", d.Python, err, messages.Bytes())
	}
	n := 0
	for lines := bufio.NewScanner(&out); lines.Scan(); n++ {
		var i int
		var p float64
		if _, err := fmt.Sscan(lines.Text(), &i, &p); err != nil || i < 0 || i >= len(tests) {
			return nil, fmt.Errorf("%s: periodogram detector: unexpected output %q", d.Python, lines.Text())
		}
		tests[i].p = p
	}
	if n != len(tests) {
		return nil, fmt.Errorf("%s: periodogram detector: %d results for %d pairs", d.Python, n, len(tests))
	}
	slices.SortStableFunc(tests, func(a, b pairTest) int { return cmp.Compare(a.p, b.p) })
	return tests, nil
}
