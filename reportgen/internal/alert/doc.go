// Package alert turns findings into alerts, writes them in the formats of other
// tools and delivers them.
//
// [New] makes an alert of a finding, with a stable id and absolute times.
// [Alert.Encode] writes it as JSON, as a Detection Finding of the Open
// Cybersecurity Schema Framework or as an event of the Elastic Common Schema.
// [Deliver] sends alerts to a [Destination]: a file, syslog or a webhook. It
// retries, and keeps in a spool what it could not send; that goes first the next
// time.
package alert
