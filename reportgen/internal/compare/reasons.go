package compare

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/reportgen/execute"
	"github.com/flowbook/flowbook/reportgen/internal/report"
)

// cause is what changed among the sources of a report: a sentence, or a list.
type cause struct {
	sentence string
	list     []string
}

// causes returns what changed among the sources of the report.
func causes(was, fresh string) (cause, error) {
	old, found, err := report.ReadSources(was)
	if err != nil {
		return cause{}, err
	}
	if !found {
		return cause{sentence: "The cause is unknown: the report has no " + report.SourcesName}, nil
	}
	now, _, err := report.ReadSources(fresh)
	if err != nil {
		return cause{}, err
	}
	why := cause{list: reasons(old, now)}
	switch hidden := unpublished(now); {
	case len(why.list) == 0 && len(hidden) > 0:
		why.sentence = fmt.Sprintf("No source with a hash in %s changed; one of those without a hash may have: %s", report.SourcesName, strings.Join(hidden, ", "))
	case len(why.list) == 0:
		why.sentence = "No source changed: an input that no cell declares has, or the report was edited"
	}
	return why, nil
}

// reasons lists the sources that changed.
func reasons(was, is report.Sources) []string {
	var all []string
	if was.Reportgen != "" && was.Reportgen != is.Reportgen { // early reports have no version
		all = append(all, fmt.Sprintf("reportgen is %s, was %s", is.Reportgen, was.Reportgen))
	}
	if was.Config != is.Config {
		all = append(all, report.ConfigName+" changed")
	}
	if was.Translations != is.Translations {
		all = append(all, "the translations changed")
	}
	all = append(all, parameterReasons(was.Parameters, is.Parameters)...)
	shared := sharedReasons{users: make(map[string][]string)}
	for _, n := range is.Notebooks {
		at := slices.IndexFunc(was.Notebooks, func(o report.NotebookSource) bool { return o.Name == n.Name })
		if at < 0 {
			all = append(all, fmt.Sprintf("notebook %s is new", n.Name))
			continue
		}
		old := was.Notebooks[at]
		all = append(all, cellReasons(n.Name, old.Cells, n.Cells)...)
		if old.Kernel != "" && n.Kernel != "" && old.Kernel != n.Kernel {
			shared.add(fmt.Sprintf("the kernel is %s, was %s", n.Kernel, old.Kernel), n.Name)
		}
		for _, reason := range inputReasons(old.Sources, n.Sources) {
			shared.add(reason, n.Name)
		}
	}
	for _, n := range was.Notebooks {
		if !slices.ContainsFunc(is.Notebooks, func(o report.NotebookSource) bool { return o.Name == n.Name }) {
			all = append(all, fmt.Sprintf("notebook %s was removed", n.Name))
		}
	}
	return append(all, shared.list()...)
}

// sharedReasons are reasons that several notebooks may have.
type sharedReasons struct {
	order []string
	users map[string][]string // notebooks by reason
}

func (s *sharedReasons) add(reason, notebook string) {
	if s.users[reason] == nil {
		s.order = append(s.order, reason)
	}
	if !slices.Contains(s.users[reason], notebook) {
		s.users[reason] = append(s.users[reason], notebook)
	}
}

func (s *sharedReasons) list() []string {
	var all []string
	for _, reason := range s.order {
		names := s.users[reason]
		if len(names) > 3 {
			names = []string{names[0], fmt.Sprintf("%s and %d more", names[1], len(names)-2)}
		}
		all = append(all, fmt.Sprintf("%s (%s)", reason, strings.Join(names, ", ")))
	}
	return all
}

func parameterReasons(was, is []report.Parameter) []string {
	var all []string
	old := make(map[string]string)
	for _, p := range was {
		old[p.Name] = p.Value
	}
	for _, p := range is {
		before, set := old[p.Name]
		if !set {
			before = "its default"
		}
		if !set || before != p.Value {
			all = append(all, fmt.Sprintf("parameter %s is %s, was %s", p.Name, p.Value, before))
		}
		delete(old, p.Name)
	}
	for _, p := range was {
		if v, removed := old[p.Name]; removed {
			all = append(all, fmt.Sprintf("parameter %s is its default, was %s", p.Name, v))
		}
	}
	return all
}

// cellReasons lists the cells of a notebook that changed.
func cellReasons(notebook string, was, is []report.CellSource) []string {
	sums := make(map[string]string)
	for _, c := range was {
		sums[c.ID] = c.SHA256
	}
	var all []string
	for i, c := range is {
		sum, known := sums[c.ID]
		switch {
		case !known:
			all = append(all, fmt.Sprintf("%s: cell %d (%s) is new", notebook, i+1, c.ID))
		case sum != c.SHA256:
			all = append(all, fmt.Sprintf("%s: cell %d (%s) changed", notebook, i+1, c.ID))
		}
		delete(sums, c.ID)
	}
	for _, c := range was {
		if _, removed := sums[c.ID]; removed {
			all = append(all, fmt.Sprintf("%s: cell %s was removed", notebook, c.ID))
		}
	}
	return all
}

// kinds are the words for kinds of sources.
var kinds = map[string]string{
	execute.KindFile: "file", execute.KindFolder: "folder", execute.KindFiles: "files", execute.KindModules: "go.mod or go.sum of",
	execute.KindEnvironment: "environment variable", execute.KindPackage: "package",
}

// unpublished lists the sources whose content may be secret.
func unpublished(s report.Sources) []string {
	var all []string
	for _, n := range s.Notebooks {
		for _, source := range n.Sources {
			if text := strings.TrimSpace(kinds[source.Kind] + " " + source.Name); source.SHA256 == "" && !slices.Contains(all, text) {
				all = append(all, text)
			}
		}
	}
	return all
}

// inputReasons lists the inputs of a notebook that changed.
func inputReasons(was, is []execute.Source) []string {
	words := kinds
	sums := make(map[[2]string]string)
	for _, s := range was {
		sums[[2]string{s.Kind, s.Name}] = s.SHA256
	}
	var all []string
	for _, s := range is {
		key := [2]string{s.Kind, s.Name}
		sum, known := sums[key]
		switch {
		case !known:
			all = append(all, fmt.Sprintf("%s %s is a new input", words[s.Kind], s.Name))
		case sum != s.SHA256 && sum != "" && s.SHA256 != "":
			all = append(all, fmt.Sprintf("%s %s changed", words[s.Kind], s.Name))
		}
		delete(sums, key)
	}
	for _, s := range was {
		if _, removed := sums[[2]string{s.Kind, s.Name}]; removed {
			all = append(all, fmt.Sprintf("%s %s is no longer an input", words[s.Kind], s.Name))
		}
	}
	return all
}
