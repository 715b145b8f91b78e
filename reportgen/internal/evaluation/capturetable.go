package evaluation

import (
	"cmp"
	"fmt"
	"io"

	"github.com/flowbook/flowbook/pkg/detect"
)

const captureIntroduction = `
## Recordings of real networks

Published recordings, which are not part of this repository. Each is judged in up to three settings:

- alone: a day of the recording, and nothing else,
- embedded: the same day among the 200 hosts of a synthetic organisation, which has one day of
  history; the recorded hosts are new in it, and no database knows their destinations,
- history: a day of the recording after the days before it; for the two command channels, which were
  recorded in one network, after the other's day.

A case is a labelled entity on a day on which it is active. It is found if a finding at medium or
above names it, and right if in addition the rule is the one that names the behaviour or, if it may be
any, the evidence names a labelled destination. Host-anomaly alone is never right. The severity is
that of the least severe case. Findings is the largest number of findings above info that name the
labelled entities on a day. Hosts is the number of hosts and days without a label in the recording, and alerted
is the number of these with a finding at medium or above. Outside is the number of other addresses
outside with such a finding; on open servers most are real attackers without a label.

The one alert on a benign host is an upload of 133 MB to port 8080 of one address, in 13 flows of 24 MB down, as a test of
the line's speed makes: flows do not distinguish it from exfiltration. Alone, the host has no others to be compared with.

RITA and msticpy give the best labelled pair of the last day with a label, alone: RITA's score and its
rank among all pairs of that day; the p-value of msticpy's periodogram detector and how many pairs of
the day have one as low. Both rank by regularity alone. RITA itself takes the 24 hours before the last
row and counts the bytes of IP packets: there the pair of missing-host has a score of 0.963 and ranks
6th of 695.

`

// writeCaptures writes the table of the captures as Markdown, and sums.
func writeCaptures(w io.Writer, rows []captureRow) {
	fmt.Fprint(w, captureIntroduction)
	t := markdownTable{head: []string{"recording", "what", "setting", "found", "right", "severity", "rules", "findings", "hosts", "alerted", "outside", "RITA", "msticpy"}}
	type sums struct{ cases, found, right, recordings, rightRecordings, hosts, alerted int }
	bySetting := map[string]*sums{}
	for _, r := range rows {
		severity := string(r.worst)
		switch {
		case r.cases == 0:
			severity = "-"
		case r.worst == detect.Info:
			severity = "missed"
		}
		alerted := fmt.Sprint(r.alerted)
		if r.alerted > 0 {
			alerted += " (" + names(r.wrong) + ")"
		}
		t.add(r.capture, r.what, r.setting, quotient{r.found, r.cases}.fraction(), quotient{r.right, r.cases}.fraction(), severity, names(r.rules),
			fmt.Sprint(r.most), fmt.Sprint(r.hosts), alerted, fmt.Sprint(r.outside), cmp.Or(r.rita, "-"), cmp.Or(r.periodogram, "-"))
		s := bySetting[r.setting]
		if s == nil {
			s = &sums{}
			bySetting[r.setting] = s
		}
		s.cases, s.found, s.right = s.cases+r.cases, s.found+r.found, s.right+r.right
		s.hosts, s.alerted = s.hosts+r.hosts, s.alerted+r.alerted
		if r.cases > 0 {
			s.recordings++
			if 10*r.right >= 9*r.cases {
				s.rightRecordings++
			}
		}
	}
	t.write(w)
	fmt.Fprint(w, "\nRight are rows in which nine of ten cases are right or more.\n\n")
	t = markdownTable{head: []string{"setting", "cases", "found", "right", "rows", "right", "hosts without a label", "alerted", "share"}}
	for _, setting := range []string{settingAlone, settingEmbedded, settingHistory} {
		if s := bySetting[setting]; s != nil {
			t.add(setting, fmt.Sprint(s.cases), fmt.Sprint(s.found), fmt.Sprint(s.right), fmt.Sprint(s.recordings), fmt.Sprint(s.rightRecordings),
				fmt.Sprint(s.hosts), fmt.Sprint(s.alerted), percentOf(s.alerted, s.hosts))
		}
	}
	t.write(w)
}
