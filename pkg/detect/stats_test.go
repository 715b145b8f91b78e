package detect

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/flowbook/flowbook/pkg/profile"
)

func TestSpreadOfNormalSample(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	values := make([]float64, 20_000)
	for i := range values {
		values[i] = 5 + 2*r.NormFloat64()
	}
	s := spreadOf(values)
	if math.Abs(s.median-5) > 0.1 || math.Abs(s.scale-2) > 0.1 {
		t.Errorf("median %v and scale %v, want 5 and 2", s.median, s.scale)
	}
	if got := s.excess(5+2*3.5, 3.5); math.Abs(got-1) > 0.05 {
		t.Errorf("excess at 3.5 standard deviations is %v, want 1", got)
	}
}

// A few wild values move neither the median nor the scale much.
func TestSpreadIsRobust(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	values := make([]float64, 200)
	for i := range values {
		values[i] = r.NormFloat64()
	}
	before := spreadOf(values).limit(3.5)
	for i := range 8 {
		values[i] = 1e6
	}
	if after := spreadOf(values).limit(3.5); math.Abs(after-before) > 1.5 {
		t.Errorf("limit went from %v to %v", before, after)
	}
}

func TestReachOfSmallSamples(t *testing.T) {
	last := math.Inf(1)
	for _, n := range []int{2, 3, 5, 10, 20, 50, 200, 10_000} {
		got := spread{n: n, scale: 1}.reach(3.5, 0)
		if got > last || got < 3.5 {
			t.Errorf("reach with %d values is %v, want it to fall towards 3.5", n, got)
		}
		last = got
	}
	if last > 3.51 {
		t.Errorf("reach with 10,000 values is %v, want 3.5", last)
	}
	if got := spreadOf([]float64{1}).excess(1e9, 3.5); got != 0 {
		t.Errorf("excess over a single value is %v, want 0", got)
	}
	if got := spreadOf(nil).threshold("", "", 3.5, ""); got != nil {
		t.Errorf("threshold of no values is %v, want none", got)
	}
}

func TestScore(t *testing.T) {
	tests := []struct {
		excess   float64
		score    float64
		severity Severity
	}{
		{-3, 0, Info}, {0, 0, Info}, {0.4, 0.242, Info}, {0.5, 0.293, Low}, {1, 0.5, Medium}, {2, 0.75, High},
		{4, 0.938, Critical}, {math.Inf(1), 1, Critical},
	}
	for _, tt := range tests {
		got := scoreOf(tt.excess)
		if got != tt.score || severityOf(got) != tt.severity {
			t.Errorf("excess %v scores %v, %s, want %v, %s", tt.excess, got, severityOf(got), tt.score, tt.severity)
		}
	}
}

func TestRhythm(t *testing.T) {
	tests := []struct {
		name    string
		seconds profile.Seconds
		flows   int64
		cv, gap float64
	}{
		{"a clock", profile.SecondsOf(0, 60, 120, 180), 4, 0, 60},
		{"gaps of 10 and 30", profile.SecondsOf(0, 10, 40), 3, 0.5, 20},
		{"two flows in each second", profile.SecondsOf(0, 10), 4, math.Sqrt2, 10. / 3},
		{"one flow", profile.SecondsOf(7), 1, 0, 0},
		{"all at once", profile.SecondsOf(7), 9, 0, 0},
		{"none", profile.Seconds{}, 0, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cv, gap := rhythm(tt.seconds, tt.flows)
			if math.Abs(cv-tt.cv) > 1e-9 || math.Abs(gap-tt.gap) > 1e-9 {
				t.Errorf("cv %v and gap %v, want %v and %v", cv, gap, tt.cv, tt.gap)
			}
		})
	}
}

func TestIsCloud(t *testing.T) {
	for owner, want := range map[string]bool{
		"Google LLC": true, "Microsoft Corporation": true, "Amazon.com, Inc.": true, "Dropbox, Inc.": true,
		"Boxberg Stadtwerke": false, "MEO": false, "": false,
	} {
		if got := isCloud(owner); got != want {
			t.Errorf("isCloud(%q) = %v", owner, got)
		}
	}
}

func TestCapped(t *testing.T) {
	f := Finding{Severity: Critical, Score: 0.99}
	f.capped(Low)
	if f.Severity != Low || severityOf(f.Score) != Low {
		t.Errorf("capped to %s with score %v", f.Severity, f.Score)
	}
	f = Finding{Severity: Info, Score: 0.1}
	f.capped(Low)
	if f.Severity != Info || f.Score != 0.1 {
		t.Errorf("a lower finding changed to %s with score %v", f.Severity, f.Score)
	}
}
