// Package changes compares the findings of two days.
//
// [Compare] returns what is new, back, gone, ongoing, louder and quieter:
//
//	for _, c := range changes.Compare(yesterday, today) {
//		fmt.Println(c.Kind, c.Rule, c.Entities, c.Summary)
//	}
//
// Findings are the same if they have the same rule and entity. A campaign counts for
// each of its members, so that a botnet that grows by a host is one new host and not a
// new botnet. A finding is louder if its severity rose or, at the same severity, its
// score rose by [ScoreStep] or more; quieter is the reverse.
//
// A finding that the first day does not have is back, not new, if the history of the second
// day had it before.
//
// If a rule did not run on the second day, its findings are not gone but unseen.
package changes

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/detect"
)

// Kind says how a finding of one day relates to the other day.
type Kind string

// The kinds of changes, in the order in which they are listed.
const (
	New     Kind = "new"
	Back    Kind = "back" // not on the first day, but on days before it
	Louder  Kind = "louder"
	Ongoing Kind = "ongoing" // neither louder nor quieter
	Quieter Kind = "quieter"
	Unseen  Kind = "unseen" // the rule did not run on the second day
	Gone    Kind = "gone"
)

// Kinds returns the kinds in that order.
func Kinds() []Kind { return []Kind{New, Back, Louder, Ongoing, Quieter, Unseen, Gone} }

// ScoreStep is the least difference between two scores, of 0 to 1, that counts at equal
// severity.
const ScoreStep = 0.1

// Change is a finding of one or both days.
type Change struct {
	Kind     Kind            `json:"kind"`
	Rule     string          `json:"rule"`
	Entities []netip.Addr    `json:"entities"`          // sorted
	Before   detect.Severity `json:"before,omitempty"`  // empty if new or back
	After    detect.Severity `json:"after,omitempty"`   // empty if gone or unseen
	Since    string          `json:"since,omitempty"`   // date on which it was first seen; empty if unknown
	Pause    int             `json:"pause,omitempty"`   // of Back: days without it
	Summary  string          `json:"summary,omitempty"` // of the second day or, if gone or unseen, of the first
	Reason   string          `json:"reason,omitempty"`  // of Unseen: why the rule did not run
}

// Severity returns the severity after or, if there is none, before.
func (c Change) Severity() detect.Severity { return cmp.Or(c.After, c.Before) }

// Text returns the summary. If a rule did not run on the second day, it begins with the reason, and with the pause of a
// finding that is back.
func (c Change) Text() string {
	switch {
	case c.Kind == Unseen:
		return fmt.Sprintf("the rule did not run (%s); before: %s", c.Reason, c.Summary)
	case c.Kind == Back && c.Pause == 1:
		return "again, after a day without it: " + c.Summary
	case c.Kind == Back:
		return fmt.Sprintf("again, after %d days without it: %s", c.Pause, c.Summary)
	}
	return c.Summary
}

// ran returns whether a rule ran on the day, and why not. A rule without a record of coverage counts as run.
func ran(day detect.Result, rule string) (bool, string) {
	if o, known := day.Outcomes[rule]; known && !o.Coverage.Ran {
		return false, o.Coverage.Reason
	}
	return true, ""
}

// key identifies what two findings have in common if they are the same.
type key struct {
	rule   string
	entity netip.Addr
}

// Compare returns the changes from one day to another, by kind, the most severe first.
// Findings of severity info, which include resolved ones, do not count.
func Compare(before, after detect.Result) []Change {
	was, is := loudest(before), loudest(after)
	var all []Change
	for k, f := range is {
		if old, ongoing := was[k]; ongoing {
			all = append(all, change(kindOf(old, f), k, f, Change{Before: old.Severity, After: f.Severity}))
		} else if f.Pause > 0 {
			all = append(all, change(Back, k, f, Change{After: f.Severity, Pause: f.Pause}))
		} else {
			all = append(all, change(New, k, f, Change{After: f.Severity}))
		}
	}
	for k, old := range was {
		if _, ongoing := is[k]; ongoing {
			continue
		}
		kind := Gone
		ran, reason := ran(after, k.rule)
		if !ran {
			kind = Unseen
		}
		all = append(all, change(kind, k, old, Change{Before: old.Severity, Reason: reason}))
	}
	slices.SortFunc(all, compare)
	return grouped(all)
}

// Same reports whether a list of changes holds only ongoing findings.
func Same(list []Change) bool {
	return !slices.ContainsFunc(list, func(c Change) bool { return c.Kind != Ongoing })
}

// change completes c with what the finding says.
func change(kind Kind, k key, f detect.Finding, c Change) Change {
	c.Kind, c.Rule, c.Entities, c.Since, c.Summary = kind, k.rule, []netip.Addr{k.entity}, f.Since, f.Summary
	return c
}

// loudest returns the most severe finding above info of each rule and entity.
func loudest(d detect.Result) map[key]detect.Finding {
	all := make(map[key]detect.Finding)
	for _, f := range d.Findings {
		if f.Severity == detect.Info || f.State == detect.StateResolved {
			continue
		}
		members := f.Members
		if len(members) == 0 {
			members = []netip.Addr{f.Entity}
		}
		for _, entity := range members {
			k := key{f.Rule, entity}
			if old, there := all[k]; !there || louder(f, old) > 0 {
				all[k] = f
			}
		}
	}
	return all
}

// louder compares two findings; of equally loud ones, the first summary counts.
func louder(a, b detect.Finding) int {
	return cmp.Or(a.Severity.Compare(b.Severity), cmp.Compare(a.Score, b.Score), cmp.Compare(b.Summary, a.Summary))
}

func kindOf(old, now detect.Finding) Kind {
	rise := now.Severity.Compare(old.Severity)
	if step := now.Score - old.Score; rise == 0 && step >= ScoreStep {
		rise = 1
	} else if rise == 0 && -step >= ScoreStep {
		rise = -1
	}
	return map[int]Kind{1: Louder, 0: Ongoing, -1: Quieter}[rise]
}

func compare(a, b Change) int {
	return cmp.Or(
		cmp.Compare(slices.Index(Kinds(), a.Kind), slices.Index(Kinds(), b.Kind)),
		b.Severity().Compare(a.Severity()),
		cmp.Compare(a.Rule, b.Rule),
		cmp.Compare(a.Summary, b.Summary),
		a.Entities[0].Compare(b.Entities[0]),
	)
}

// grouped makes one change of those that differ only in the entity: the members of a
// campaign. The list is sorted.
func grouped(all []Change) []Change {
	var list []Change
	for _, c := range all {
		if n := len(list); n > 0 {
			last := list[n-1]
			if last.Kind == c.Kind && last.Rule == c.Rule && last.Before == c.Before && last.After == c.After && last.Summary == c.Summary && last.Since == c.Since {
				list[n-1].Entities = append(list[n-1].Entities, c.Entities...)
				continue
			}
		}
		list = append(list, c)
	}
	return list
}
