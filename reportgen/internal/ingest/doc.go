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
// Each format is a [Decoder] over lines of text: Zeek, EVE and ECS in JSON,
// nfdump's text, and tables, which binetflow, nfdump's CSV, VPC flow logs and
// any CSV are, and any Parquet file too, read as rows of texts. All put the
// texts of a row by field into one rowReader, which makes the flow: the one
// place where times, addresses, ports and bytes are read and refused.
//
// # Direction
//
// The source of a flow is who opened the connection. Zeek and Suricata know
// it. Argus says where it does not, and the ports decide. NetFlow and VPC flow
// logs, and events of them in ECS, tell each direction in a row of its own,
// [Flow].OneWay; [Sorter.Pair] joins the two.
//
// # Bytes
//
// Bytes are those that a log gives: of the payload in Zeek, unless
// [Options].Bytes asks for those of the packets; of the packets in the others.
//
// # Time
//
// Dates and times of day are told in [Options].Location. Times that carry no
// zone are taken to be of [Options].LogLocation.
//
// # Order
//
// Logs are written when a connection ends, so their rows are not in the
// order in which flows started, and the first rows of a day's log may belong
// to the day before. A [Sorter] puts any number of flows in order in bounded
// memory, day after day, whatever the order of files was.
//
// A further format is one more file that implements [Decoder], or that
// describes a table, and one more entry in the table of formats.
package ingest
