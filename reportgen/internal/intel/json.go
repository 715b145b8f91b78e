package intel

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// readJSON reads a STIX bundle or MISP events. Errors name the line.
func (l *List) readJSON(text []byte) error {
	var document struct {
		Type string `json:"type"`
	}
	_ = json.Unmarshal(text, &document) // a list is not an object
	var err error
	if document.Type == "bundle" {
		l.Format, err = "stix", l.readSTIX(text)
	} else if values := []string(nil); json.Unmarshal(text, &values) == nil {
		l.Format, err = "plain", l.readStrings(text, values)
	} else {
		l.Format, err = "misp", l.readMISP(text)
	}
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("line %d: %w", lineAt(text, syntax.Offset), err)
	case errors.As(err, &kind):
		return fmt.Errorf("line %d: %w", lineAt(text, kind.Offset), err)
	}
	return err
}

// readStrings reads an array of indicators.
func (l *List) readStrings(text []byte, values []string) error {
	for _, v := range values {
		if err := l.add(v, "", time.Time{}); err != nil {
			return fmt.Errorf("line %d: %w", lineOf(text, v), err)
		}
	}
	return nil
}

func lineAt(text []byte, offset int64) int {
	return 1 + bytes.Count(text[:min(int64(len(text)), offset)], []byte("\n"))
}

// lineOf returns the line on which a value is first found, for errors about it.
func lineOf(text []byte, value string) int {
	quoted, err := json.Marshal(value)
	if err != nil {
		return 1
	}
	return lineAt(text, int64(max(0, bytes.Index(text, quoted))))
}

type mispAttribute struct {
	Type    string  `json:"type"`
	Value   string  `json:"value"`
	Comment string  `json:"comment"`
	ToIDs   *answer `json:"to_ids"`
}

// answer is true or false, which older versions of MISP write as "1" and "0".
type answer bool

// UnmarshalJSON reads an answer in any of its forms.
func (a *answer) UnmarshalJSON(text []byte) error {
	switch strings.Trim(string(text), `"`) {
	case "true", "1":
		*a = true
	case "false", "0", "null":
		*a = false
	default:
		return fmt.Errorf("to_ids: %s is neither true nor false", text)
	}
	return nil
}

type mispEvent struct {
	Date       string          `json:"date"`
	Info       string          `json:"info"`
	Attributes []mispAttribute `json:"Attribute"`
	Objects    []struct {
		Attributes []mispAttribute `json:"Attribute"`
	} `json:"Object"`
}

// readMISP reads an event, a list or a response of events, or attributes.
func (l *List) readMISP(text []byte) error {
	type envelope struct {
		Event *mispEvent `json:"Event"`
	}
	var document struct {
		envelope
		Response   json.RawMessage `json:"response"`
		Attributes []mispAttribute `json:"Attribute"`
	}
	var events []envelope
	if bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("[")) {
		if err := json.Unmarshal(text, &events); err != nil {
			return err
		}
	} else if err := json.Unmarshal(text, &document); err != nil {
		return err
	}
	if document.Event != nil {
		events = append(events, document.envelope)
	}
	if len(document.Response) > 0 {
		var attributes struct {
			Attributes []mispAttribute `json:"Attribute"`
		}
		if err := json.Unmarshal(document.Response, &attributes); err == nil {
			document.Attributes = append(document.Attributes, attributes.Attributes...)
		} else if err := json.Unmarshal(document.Response, &events); err != nil {
			return err
		}
	}
	if len(events) == 0 && len(document.Attributes) == 0 {
		return errors.New("line 1: neither a STIX bundle nor MISP events or attributes")
	}
	if err := l.addMISP(text, document.Attributes, ""); err != nil {
		return err
	}
	for _, e := range events {
		if e.Event == nil {
			continue
		}
		if e.Event.Date > l.Date {
			l.Date = e.Event.Date
		}
		all := e.Event.Attributes
		for _, o := range e.Event.Objects {
			all = append(all, o.Attributes...)
		}
		if err := l.addMISP(text, all, e.Event.Info); err != nil {
			return err
		}
	}
	return nil
}

func (l *List) addMISP(text []byte, attributes []mispAttribute, info string) error {
	for _, a := range attributes {
		if a.ToIDs != nil && !*a.ToIDs {
			l.LeftOut[reasonContext]++
			continue
		}
		note := a.Comment
		if note == "" {
			note = info
		}
		value := a.Value
		switch a.Type {
		case "ip-dst", "ip-src", "domain", "hostname", "url":
		case "hostname|port":
			value, _, _ = strings.Cut(value, "|")
		case "ip-dst|port", "ip-src|port":
			addr, port, ok := strings.Cut(value, "|")
			if !ok {
				return fmt.Errorf("line %d: %s %q: not an address and a port", lineOf(text, a.Value), a.Type, a.Value)
			}
			value = endpoint(addr, port)
		case "domain|ip":
			_, addr, ok := strings.Cut(value, "|")
			if !ok {
				return fmt.Errorf("line %d: %s %q: not a domain and an address", lineOf(text, a.Value), a.Type, a.Value)
			}
			value = addr
		case "port":
			value += "/tcp"
		default:
			l.LeftOut[reasonOther]++
			continue
		}
		if err := l.add(value, note, time.Time{}); err != nil {
			return fmt.Errorf("line %d: %s: %w", lineOf(text, a.Value), a.Type, err)
		}
	}
	return nil
}

// stixObject is the part of a STIX object that matters here.
type stixObject struct {
	Type        string    `json:"type"`
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Value       string    `json:"value"`
	Pattern     string    `json:"pattern"`
	PatternType string    `json:"pattern_type"`
	Modified    string    `json:"modified"`
	ValidUntil  time.Time `json:"valid_until"`
	Revoked     bool      `json:"revoked"`
}

func (l *List) readSTIX(text []byte) error {
	var bundle struct {
		Objects []stixObject `json:"objects"`
	}
	if err := json.Unmarshal(text, &bundle); err != nil {
		return err
	}
	for _, o := range bundle.Objects {
		if o.Type != "indicator" {
			continue
		}
		if date, _, ok := strings.Cut(o.Modified, "T"); ok && date > l.Date {
			l.Date = date
		}
		switch {
		case o.Revoked:
			l.LeftOut[reasonRevoked]++
			continue
		case o.PatternType != "" && o.PatternType != "stix":
			l.LeftOut[reasonOther]++
			continue
		}
		if err := l.addPattern(o); err != nil {
			return fmt.Errorf("line %d: %s: %w", lineOf(text, o.ID), o.ID, err)
		}
	}
	return nil
}
