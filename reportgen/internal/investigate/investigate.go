// Package investigate makes the reports of single entities: hosts, external addresses,
// owners and countries.
package investigate

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/flowbook/flowbook/notebooks"
	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/frame"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/reportgen/execute"
	"github.com/flowbook/flowbook/reportgen/internal/days"
	"github.com/flowbook/flowbook/reportgen/internal/kernel"
	"github.com/flowbook/flowbook/reportgen/internal/report"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// Source returns the notebook of an entity as the source of a report in the project
// around the current folder. An input that neither report.yaml nor the command line
// names is left out; the sample days of the notebook are not used.
func Source(entity string) (*report.Source, []report.Member, error) {
	nb, err := nbformat.Unmarshal(notebooks.Investigate)
	if err != nil {
		return nil, nil, fmt.Errorf("the embedded notebook: %w", err)
	}
	source, err := report.FromNotebook("Investigation of "+entity, execute.Input{Name: "investigate.ipynb", Dir: ".", Notebook: nb},
		map[string]string{"entity": entity, "baseline": "", "test": "", "servers": "", "country": "", "asn": ""}, map[string][]byte{"pt": notebooks.Portuguese})
	return source, nil, err
}

// inputs are the parameters of the notebook that name days and databases.
type inputs struct {
	days     []frame.Day
	in       detect.Input
	entity   string
	internal flow.Networks
}

// Check reads the inputs of the notebook before a kernel starts. It is an error if
// none of the days has the entity.
func Check(ctx context.Context, input []execute.Input, params []execute.Parameter) error {
	if err := days.CheckInputs(ctx, input, params); err != nil {
		return err
	}
	i, err := read(ctx, params)
	if err != nil {
		return err
	}
	defer i.in.Geo.Close()
	_, err = frame.FindEntity(i.entity, i.in.Geo, i.internal, i.days...)
	return err
}

// Dossiers returns the devices with an alert in a run with these options, most severe
// first, each with the folder of its report in that of the run's, with slashes.
func Dossiers(ctx context.Context, o report.Options) ([]report.Dossier, error) {
	source, _, err := Source("")
	if err != nil {
		return nil, err
	}
	params, err := source.Parameters(o)
	if err != nil {
		return nil, err
	}
	i, err := read(ctx, params)
	if err != nil {
		return nil, err
	}
	var all []report.Dossier
	for _, d := range detect.Devices(frame.Alerts(detect.All(i.in).Findings)) {
		entity := d.Entity.String()
		all = append(all, report.Dossier{Entity: entity, Folder: "dossiers/" + strings.ReplaceAll(entity, ":", "-")})
	}
	return all, i.in.Geo.Close()
}

// samplePath returns the path of a file of the sample days, which notebooks name
// sample:NAME, in the module around the current folder.
func samplePath(file string) string {
	if name, ok := strings.CutPrefix(file, "sample:"); ok {
		return filepath.Join(filepath.Dir(kernel.Upward(".", "go.mod")), "testdata", name)
	}
	return file
}

// read reads the days and databases of parameters.
func read(ctx context.Context, params []execute.Parameter) (i *inputs, err error) {
	value := map[string]string{}
	for _, p := range params {
		value[p.Name] = strings.TrimSpace(fmt.Sprint(p.Value))
	}
	if value["test"] == "" {
		return nil, errors.New("no day to investigate; name its flow file with -p test=FILE, or as input test in report.yaml")
	}
	i = &inputs{entity: value["entity"], internal: flow.Private}
	if value["internal"] != "" {
		if i.internal, err = flow.ParseNetworks(value["internal"]); err != nil {
			return nil, fmt.Errorf("parameter internal: %w", err)
		}
		i.in.Internal = i.internal
	}
	if value["sensitivity"] != "" {
		if i.in.Sensitivity, err = strconv.ParseFloat(value["sensitivity"], 64); err != nil {
			return nil, fmt.Errorf("parameter sensitivity: %w", err)
		}
	}
	for _, name := range []string{"baseline", "test", "servers"} {
		if value[name] == "" {
			continue
		}
		p, err := days.Cached(ctx, samplePath(value[name]))
		if err != nil {
			return nil, fmt.Errorf("parameter %s: %w", name, err)
		}
		i.days = append(i.days, frame.Day{Name: name, Profile: p})
		switch name {
		case "baseline":
			i.in.Baseline = p
		case "test":
			i.in.Test = p
		case "servers":
			i.in.Servers = p
		}
	}
	if i.in.Geo, err = geo.Open(samplePath(value["country"]), samplePath(value["asn"])); err != nil {
		return nil, fmt.Errorf("parameters country and asn: %w", err)
	}
	return i, nil
}
