// Package siem holds detection rules as data and turns findings into alerts.
//
// A rule is a Sigma document (https://sigmahq.io, rules and correlations of
// specification 2.1.0). The rules that come with Flowbook are those of
// [detect.RuleFiles], which [Builtin] reads; [Set.Load] reads a user's
// own file, whose documents add rules, override those with the same name or id,
// and disable them. What Sigma does not cover is in a separate block,
// `flowbook`, which other tools pass over ([Block]): the detection that
// compares with the baseline day, thresholds, what to do, and where alerts go.
//
// [Set.Detect] runs each detection at its rule's sensitivity. A rule that names no detection is evaluated
// here, on the conversations of the day's profile: its `detection` selects
// them, its `correlation` counts them, its `flowbook.baseline` compares them
// with the baseline day.
//
// [Set.Alerts] makes alerts of findings, which package alert writes in the formats
// of other tools and sends.
package siem
