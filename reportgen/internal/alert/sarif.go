package alert

import (
	"io"
	"math"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/detect"
)

// The parts of a SARIF log that alerts fill
// (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html).
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool    sarifTool     `json:"tool"`
		Results []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name  string      `json:"name"`
		Rules []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID    string     `json:"id"`
		GUID  string     `json:"guid,omitempty"`
		Short *sarifText `json:"shortDescription,omitempty"`
		Full  *sarifText `json:"fullDescription,omitempty"`
		Help  *sarifText `json:"help,omitempty"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID       string            `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Level        string            `json:"level"`
		Rank         float64           `json:"rank"`
		Message      sarifText         `json:"message"`
		Locations    []sarifLocation   `json:"locations"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		Properties   sarifProperties   `json:"properties"`
	}
	sarifLocation struct {
		Logical []sarifLogical `json:"logicalLocations"`
	}
	sarifLogical struct {
		Name string `json:"name"`
		Kind string `json:"kind"`
	}
	sarifProperties struct {
		Severity detect.Severity `json:"severity"`
		Since    string          `json:"since,omitempty"`
		Tags     []string        `json:"tags,omitempty"`
	}
)

// sarifLevel returns the level of a severity.
func sarifLevel(s detect.Severity) string {
	switch s {
	case detect.Critical, detect.High:
		return "error"
	case detect.Medium:
		return "warning"
	}
	return "note"
}

// writeSARIF writes a log of SARIF 2.1.0 with all alerts above info. A result is located
// at its device, since flows are not lines of a file.
func writeSARIF(w io.Writer, alerts []Alert) error {
	run := sarifRun{Tool: sarifTool{sarifDriver{Name: "Flowbook", Rules: []sarifRule{}}}, Results: []sarifResult{}}
	for _, a := range shown(alerts) {
		rules := &run.Tool.Driver.Rules
		index := slices.IndexFunc(*rules, func(r sarifRule) bool { return r.ID == a.Finding.Rule })
		if index < 0 {
			index = len(*rules)
			*rules = append(*rules, newSARIFRule(a))
		}
		run.Results = append(run.Results, sarifResult{
			RuleID: a.Finding.Rule, RuleIndex: index, Level: sarifLevel(a.Finding.Severity), Rank: math.Round(1000*a.Finding.Score) / 10,
			Message:      sarifText{a.Finding.Entity.String() + " " + a.Finding.Summary},
			Locations:    []sarifLocation{{[]sarifLogical{{a.Finding.Entity.String(), "device"}}}},
			Fingerprints: map[string]string{"finding/v1": a.UID},
			Properties:   sarifProperties{a.Finding.Severity, a.Finding.Since, a.Finding.Attack},
		})
	}
	return writeDocument(w, sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}

func newSARIFRule(a Alert) sarifRule {
	r := sarifRule{ID: a.Finding.Rule}
	if a.Rule != nil {
		r.GUID = a.Rule.ID
		r.Short, r.Full = sarifTextOf(a.Rule.Title), sarifTextOf(a.Rule.Description)
		r.Help = sarifTextOf(strings.Join(a.Rule.Response, "\n"))
	}
	return r
}

func sarifTextOf(text string) *sarifText {
	if text == "" {
		return nil
	}
	return &sarifText{text}
}
