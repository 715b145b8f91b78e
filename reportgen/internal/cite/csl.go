package cite

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// item is a work as CSL-JSON has it
// (https://docs.citationstyles.org/en/stable/specification.html#appendix-iv-variables).
type item struct {
	ID        any      `json:"id"`
	Author    []person `json:"author"`
	Editor    []person `json:"editor"`
	Title     string   `json:"title"`
	Container string   `json:"container-title"`
	Volume    any      `json:"volume"`
	Issue     any      `json:"issue"`
	Page      string   `json:"page"`
	Edition   any      `json:"edition"`
	Publisher string   `json:"publisher"`
	Place     string   `json:"publisher-place"`
	DOI       string   `json:"DOI"`
	URL       string   `json:"URL"`
	Note      string   `json:"note"`
	Issued    struct {
		Parts   [][]any `json:"date-parts"`
		Literal string  `json:"literal"`
		Raw     string  `json:"raw"`
	} `json:"issued"`
}

type person struct {
	Family   string `json:"family"`
	Given    string `json:"given"`
	Literal  string `json:"literal"`
	Particle string `json:"non-dropping-particle"`
	Suffix   string `json:"suffix"`
}

func persons(list []person) []Name {
	var names []Name
	for _, p := range list {
		name := Name{Given: p.Given, Family: strings.TrimSpace(p.Particle + " " + p.Family), Suffix: p.Suffix}
		if p.Literal != "" {
			name = Name{Family: p.Literal}
		}
		names = append(names, name)
	}
	return names
}

func parseCSL(data []byte) ([]*Work, error) {
	var items []item
	err := json.Unmarshal(data, &items)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field == "" {
		// A single work, as reference managers save it.
		items = make([]item, 1)
		err = json.Unmarshal(data, &items[0])
	}
	if err != nil {
		return nil, fmt.Errorf("invalid CSL-JSON: %w", err)
	}
	var works []*Work
	for i, it := range items {
		key := text(it.ID)
		if key == "" {
			return nil, fmt.Errorf("entry %d has no id", i+1)
		}
		w := &Work{
			Key: key, Title: it.Title, Container: it.Container, Volume: text(it.Volume), Issue: text(it.Issue),
			Pages: strings.ReplaceAll(it.Page, "-", "–"), Edition: text(it.Edition), Publisher: it.Publisher, Place: it.Place,
			Year: it.Issued.Literal + it.Issued.Raw, DOI: it.DOI, URL: it.URL, Note: it.Note,
		}
		if len(it.Issued.Parts) > 0 && len(it.Issued.Parts[0]) > 0 {
			w.Year = text(it.Issued.Parts[0][0])
		}
		w.Authors, w.Editors = persons(it.Author), persons(it.Editor)
		works = append(works, w)
	}
	return works, nil
}

// text is a value that CSL lets be a number or a string.
func text(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}
