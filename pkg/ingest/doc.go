// Package ingest reads the logs of other tools as flows.
//
// A [Format] knows one tool's log; [Lookup] finds it by name. [Open] takes
// files and folders of that format and gives a [Reader], which yields one
// [Flow] after the other: a flow record and the [Date] it belongs to. What
// cannot become a flow is never dropped in silence: a single row is left
// out, counted by [Reason] with the first place where that happened, and
// told in the [Summary]; what puts a whole file in doubt (no header, a
// truncated gzip stream, not one good row) ends the reading with an error
// that names file and line.
//
// Logs are written when a connection ends, so their rows are not in the
// order in which flows started, and the first rows of a day's log may belong
// to the day before. A [Sorter] puts any number of flows in order in bounded
// memory, day after day, whatever the order of files was.
//
// A further format is one more file that implements [Decoder] and one more
// line in the table of formats.
package ingest
