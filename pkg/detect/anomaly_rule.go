package detect

func hostAnomalyRule() Rule {
	return Rule{
		ID:    RuleHostAnomaly,
		Title: "Hosts that changed as no other did",
		Description: "Watches a dozen features of each internal host's day together, for what no other rule names: how much it sends and receives, " +
			"with whom, over what, when, and whom it serves. A host that changes hands or users changes in several of them at once.",
		Conditions: []string{
			"The host is internal and was there on the baseline day",
			"Its features changed, all together, farther from how other hosts' did than the distances of all hosts and chance explain; " +
				"what the host did less of counts for nothing",
			"Medium at most, and only if the distance is half as far again, three features or more moved far by themselves, and the day lies beyond those of the baseline's hosts too; low otherwise",
			"A host without a baseline day is compared with the baseline's hosts instead, and is low at most",
			"Info only where another rule has an alert for the host: that names the reason",
		},
		Actions: []string{
			"Generate an alert that names the host and the features that moved, from what to what",
			"Ask the host's user or owner what changed; look at the new party it was in touch with longest, and at its flows in the odd hours",
		},
		Attack: []string{},
		FalsePositives: []string{
			"A host that got another user, another purpose or another address",
			"A job that runs now and then, such as a copy of an archive; several baseline days would show it",
		},
		Section: "3.8",
	}
}
