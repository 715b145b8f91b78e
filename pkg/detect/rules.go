package detect

import "slices"

// Rule describes a detection for people.
type Rule struct {
	ID             string
	Title          string
	Description    string
	Conditions     []string
	Actions        []string
	Attack         []string // MITRE ATT&CK technique ids; none where it may be any
	FalsePositives []string
	Section        string // of the report that shows what it found, such as "3.1"
}

// Rules returns the rules, first those of the report's chapter on them in its
// order. What
// they say is what the detections of this package do.
func Rules() []Rule {
	return []Rule{exfiltrationRule(), newCountryRule(), dnsC2Rule(), internalP2PRule(), externalAutomationRule(), beaconRule(), internalScanRule(), hostAnomalyRule()}
}

// RuleOf returns the rule with an id, or false where there is none.
func RuleOf(id string) (Rule, bool) {
	rules := Rules()
	i := slices.IndexFunc(rules, func(r Rule) bool { return r.ID == id })
	if i < 0 {
		return Rule{}, false
	}
	return rules[i], true
}

func exfiltrationRule() Rule {
	return Rule{
		ID: RuleExfiltration, Section: "3.1",
		Title: "Unusual uploads to external destinations",
		Description: "Watches what each internal host sends to each external destination. Carrying data out needs bytes going up, " +
			"whether in a few huge flows or in many modest ones, so uploads are compared with the largest uploads of a normal day " +
			"and with the host's own history.",
		Conditions: []string{
			"The source is internal, the destination external, on any protocol and port",
			"More than twice as many bytes go up (up_bytes) as come down (down_bytes): downloads and calls never count",
			"The bytes sent to the addresses of one owner exceed what two hosts in a thousand send, going by the uploads of the baseline day " +
				"that are larger than the median host's largest transfer and that the host does not make again",
			"Uploads that are spread over six hours or more are compared with such uploads only, so that their limit lies lower",
			"If the host uploaded to the same owner on the baseline day, the bytes also grew by more than such uploads do from day to day",
			"If six hosts or more begin to upload to the same owner, or two do so to the same address on both days, the bytes also exceed theirs",
			"Slow if the host's ten largest flows carry less than half of the upload, fast otherwise",
		},
		Actions: []string{
			"Generate an alert that names the host, the destination and its owner, the bytes and the largest flows",
			"Ask the host's user whether the upload was meant; if not, isolate the host and block the destination",
		},
		Attack: []string{"T1567.002", "T1048", "T1030"},
		FalsePositives: []string{
			"A first backup or migration to cloud storage; the same upload on the baseline day is no finding",
			"A large file handed over on purpose by a file transfer service",
		},
	}
}

func newCountryRule() Rule {
	return Rule{
		ID: RuleNewCountry, Section: "3.2",
		Title: "Communication with new countries",
		Description: "Watches traffic with countries that nobody on the network contacted on the baseline day. A single page view abroad " +
			"is normal, so what counts is how much one host has to do with such a country.",
		Conditions: []string{
			"The source is internal, the destination lies in a country that no internal host contacted on the baseline day",
			"The host's flows or bytes with it exceed what all but one in twenty hosts have with a country of the rarer half on the baseline day",
			"The host has more than five flows with it; less is reported as info",
			"Countries that many hosts contact weigh less",
		},
		Actions: []string{
			"Generate an alert that names the host, the countries, flows and bytes, and the most used destination",
			"Find out who owns the destination and which program of the host contacts it; block it if nobody can say",
		},
		Attack: []string{"T1041"},
		FalsePositives: []string{
			"A user who travels or takes up a foreign site",
			"A content network that answers from another country than the day before",
		},
	}
}

func dnsC2Rule() Rule {
	return Rule{
		ID: RuleDNSC2, Section: "3.4",
		Title: "Command and control over DNS",
		Description: "Watches each internal host's DNS flows to internal and external resolvers. A tunnel or a command channel asks more " +
			"than the host's other traffic explains, or puts more bytes into each request.",
		Conditions: []string{
			"The source is internal, the destination port is 53 on udp or tcp",
			"DNS flows for each other flow of the host exceed the limit learned from the hosts of the baseline day, and the host asks no less than the median host",
			"If the host was there on the baseline day, its DNS flows also grew by more than its other flows did and than hosts' do from day to day",
			"Or: bytes per flow with one resolver exceed the limit learned from the baseline day, and so does their growth if the host used it then",
		},
		Actions: []string{
			"Generate an alert that names the host, its requests and bytes, the resolver and the busiest hour",
			"Look the requested names up in the resolver's log; isolate the host if they carry encoded data",
		},
		Attack: []string{"T1071.004", "T1572"},
		FalsePositives: []string{
			"A mail filter or an address scanner that looks up each address it sees",
			"A new DNS forwarder that asks on behalf of others",
		},
	}
}

