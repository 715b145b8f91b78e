package ingest

import (
	"os"
	"regexp"
)

// unsupported are logs that have no flows, by what a line of them looks like, and what to
// import instead.
var unsupported = []struct {
	line         *regexp.Regexp
	what, advice string
}{
	{regexp.MustCompile(`^#path\s`), "another log of Zeek than conn.log", "import conn.log; the names in ssl.log, http.log and dns.log of its folder are read with it"},
	{regexp.MustCompile(`%ASA-\d-\d{6}:|%FTD-\d-\d{6}:`), "messages of Cisco's ASA, which count the bytes of both directions as one", "import its NetFlow (NSEL) with nfdump"},
	{regexp.MustCompile(`filterlog(\[\d+\])?:? .*,(in|out),(4|6),`), "the packet filter log of pfSense or OPNsense, which has no byte counts", "export NetFlow with softflowd, or import the logs of Suricata or Zeek on the firewall"},
	{regexp.MustCompile(`(firewall|forward|input|output).*\bin:.*out:.*proto (TCP|UDP|ICMP)`), "a firewall log of MikroTik, which has no byte counts", "export NetFlow or IPFIX with /ip traffic-flow"},
	{regexp.MustCompile(`RT_FLOW: RT_FLOW_SESSION_`), "an unstructured log of Juniper's SRX", "write it with: set security log format sd-syslog"},
	{regexp.MustCompile(`\bIN=\S* OUT=\S* .*\bSRC=\S+ DST=\S+ .*\bPROTO=`), "a packet filter log of Linux (iptables, nftables, ufw), which has the packets that matched a rule but no flows", "import a capture, or run softflowd, Suricata or Zeek on the machine"},
	{regexp.MustCompile(`^#Fields: date time action protocol src-ip dst-ip `), "the log of Windows Firewall, which has no byte counts", "import a capture or NetFlow"},
	{regexp.MustCompile(`^(\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d\.\d+ (IP6?|ARP|ethertype) .*[:>]`), "packets that tcpdump prints", "import the capture itself (tcpdump -w)"},
	{regexp.MustCompile(`\[\*\*\] \[\d+:\d+:\d+\]`), "alerts of Snort or Suricata", "import eve.json, with flow events"},
	{regexp.MustCompile(`"DataSets":\[\[`), "messages of vFlow", "import the NetFlow as a capture, or the records of another collector"},
	{regexp.MustCompile(`^[\d.]+,\d+,[\d.]+,\d+,[a-z0-9-]+,[A-Za-z]+,[\d.]+,\d+,\d+,\d+,\d+,`), "a table like those of UNSW-NB15, without names of its columns", "put the names in its first line, and import it with --from binetflow"},
	{regexp.MustCompile(`^\d+,\d+,[A-Z]\w+,[A-Z]\w+,|\bSrcDevice,DstDevice\b`), "a table of hosts without addresses, such as those of LANL", "replace the names of hosts by addresses, and import it with --from csv and --map"},
}

// unknownFormat says why the format of a file cannot be detected, and what to do.
func unknownFormat(file string) string {
	const advice = "name it with --from, or use --from csv with --map for a table"
	if f, err := os.Open(file); err == nil {
		defer f.Close()
		if in, err := newLines(f); err == nil {
			defer in.Close()
			for range sniffed {
				line, _, err := in.next()
				if err != nil {
					break
				}
				for _, u := range unsupported {
					if u.line.Match(line) {
						return "holds " + u.what + "; " + u.advice
					}
				}
			}
		}
	}
	return "the format cannot be detected; " + advice
}
