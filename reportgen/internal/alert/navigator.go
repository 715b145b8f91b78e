package alert

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/flowbook/flowbook/pkg/detect"
)

// Versions of the layer format and of the oldest Navigator that reads it.
const (
	layerVersion     = "4.5"
	navigatorVersion = "4.9.0"
)

// layer is an ATT&CK Navigator layer.
type layer struct {
	Name        string           `json:"name"`
	Versions    layerVersions    `json:"versions"`
	Domain      string           `json:"domain"`
	Description string           `json:"description"`
	Sorting     int              `json:"sorting"`
	Techniques  []layerTechnique `json:"techniques"`
	Gradient    layerGradient    `json:"gradient"`
}

type layerVersions struct {
	Navigator string `json:"navigator"`
	Layer     string `json:"layer"`
}

type layerTechnique struct {
	ID       string      `json:"techniqueID"`
	Score    int         `json:"score"` // of the finding with the highest score, 0 to 100
	Comment  string      `json:"comment"`
	Metadata []layerPair `json:"metadata"`
	Show     bool        `json:"showSubtechniques"`
}

type layerPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type layerGradient struct {
	Colors []string `json:"colors"`
	Min    int      `json:"minValue"`
	Max    int      `json:"maxValue"`
}

// writeNavigator writes a layer of the ATT&CK Navigator with the techniques of
// all alerts above info, each with the score of the most severe one.
func writeNavigator(w io.Writer, alerts []Alert) error {
	l := layer{Name: "Flowbook findings", Versions: layerVersions{navigatorVersion, layerVersion}, Domain: "enterprise-attack",
		Description: "Techniques of the findings above info", Sorting: 3, Techniques: []layerTechnique{},
		Gradient: layerGradient{[]string{"#ffffff", "#ffb3a7", "#c0392b"}, 0, 100}}
	byTechnique := map[string][]Alert{}
	date := ""
	for _, a := range shown(alerts) {
		for _, t := range a.Finding.Attack {
			byTechnique[t] = append(byTechnique[t], a)
		}
		if !a.Last.IsZero() {
			date = a.Last.Format("2006-01-02")
		}
	}
	if date != "" {
		l.Name += " of " + date
	}
	for id, of := range byTechnique {
		slices.SortStableFunc(of, func(a, b Alert) int {
			return cmp.Or(b.Finding.Severity.Compare(a.Finding.Severity), cmp.Compare(b.Finding.Score, a.Finding.Score))
		})
		t := layerTechnique{ID: id, Comment: of[0].title() + ": " + of[0].Finding.Summary, Show: true}
		for _, a := range of {
			t.Score = max(t.Score, int(math.Round(100*a.Finding.Score)))
			t.Metadata = append(t.Metadata, layerPair{string(a.Finding.Severity), a.Finding.Entity.String() + " " + a.Finding.Rule})
		}
		if len(of) > 1 {
			t.Comment += fmt.Sprintf("; %d findings in all", len(of))
		}
		l.Techniques = append(l.Techniques, t)
	}
	slices.SortFunc(l.Techniques, func(a, b layerTechnique) int { return cmp.Compare(a.ID, b.ID) })
	return writeDocument(w, l)
}

// shown returns the alerts above info, which documents of a whole day hold.
func shown(alerts []Alert) []Alert { return AtLeast(alerts, detect.Low) }
