package nb

import (
	"cmp"
	"fmt"
	"strings"
	"sync"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/filename"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/frame"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
)

// Inputs are the parameters of a run. A file is a path, relative to the
// notebook's folder, or "sample:NAME" for a file of the sample days.
type Inputs struct {
	Baseline string // flows of a normal day
	Test     string // flows of the day under test
	Servers  string // flows of external clients to public servers; "" if there are none
	Country  string // MMDB of countries; "" if unknown
	ASN      string // MMDB of owners; "" if unknown

	// Internal lists the organisation's networks in CIDR form, separated by
	// commas; "" means those that are private by convention (flow.Private).
	Internal string

	// Sensitivity is how many robust standard deviations count as unusual; 0
	// means detect.DefaultSensitivity.
	Sensitivity float64
}

// Run is the inputs of a run, read when they are first asked for.
type Run struct {
	in       Inputs
	baseline func() (*profile.Profile, error)
	test     func() (*profile.Profile, error)
	servers  func() (*profile.Profile, error)
	geo      func() (*geo.Lookup, error)
	internal func() (flow.Networks, error)
}

// Open returns the run of these inputs. It reads nothing yet.
func Open(in Inputs) *Run {
	day := func(parameter, file string) func() (*profile.Profile, error) {
		return sync.OnceValues(func() (*profile.Profile, error) { return openDay(parameter, file) })
	}
	return &Run{
		in:       in,
		baseline: day("baseline", in.Baseline),
		test:     day("test", in.Test),
		servers:  day("servers", in.Servers),
		geo:      sync.OnceValues(func() (*geo.Lookup, error) { return openGeo(in.Country, in.ASN) }),
		internal: sync.OnceValues(func() (flow.Networks, error) { return parseInternal(in.Internal) }),
	}
}

// must returns what an input holds, or ends the cell through Check.
func must[T any](open func() (T, error)) T {
	v, err := open()
	Check(err)
	return v
}

// Baseline returns the normal day.
func (r *Run) Baseline() *profile.Profile { return must(r.baseline) }

// Test returns the day under test.
func (r *Run) Test() *profile.Profile { return must(r.test) }

// Servers returns the flows of external clients to public servers: a day
// without flows where the run has none.
func (r *Run) Servers() *profile.Profile {
	if r.in.Servers == "" {
		return &profile.Profile{}
	}
	return must(r.servers)
}

// Geo tells the countries and owners of addresses. Without databases it knows
// nothing.
func (r *Run) Geo() *geo.Lookup { return must(r.geo) }

// Internal returns the organisation's networks.
func (r *Run) Internal() flow.Networks { return must(r.internal) }

// Sensitivity returns how many robust standard deviations count as unusual.
func (r *Run) Sensitivity() float64 {
	if r.in.Sensitivity > 0 {
		return r.in.Sensitivity
	}
	return detect.DefaultSensitivity
}

// Input returns what detections compare.
func (r *Run) Input() detect.Input {
	in := detect.Input{
		Baseline: r.Baseline(), Test: r.Test(), Geo: r.Geo(),
		Internal: r.Internal(), Sensitivity: r.Sensitivity(),
	}
	if r.in.Servers != "" {
		in.Servers = r.Servers()
	}
	return in
}

// Days returns the days of the run by the names of their parameters, for
// frame.Sources and frame.Rejected.
func (r *Run) Days() []frame.Day {
	days := []frame.Day{
		{Name: "baseline", Profile: r.Baseline()},
		{Name: "test", Profile: r.Test()},
	}
	if r.in.Servers != "" {
		days = append(days, frame.Day{Name: "servers", Profile: r.Servers()})
	}
	return days
}

func parseInternal(networks string) (flow.Networks, error) {
	if networks == "" {
		return flow.Private, nil
	}
	ns, err := flow.ParseNetworks(networks)
	if err != nil {
		return nil, fmt.Errorf("parameter internal: %w; separate several with commas", err)
	}
	return ns, nil
}

func openGeo(country, asn string) (*geo.Lookup, error) {
	var paths [2]string
	for i, in := range []struct{ parameter, file string }{{"country", country}, {"asn", asn}} {
		if in.file == "" {
			continue
		}
		path, err := resolve(in.file)
		if err != nil {
			return nil, fmt.Errorf("parameter %s: %w", in.parameter, err)
		}
		paths[i] = path
	}
	l, err := geo.Open(paths[0], paths[1])
	if err != nil {
		return nil, fmt.Errorf("parameters country and asn: %w", err)
	}
	return l, nil
}

// Parameters returns the parameters of the run: parameter, value. Of a path
// only as much is told as tells it from the others, so that a report says the same
// wherever it was made.
func (r *Run) Parameters() frame.Frame {
	names := filename.Distinct([]string{r.in.Baseline, r.in.Test, r.in.Servers, r.in.Country, r.in.ASN})
	name := func(file string) string { return cmp.Or(names[file], "none") }
	var networks []string
	for _, n := range r.Internal() {
		networks = append(networks, n.String())
	}
	return frame.Texts([]string{"parameter", "value"},
		[]string{"baseline", name(r.in.Baseline)},
		[]string{"test", name(r.in.Test)},
		[]string{"servers", name(r.in.Servers)},
		[]string{"country", name(r.in.Country)},
		[]string{"asn", name(r.in.ASN)},
		[]string{"internal", strings.Join(networks, ", ")},
		[]string{"sensitivity", fmt.Sprint(r.Sensitivity())},
	)
}
