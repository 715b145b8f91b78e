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

// Inputs are the parameters of a run. A file is a path relative to the notebook's
// folder, or "sample:NAME" for a file of the sample days. Baseline, Test and Servers may be
// folders with all flow files of one day, such as days/date=2024-03-20.
type Inputs struct {
	Baseline string // flows of a normal day; "" for none
	Test     string // flows of the day to examine
	Servers  string // flows of external clients to public servers; "" for none
	Country  string // MMDB of countries; "" for none
	ASN      string // MMDB of owners; "" for none
	Days     string // folder of days before the test day; "" for none; see Run.WithDays

	// Internal lists the internal networks in CIDR notation, separated by commas;
	// "" means private addresses (flow.Private).
	Internal string

	// Sensitivity is the limit of unusual values, in robust standard deviations; 0
	// means detect.DefaultSensitivity.
	Sensitivity float64
}

// Run holds the inputs of a run. Each is read on first use.
type Run struct {
	in       Inputs
	baseline func() (*profile.Profile, error)
	test     func() (*profile.Profile, error)
	servers  func() (*profile.Profile, error)
	geo      func() (*geo.Lookup, error)
	internal func() (flow.Networks, error)
}

// Open returns the run of the inputs that report.yaml beside the notebook declares, with
// those that flags of reportgen replace, or of the inputs that are given. It does not
// read them. In report.yaml an input has the name of its field, in small letters:
//
//	inputs:
//	  baseline: days/monday.parquet
//	  test: days/tuesday.parquet
func Open(inputs ...Inputs) *Run {
	var in Inputs
	if len(inputs) > 0 {
		in = inputs[0]
	} else {
		var err error
		in, err = declaredInputs()
		Check(err)
	}
	day := func(parameter, file string) func() (*profile.Profile, error) {
		return sync.OnceValues(func() (*profile.Profile, error) {
			p, err := openDay(parameter, file)
			if err == nil {
				opened.Store(p, origin{file, in})
			}
			return p, err
		})
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

// must returns the value of an input, or ends the cell if it cannot be read.
func must[T any](open func() (T, error)) T {
	v, err := open()
	Check(err)
	return v
}

// Baseline returns the baseline day.
func (r *Run) Baseline() *profile.Profile { return must(r.baseline) }

// Test returns the test day.
func (r *Run) Test() *profile.Profile { return must(r.test) }

// Servers returns the flows of external clients to public servers. It is a day
// without flows if the run has no such input.
func (r *Run) Servers() *profile.Profile {
	if r.in.Servers == "" {
		return &profile.Profile{}
	}
	return must(r.servers)
}

// Before returns the baseline day, or nil if the run has none.
func (r *Run) Before() *profile.Profile {
	if r.in.Baseline == "" {
		return nil
	}
	return r.Baseline()
}

// Examined returns the flows of the test day together with those of the servers day.
func (r *Run) Examined() *profile.Profile {
	if r.in.Servers == "" {
		return r.Test()
	}
	return profile.Merge(r.Test(), r.Servers())
}

// Entity returns the host, external address, owner or country that a name means. It is
// an error that lists the nearest names if no day of the run has it.
func (r *Run) Entity(name string) frame.Entity {
	e, err := frame.FindEntity(name, r.Geo(), r.Internal(), r.Days()...)
	if err != nil {
		Check(fmt.Errorf("parameter entity: %w", err))
	}
	return e
}

// Geo returns the lookup of countries and owners of addresses. Without databases, all
// are unknown.
func (r *Run) Geo() *geo.Lookup { return must(r.geo) }

// Internal returns the internal networks.
func (r *Run) Internal() flow.Networks { return must(r.internal) }

func (r *Run) sensitivity() float64 {
	if r.in.Sensitivity > 0 {
		return r.in.Sensitivity
	}
	return detect.DefaultSensitivity
}

// Input returns the input of detections.
func (r *Run) Input() detect.Input {
	in := detect.Input{
		Baseline: r.Before(), Test: r.Test(), Geo: r.Geo(),
		Internal: r.Internal(), Sensitivity: r.sensitivity(),
	}
	if r.in.Servers != "" {
		in.Servers = r.Servers()
	}
	return in
}

// Days returns the days of the run, named like their parameters, for frame.Sources
// and frame.Rejected.
func (r *Run) Days() []frame.Day {
	var days []frame.Day
	if before := r.Before(); before != nil {
		days = append(days, frame.Day{Name: "baseline", Profile: before})
	}
	days = append(days, frame.Day{Name: "test", Profile: r.Test()})
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
		return nil, fmt.Errorf("parameter internal: %w; separate networks with commas", err)
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

// Parameters returns the parameters of the run: parameter, value. Paths are
// shortened to what distinguishes them, so that a report does not depend on the
// folder in which it is made.
func (r *Run) Parameters() frame.Frame {
	names := filename.Distinct([]string{r.in.Baseline, r.in.Test, r.in.Servers, r.in.Country, r.in.ASN, r.in.Days})
	name := func(file string) string { return cmp.Or(names[file], "none") }
	var networks []string
	for _, n := range r.Internal() {
		networks = append(networks, n.String())
	}
	return frame.Texts([]string{"parameter", "value"},
		[]string{"baseline", name(r.in.Baseline)},
		[]string{"test", name(r.in.Test)},
		[]string{"servers", name(r.in.Servers)},
		[]string{"days", name(r.in.Days)},
		[]string{"country", name(r.in.Country)},
		[]string{"asn", name(r.in.ASN)},
		[]string{"internal", strings.Join(networks, ", ")},
		[]string{"sensitivity", fmt.Sprint(r.sensitivity())},
	)
}
