// Package aggregates makes profiles of tables that a database computed, for days that
// are too large for one machine, or that are in a database anyway.
//
// The tables are Parquet files in a folder: NAME.parquet, or any number of files
// NAME/*.parquet or, as Trino and Athena write them, NAME/* without such an extension.
// Several folders may hold the tables of parts of a day, however it was divided: all values
// add up, since each is a sum, a minimum, a maximum, a set or a multiset. Files have no other
// columns than these; they are best packed with gzip, whose checksums show damage. A profile
// that is made of them has the same bytes as one that is made of the flows by reportgen
// profile. Package sqltext writes the SQL that computes them.
//
// Times are in 1/100 s since midnight, and sums stop at 2⁶³-1. Addresses are in any form
// that [flow.ParseAddr] reads; rows whose addresses differ in form only add up.
//
// # conversations
//
// One row for each source, destination, protocol and port:
//
//	src_ip, dst_ip   text
//	proto            IANA number: 6 or 17
//	port             whole number
//	flows            number of flows
//	up_bytes, down_bytes           sums
//	max_up_bytes, max_down_bytes   of one flow
//	first, last      start of the first and of the last flow
//	seconds          list of the different seconds in which flows started
//	second_flows     list of the same length: the flows of each second
//	sizes            list of the different up_bytes of the flows, see below
//	size_flows       list of the same length: the flows of each size
//	sizes_rounded    whether the sizes are rounded
//
// A size of 2³¹ bytes or more is rounded down to an eighth of its power of two: for
// 2ᵏ ≤ size < 2ᵏ⁺¹, to a multiple of 2ᵏ⁻³. If a conversation has more than sixteen
// different sizes after that, all of them may be rounded likewise; sizes_rounded is true
// then. Without this rounding, the lists are as long as the flows have sizes.
//
// These columns are of the optional columns of flow files. Any of them may be missing or
// null, if nothing is known:
//
//	durations, duration_flows, durations_rounded   as sizes, of the durations in 1/100 s
//	longest, lasted        the longest duration and the sum of all
//	packet_flows           flows with a known number of packets that is not 0
//	up_packets, down_packets   sums
//	established, refused, unanswered, reset, open, other   flows by state
//	names, name_flows      lists: the different names, and the flows of each
//
// The profile keeps a sample of 64 names, those with the smallest values of a hash that
// SQL does not have. So the table has all of them.
//
// # half_hours
//
// One row for each source and half hour with flows: src_ip, half_hour (0 to 47), flows,
// up_bytes and down_bytes.
//
// # largest
//
// The flows of each source with the most up_bytes: src_ip, dst_ip, proto, port, timestamp,
// up_bytes and down_bytes. Each of the ten largest must be there as often as it
// occurred, where ties go to the earlier flow, then to the lower dst_ip, proto, port and
// down_bytes. More flows do no harm, so a query can rank flows by up_bytes and timestamp
// and keep those whose rank is ten or less.
//
// # rejected
//
// The rows that are not flows: reason, as in [profile.Rejected], or "protocol" for flows
// of other protocols than TCP and UDP; column with the first faulty value in the order of
// [flow.Columns]; rows, their number; and of the first of them file, row, counted from 0
// in the file, and value. File and row may be null if they are not known. The table may
// be missing if there are none.
//
// # sources
//
// Optional: the logs that the flows are from, with name, sha256 and rows. If flow files
// are named on the command line, they are the sources instead, and place the rejected
// rows in row groups. Without either, the source is named after the folder and has the
// hash of the aggregates.
package aggregates
