// Package ingest reads the logs of other tools as flows.
//
// A [Format] describes the log of one tool; [Lookup] finds it by name. [Open]
// takes files and folders of that format and returns a [Reader], which yields one
// [Flow] after the other: a flow record and the [Date] it belongs to. Nothing is
// dropped silently. A row that cannot become a flow is left out, and the
// [Summary] counts it by [Reason] with the first place where that happened. A
// fault that puts a whole file in doubt (a missing header, a truncated gzip
// stream, no valid row) ends the reading with an error that names file and line.
//
// Each format is a decoder over lines of text: JSON (Zeek, EVE, ECS), nfdump's
// text, or a table (binetflow, nfdump's CSV, VPC flow logs, any other CSV, and any
// Parquet file, which is read as rows of texts). All decoders put the texts of a
// row by field into a rowReader, which makes the flow. Only the rowReader parses
// times, addresses, ports and bytes, and refuses them.
//
// # Direction
//
// The source of a flow is the host that opened the connection. Zeek and Suricata
// log it. Argus marks flows whose source it does not know; for these the ports
// decide. NetFlow and VPC flow logs, and events of them in ECS, have a row for
// each direction ([Flow].OneWay); [Sorter.Pair] joins the two.
//
// # Bytes
//
// Byte counts are those of the log. Zeek's count the payload, unless
// [Options].Bytes asks for whole packets; those of other tools count packets.
//
// # Time
//
// Dates and times of day are in [Options].Location. Times without a zone are
// assumed to be in [Options].LogLocation.
//
// # Order
//
// Logs are written when a connection ends, so their rows are not in the
// order in which flows started, and the first rows of a day's log may belong
// to the day before. A [Sorter] puts any number of flows in order in bounded
// memory, day after day, whatever the order of files was.
//
// A further format is one more file that implements decoder, or that
// describes a table, and one more entry in the list of formats, which also
// says what a log of the format is recognised by.
package ingest
