// Package sentinel computes what the Sentinel tool measures of a single day of
// flows, and prints it as Sentinel does.
//
// [Analyze] takes a day's profile and the [Options] that say which of the four
// measures to take:
//
//   - [CountryVolume]: flows and received bytes by country of destination,
//   - [TrafficDistribution]: flows by hour of the day,
//   - [DataExfiltration]: the hosts with the highest received ÷ sent bytes,
//   - [FindPeers]: flows between hosts of one subnet, by destination.
//
// Numbers, order of rows and layout of tables are those of Sentinel's pandas
// code, so that descriptions of its output stay true; print.go says
// which of pandas' rules apply. [Analysis.WriteText] prints the tables,
// [Analysis.Charts] draws two of them, [Analysis.WriteMarkdown] writes the
// report with a card for each alert.
//
// # Errors of Sentinel
//
// A high download/upload ratio is a download. Data carried out
// has the opposite sign, and a fixed share of hosts is listed on any day. Beside
// that table is the result of [UnusualUploads]: uploads that are unusual among
// those of the day's own hosts.
//
// A high frequency of flows to an internal address is mostly a server's. Beside
// that table are [Insiders]: which destinations are servers, by how many hosts
// use them, and which of the others talk to each other in a mesh.
//
// Both rules see one day only, and so cannot distinguish a nightly backup from a
// theft. With [Options.Baseline] package detect compares the day with a normal
// one, and its findings take their place.
package sentinel