func internalP2PRule() Rule {
	return Rule{
		ID: RuleInternalP2P, Section: "3.3",
		Title: "Internal botnet",
		Description: "Watches flows between internal hosts that are no servers. Infected hosts that pass instructions and data on talk to " +
			"each other both ways and about evenly, which clients and servers do not.",
		Conditions: []string{
			"Source and destination are internal and the destination is no server: few hosts use it, or it opens flows to most of those that do",
			"Both hosts open flows to each other, and did not on the baseline day",
			"up_bytes ÷ down_bytes is nearer to 1 than to that of clients and servers on the baseline day",
			"Three or more such hosts hang together; two alone are a low finding",
		},
		Actions: []string{
			"Generate an alert for each member that names the mesh and the bytes between its members",
			"Isolate the members together, since each can restore the others",
		},
		Attack: []string{"T1090.001", "T1570"},
		FalsePositives: []string{
			"A new peer-to-peer application, such as the sharing of updates between desktops; the more hosts take part, the lower the score",
			"Calls between desks; no finding where they also took place on the baseline day",
		},
	}
}

func externalAutomationRule() Rule {
	return Rule{
		ID: RuleExternalAutomation, Section: "3.5",
		Title: "External clients that use the public servers by program",
		Description: "Watches the rhythm of external clients of the public servers. People come in bursts with long pauses; a program that " +
			"scans or guesses passwords keeps a pace, at amounts of traffic that can be quite ordinary.",
		Conditions: []string{
			"The source is external, the destination is a public server, on any protocol and port",
			"The client has 20 flows or more",
			"The coefficient of variation of the gaps between its flows is far below that of the day's people, and below that of events that come at random",
			"Medium at most if it asks one server the same all day long like a clock, as a monitoring service does",
		},
		Actions: []string{
			"Generate an alert that names the client, its country and owner, the rhythm and the hours",
			"Limit the client's rate, look its requests up in the server's log, and block it if they are probes or logins",
		},
		Attack: []string{"T1595", "T1110"},
		FalsePositives: []string{
			"Monitoring services, feed readers and partners' programs, which an allow-list should name",
		},
	}
}

func beaconRule() Rule {
	return Rule{
		ID:    RuleBeacon,
		Title: "Beacons",
		Description: "Watches the rhythm in which internal hosts call external addresses. Malware asks its operator for orders at a " +
			"period with little jitter, day and night, at amounts of traffic that do not show.",
		Conditions: []string{
			"The source is internal, the destination external, and nobody on the network contacted it on the baseline day",
			"20 calls or more, in six hours of the day or more; flows within five seconds of each other are one call",
			"The coefficient of variation of the gaps between the calls is far below that of people on the baseline day, " +
				"and below that of events that come at random",
			"Destinations that several hosts call weigh less, and those that one host in ten calls nothing",
			"Low at most if the host called another address of the same owner at the same pace on the baseline day",
		},
		Actions: []string{
			"Generate an alert that names the host, the destination and its owner, the period and the hours",
			"Find the program that calls; isolate the host and block the destination if nobody knows it",
		},
		Attack: []string{"T1071.001"},
		FalsePositives: []string{
			"A program installed on the day that reports its state or looks for updates",
		},
		Section: "3.6",
	}
}

func internalScanRule() Rule {
	return Rule{
		ID:    RuleInternalScan,
		Title: "Internal scan",
		Description: "Watches how many internal hosts each host tries. Who looks for a way on inside the network asks many hosts " +
			"that it never had to do with, and most do not answer.",
		Conditions: []string{
			"Source and destination are internal and the destination is no server",
			"The host did not contact the destination on the baseline day",
			"The number of such destinations exceeds the limit learned from how many each host of the baseline day contacts, eight at least",
			"Or: the number of internal hosts and ports that send nothing back, and were not tried on the baseline day, exceeds the limit learned likewise, twelve at least",
		},
		Actions: []string{
			"Generate an alert that names the host, the number of its targets, the ports and how many did not answer",
			"Isolate the host; look at the targets that did answer",
		},
		Attack: []string{"T1046", "T1018"},
		FalsePositives: []string{
			"An inventory or vulnerability scanner that first runs on the day; no finding where it also ran on the baseline day",
		},
		Section: "3.7",
	}
}
