package detect

import (
	"fmt"
	"iter"
	"math"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// explain lowers a finding to low if a program that was rolled out to several hosts
// explains the calls. Without a history, old calls look new, and the software vendor, the
// maker of the device, the other hosts that use the service, and the service itself explain
// them too.
func (c *Context) explain(f *Finding, call Call, conv *profile.Conversation, k float64) {
	switch least := c.rollout(); {
	case call.Callers >= least:
		f.Summary += fmt.Sprintf("; %d hosts contact it, like a program that is deployed to many hosts", call.Callers)
		f.capped(Low)
	case call.Days > 0 && c.test.isMachine(call.Src, call.Dst):
		f.Summary += aDevice
		f.capped(Low)
	case len(c.past) > 0 && c.newcomer(call.Src) && keepsAlive[call.Port]:
		f.Summary += aClient
		f.capped(Low)
	case len(c.past) == 0:
		c.explainWithoutHistory(f, call, conv, k, least)
	}
}

func (c *Context) explainWithoutHistory(f *Finding, call Call, conv *profile.Conversation, k float64, least int) {
	near, sharing := c.test.neighbours()[neighbourhoodOf(conv)], c.sharedBy(call, k)+1
	switch {
	case isVendor(call.Owner.Name):
		f.capped(Low)
	case c.test.isMachine(call.Src, call.Dst):
		f.Summary += aDevice
		f.capped(Low)
	case c.isPast: // without doubt: what is lowered counts as normal on later days
	case keepsAlive[call.Port]:
		f.Summary += aClient
		f.capped(Low)
	case near >= least:
		f.Summary += fmt.Sprintf("; %d hosts contact its network on this port, like a service with many addresses", near)
		f.capped(Low)
	case sharing >= least:
		f.Summary += fmt.Sprintf("; %d hosts run a program with the same interval and requests", sharing)
		f.capped(Low)
	case call.kind.failed && !call.kind.often:
		f.Summary += "; it was never answered, like a program whose server is gone"
		f.capped(Low)
	}
}

const (
	aDevice = "; the host contacts few other addresses, like a device that reports to its manufacturer"
	aClient = "; clients of this service poll it or keep it open"
)

// keepsAlive are the ports of services whose clients poll, or send something before a
// firewall forgets the connection: mail, chat, notifications, telephony, sensors,
// time and tunnels.
var keepsAlive = map[uint16]bool{53: true, 123: true, 853: true, 110: true, 143: true, 993: true, 995: true, 161: true, 500: true,
	1194: true, 1883: true, 3478: true, 3479: true, 4500: true, 5060: true, 5061: true, 5222: true, 5223: true, 5228: true, 5229: true, 5230: true,
	8883: true, 51820: true}

// neighbourhood is a small network with a service on a port.
type neighbourhood struct {
	network netip.Prefix
	port    uint16
}

// The smallest networks that are announced on the Internet have these sizes: what
// several hosts contact there is mostly one service.
func neighbourhoodOf(c *profile.Conversation) neighbourhood {
	return neighbourhood{prefixOf(c.Dst, 24, 48), c.Port}
}

// neighbours counts the hosts that contact each neighbourhood.
func (d *day) neighbours() map[neighbourhood]int {
	return d.neighbourCounts.get(func() map[neighbourhood]int {
		return hostsOf(d.outward(), func(c *profile.Conversation) iter.Seq[neighbourhood] {
			return slices.Values([]neighbourhood{neighbourhoodOf(c)})
		})
	})
}

// oddHosts is the share of hosts that may be alerted without being infected on a day without a
// history. If only one address is called at even gaps at all, enoughHosts hosts
// show that it is odd, as many as have one odd value beside oddShare of the others.
const (
	oddHosts    = 0.01
	enoughHosts = 20
)

// mostOdd is how many addresses are called in one odd way at most.
func (c *Context) mostOdd() int { return int(math.Round(oddHosts * float64(c.test.internalHosts()))) }

// callKind is how a host calls, as far as it differs from host to host. Ordinary programs of one
// network are alike: a kind that few calls are of is odd.
type callKind struct {
	sign     string // see signOf
	often    bool   // more often than defaultSleep
	jittered bool   // beyond the drift of a timer
	failed   bool   // never answered
}

// drift is the coefficient of variation of the gaps of a timer at most, whose calls take
// their time and wait for the processor. More is put in by design.
const drift = 0.05

func (c *Context) kindOf(call Call, conv *profile.Conversation) callKind {
	return callKind{sign: c.signOf(call, conv), often: call.Gap <= defaultSleep, jittered: call.CV > drift, failed: fails(conv)}
}

// defaultSleep is the seconds between two calls of a command channel unless its operator sets
// others: 60 for Cobalt Strike, 5 for Empire and Metasploit. A program that asks for news over
// HTTP leaves more time, so that its server is not asked in vain.
const defaultSleep = 60

// signOf says what else distinguishes a call, beside its rhythm, from the calls of ordinary
// programs, which are encrypted and ask for a name. It is empty if nothing does.
func (c *Context) signOf(call Call, conv *profile.Conversation) string {
	switch port := call.Port; {
	case port == 80 && call.Gap > defaultSleep:
		return ""
	case port == 80:
		return fmt.Sprintf("; few ordinary programs call port %d so often", port)
	case port != 443 && !keepsAlive[port]:
		return fmt.Sprintf("; few ordinary programs call port %d", port)
	case port == 443 && conv.Proto == flow.TCP && (conv.Details == nil || conv.Details.NamedFlows == 0) && call.Addresses == 0 && c.test.namesItsCalls(call.Src):
		return "; unlike the other calls of the host it asks for no name"
	}
	return ""
}

// namesItsCalls says whether most of a host's connections with web servers have names.
func (d *day) namesItsCalls(host netip.Addr) bool {
	var named, all int64
	cs := d.Of(host)
	for i := range cs {
		if c := &cs[i]; c.Port == 443 && c.Proto == flow.TCP && d.outside(c.Dst) && !fails(c) {
			all += c.Flows
			if c.Details != nil {
				named += c.Details.NamedFlows
			}
		}
	}
	return all >= fewFlows && ratio(named, all) >= mostlyNamed
}

// doubt lowers the findings of a day without a history to low if calls of their kind are not odd:
// if more than a few addresses are called in the same way or in rarer ones. Of a small network, a
// rhythm alone says too little.
func (c *Context) doubt(findings []Finding) {
	dsts, all := map[callKind]map[netip.Addr]bool{}, map[netip.Addr]bool{}
	for _, f := range findings {
		call := f.Evidence.(Call)
		if !f.Severity.Alert() {
			continue
		}
		if dsts[call.kind] == nil {
			dsts[call.kind] = map[netip.Addr]bool{}
		}
		dsts[call.kind][call.Dst], all[call.Dst] = true, true
	}
	most := c.mostOdd()
	if len(all) == 1 && c.test.internalHosts() >= enoughHosts {
		most = max(most, 1)
	}
	for i := range findings {
		f := &findings[i]
		kind := f.Evidence.(Call).kind
		if !f.Severity.Alert() {
			continue
		}
		f.Summary += kind.sign
		n, odd := len(dsts[kind]), 0
		for other := range dsts {
			if (other.sign == "") == (kind.sign == "") && len(dsts[other]) <= n {
				odd += len(dsts[other])
			}
		}
		switch {
		case odd <= most, kind.sign != "" && n < pilotHosts:
			continue
		case n > 1:
			f.Summary += fmt.Sprintf("; %d addresses are called in this way", n)
		default:
			f.Summary += "; nothing but the interval distinguishes it from ordinary programs: compare with an earlier day"
		}
		f.capped(Low)
	}
}

// rolledOut is how many hosts call a program's own servers at most before it is
// taken for one that was rolled out, as many as make a server of an address in a
// network of 200 hosts. In larger ones a tenth of the hosts is too many to wait
// for.
const rolledOut = 20

// pilotHosts is the fewest hosts with a program that was rolled out, in networks so
// small that a tenth of the hosts is fewer: two may be a pair of infected ones.
const pilotHosts = 3

// rollout is how many hosts that call an address make its program one that was rolled
// out: half as many without a history, where an old program looks new. In a network of
// fewer than twice pilotHosts, it is more than there are.
func (c *Context) rollout() int {
	hosts := c.test.internalHosts()
	share := int(serverShare * float64(hosts))
	switch {
	case hosts < 2*pilotHosts:
		return hosts + 1
	case len(c.past) == 0:
		return max(pilotHosts, share/2)
	}
	return max(pilotHosts, share)
}

// vendorOwners are words in the names of owners whose programs call home at even
// gaps from many desktops. Two clouds aside, their networks hold no rented servers.
var vendorOwners = []string{"microsoft", "apple", "google", "mozilla", "canonical", "adobe", "github", "dropbox", "spotify", "facebook",
	"twitter", "linkedin", "netflix", "zoom", "valve", "salesforce", "sophos", "symantec", "kaspersky", "eset", "cisco", "hp"}

func isVendor(owner string) bool { return hasWord(owner, vendorOwners) }
