package synth

import (
	"encoding/binary"
	"net/netip"

	"github.com/flowbook/flowbook/pkg/flow"
)

// site is an address outside the organisation that its hosts visit.
type site struct {
	addr netip.Addr
	size float64 // bytes per flow, as a multiple of the mean
	quic bool
	// idle are the days on which no user goes there: new legitimate addresses
	// appear each day, and others go.
	idle map[dayName]bool
}

// pool holds the addresses outside the organisation, and gives each out once.
type pool struct {
	networks  []network
	byCountry map[string]*weighted[*site]
	taken     map[netip.Addr]bool
}

// The addresses that the coursework report names: uploads to a cloud drive of
// Google and to one of Microsoft. On ordinary days they are sites as others.
var (
	googleDrive = netip.AddrFrom4([4]byte{142, 250, 184, 196})
	oneDrive    = netip.AddrFrom4([4]byte{13, 107, 42, 17})
	publicDNS   = netip.AddrFrom4([4]byte{8, 8, 8, 8})
)

// idleShare is the share of sites that rest on each of the two days.
const idleShare = 0.05

func newPool(r rng) *pool {
	p := &pool{networks: networks, byCountry: map[string]*weighted[*site]{}, taken: map[netip.Addr]bool{}}
	size := map[string]float64{}
	for _, c := range countries() {
		size[c.code] = c.size
	}
	for _, n := range p.networks {
		for i := range n.sites {
			s := &site{addr: p.siteAddr(n, i, r), size: size[n.code], quic: n.quic}
			if s.size == 0 {
				s.size = 1
			}
			if i > 0 && r.chance(2*idleShare) {
				s.idle = map[dayName]bool{[]dayName{dataDay, testDay}[r.IntN(2)]: true}
			}
			w := p.byCountry[n.code]
			if w == nil {
				w = &weighted[*site]{}
				p.byCountry[n.code] = w
			}
			// Popularity falls with rank (Zipf).
			w.add(s, n.weight*float64(n.sites)/float64(i+2))
		}
	}
	return p
}

// siteAddr is the address of the i-th site of n. Well-known ones come first.
func (p *pool) siteAddr(n network, i int, r rng) netip.Addr {
	for _, a := range []netip.Addr{googleDrive, oneDrive} {
		if i == 0 && n.prefix.Contains(a) {
			p.taken[a] = true
			return a
		}
	}
	return p.free(n.prefix, r)
}

// free draws an address that nothing else uses. Prefixes are far larger than
// what is drawn from them.
func (p *pool) free(prefix netip.Prefix, r rng) netip.Addr {
	base := binary.BigEndian.Uint32(prefix.Addr().AsSlice())
	for {
		n := base | r.Uint32N(1<<(32-prefix.Bits()))
		a := netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, n)))
		if low := n & 0xff; low != 0 && low != 0xff && !p.taken[a] {
			p.taken[a] = true
			return a
		}
	}
}

// reserve draws n addresses of a country and, unless empty, an owner, which
// no ordinary flow goes to.
func (p *pool) reserve(r rng, code, owner string, n int) []netip.Addr {
	var from weighted[network]
	for _, net := range p.networks {
		if net.code == code && (owner == "" || net.owner == owner) {
			from.add(net, max(net.weight, 0.1))
		}
	}
	addrs := make([]netip.Addr, n)
	for i := range addrs {
		addrs[i] = p.free(from.pick(r).prefix, r)
	}
	return addrs
}

// reserveIn draws n addresses of a prefix, which no ordinary flow goes to.
func (p *pool) reserveIn(r rng, prefix string, n int) []netip.Addr {
	addrs := make([]netip.Addr, n)
	for i := range addrs {
		addrs[i] = p.free(netip.MustParsePrefix(prefix), r)
	}
	return addrs
}

// count is how many addresses of a prefix are in use.
func (p *pool) count(prefix string) int {
	within := netip.MustParsePrefix(prefix)
	n := 0
	for a := range p.taken {
		if within.Contains(a) {
			n++
		}
	}
	return n
}

// visit is a kind of flow: where to and how large.
type visit struct {
	dst   netip.Addr
	proto flow.Proto
	port  uint16
	up    float64 // mean bytes sent
	ratio float64 // bytes received over bytes sent, in the mean
	sigma [2]float64
}

// The kinds of flow of an office. Sigmas are of the logarithm of the bytes
// sent and of the ratio.
const (
	httpsUp    = 11_100 // bytes
	httpsRatio = 9.25
	dnsUp      = 175 // bytes
	dnsRatio   = 2.3
)

func https(dst netip.Addr, up, ratio float64) visit {
	return visit{dst: dst, proto: flow.TCP, port: 443, up: up, ratio: ratio, sigma: [2]float64{1, 0.5}}
}

func dns(dst netip.Addr) visit {
	return visit{dst: dst, proto: flow.UDP, port: 53, up: dnsUp, ratio: dnsRatio, sigma: [2]float64{0.3, 0.35}}
}

// flow draws the bytes of one flow of this kind.
func (v visit) flow(r rng, t flow.Time, src netip.Addr) flow.Record {
	up := max(40, r.logNormal(v.up, v.sigma[0]))
	down := up * r.logNormal(v.ratio, v.sigma[1])
	return flow.Record{Time: t, Src: src, Dst: v.dst, Proto: v.proto, Port: v.port, Up: int64(up), Down: int64(down)}
}
