package detect

import (
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// guessFloor is the fewest sessions with a login service of one host that guess
// passwords: as many as Zeek takes for it (password_guesses_limit of
// protocols/ssh/detect-bruteforcing).
const guessFloor = 30

// guessed notes the most sessions of each host with one login service that are as short
// as those that guess a password, if they are twice as many as on any past day. Programs
// that log in again and again do so on every day, and to a service that many hosts use
// so, as of a directory, it is usual.
func (c *Context) guessed(sweeps map[netip.Addr]Sweep) {
	users := map[serviceKey]int{}
	today := c.test.guessing()
	for k := range today {
		users[serviceKey{k.Dst, k.Proto, k.Port}]++
	}
	for k, n := range today {
		s := sweeps[k.Src]
		if n < guessFloor || n < s.Guesses || n == s.Guesses && s.Guessed.Less(k.Dst) || users[serviceKey{k.Dst, k.Proto, k.Port}] >= pilotHosts {
			continue
		}
		if slices.ContainsFunc(c.past, func(d *day) bool {
			return 2*d.guessing()[k] > n && !c.flaggedOn(d, flag{rule: RuleInternalScan, entity: k.Src})
		}) {
			continue
		}
		s.Src, s.Guesses, s.Guessed = k.Src, n, k.Dst
		sweeps[k.Src] = s
	}
}

// guessing lists the conversations with login services whose sessions are as short as
// those that guess a password, with their number, if there are guessFloor÷2 or more.
func (d *day) guessing() map[profile.Key]int64 {
	return d.guessList.get(func() map[profile.Key]int64 {
		all := map[profile.Key]int64{}
		for c := range d.within() {
			if 2*c.Flows >= guessFloor && guesses(c) {
				all[c.Key] = c.Flows
			}
		}
		return all
	})
}

// guessTime is the time within which guessFloor sessions guess passwords (guessing_timeout of
// Zeek's detect-bruteforcing).
const guessTime = 30 * 60

// guessesFast says whether more than guessFloor sessions of a sweep fall within guessTime: a job that
// logs in each minute has fewer, and it needs no earlier day to say so.
func (d *day) guessesFast(s Sweep) bool {
	cs := d.Of(s.Src)
	for i := range cs {
		if c := &cs[i]; c.Dst == s.Guessed && guesses(c) {
			starts := slices.Collect(c.Seconds.All())
			for j := guessFloor; j < len(starts); j++ {
				if starts[j]-starts[j-guessFloor] < guessTime {
					return true
				}
			}
		}
	}
	return false
}

// guessSpan is the time of the sessions that guess a password.
func (d *day) guessSpan(s Sweep) (during span) {
	cs := d.Of(s.Src)
	for i := range cs {
		if c := &cs[i]; c.Dst == s.Guessed && guesses(c) {
			during.add(c)
		}
	}
	return during
}

// guesses says whether the sessions of a conversation with a login service are long
// enough for a login and so short that nothing else is done in them.
func guesses(c *profile.Conversation) bool {
	usual := c.Bytes() / max(1, c.Flows)
	return c.Proto == flow.TCP && loginPorts[c.Port] && !fails(c) && usual >= loginBytes && usual <= guessBytes
}

// loginBytes is the fewest bytes of a session with a login service in which a password
// is asked for: the negotiation of a remote desktop has about a thousand, that of SSH
// several. A monitor that only opens the port exchanges two or three packets.
const loginBytes = 500
