package engine

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/gopacket/gopacket/layers"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/query"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// The countries and owners of addresses without one, as in tables of reports.
const (
	internalNetwork = "Internal network"
	unknownCountry  = "Unknown country"
	unknownOwner    = "Unknown owner"
)

// end is what is derived of an address.
type end struct {
	known          bool // whether the rest is set
	internal       bool
	country, owner uint32 // codes of texts
}

// deriver remembers what was derived of codes.
type deriver struct {
	run      *run
	ends     []end                   // by code of the address
	services map[flow.Proto][]uint32 // by port
	words    [4]uint32               // codes of query.Directions
	ready    bool
}

// badCode is the lowest code that stands for no address. Rows with one are not
// chosen, but derived with the others.
const badCode = 1 << 31

// end returns what is derived of an address.
func (d *deriver) end(code uint32, dict query.Dictionary) *end {
	if code >= badCode {
		return &end{}
	}
	if int(code) >= len(d.ends) {
		d.ends = slices.Grow(d.ends, int(code)+1-len(d.ends))[:code+1]
	}
	e := &d.ends[code]
	if !e.known {
		a := dict.Address(code)
		*e = end{known: true, internal: d.run.internal.Contains(a)}
		e.country, e.owner = d.run.texts.code(internalNetwork), d.run.texts.code(internalNetwork)
		if !e.internal {
			e.country, e.owner = d.run.texts.code(countryOf(d.run.geo, a)), d.run.texts.code(ownerOf(d.run.geo, a))
		}
	}
	return e
}

func countryOf(l *geo.Lookup, a netip.Addr) string {
	c := l.Country(a)
	if len(c.Code) == 2 {
		return geo.CountryName(c.Code)
	}
	return cmp.Or(c.Name, c.Code, unknownCountry)
}

func ownerOf(l *geo.Lookup, a netip.Addr) string {
	o := l.Owner(a)
	if o.Name == "" && o.ASN != 0 {
		return fmt.Sprintf("AS%d", o.ASN)
	}
	return cmp.Or(o.Name, unknownOwner)
}

// ofEnd derives the country or owner of the source or of the destination.
func (c *columns) ofEnd(name string, v *query.Vector) error {
	place := flowfile.PlaceSrc
	if strings.HasPrefix(name, "dst_") {
		place = flowfile.PlaceDst
	}
	ends, err := c.Column(place)
	if err != nil {
		return err
	}
	v.Codes = slices.Grow(v.Codes[:0], len(ends.Codes))[:len(ends.Codes)]
	country := strings.HasSuffix(name, query.ColCountry)
	for _, k := range c.wanted() {
		if e := c.derive.end(ends.Codes[k], ends.Dict); country {
			v.Codes[k] = e.country
		} else {
			v.Codes[k] = e.owner
		}
	}
	return nil
}

// ofBothEnds derives the columns that depend on which ends are internal.
func (c *columns) ofBothEnds(name string, v *query.Vector) error {
	src, err := c.Column(flowfile.PlaceSrc)
	if err != nil {
		return err
	}
	dst, err := c.Column(flowfile.PlaceDst)
	if err != nil {
		return err
	}
	n := c.Len()
	if name == query.ColInternal {
		v.Ints = slices.Grow(v.Ints[:0], n)[:n]
	} else {
		v.Codes = slices.Grow(v.Codes[:0], n)[:n]
	}
	words := c.derive.directions()
	for _, k := range c.wanted() {
		s, d := *c.derive.end(src.Codes[k], src.Dict), *c.derive.end(dst.Codes[k], dst.Dict)
		external := d
		if d.internal {
			external = s
		}
		switch name {
		case query.ColCountry:
			v.Codes[k] = external.country
		case query.ColOwner:
			v.Codes[k] = external.owner
		case query.ColInternal:
			v.Ints[k] = 0
			if s.internal && d.internal {
				v.Ints[k] = 1
			}
		default:
			v.Codes[k] = words[direction(s.internal, d.internal)]
		}
	}
	return nil
}

// direction returns the place of a direction in query.Directions.
func direction(src, dst bool) int {
	switch {
	case src && dst:
		return 2
	case src:
		return 0
	case dst:
		return 1
	}
	return 3
}

// directions returns the codes of query.Directions.
func (d *deriver) directions() [4]uint32 {
	if !d.ready {
		for i, word := range query.Directions {
			d.words[i] = d.run.texts.code(word)
		}
		d.ready = true
	}
	return d.words
}

// services derives the names of ports.
func (c *columns) services(v *query.Vector) error {
	protos, err := c.Column(flowfile.PlaceProto)
	if err != nil {
		return err
	}
	ports, err := c.ints(flowfile.PlacePort)
	if err != nil {
		return err
	}
	v.Codes = slices.Grow(v.Codes[:0], len(protos.Codes))[:len(protos.Codes)]
	for _, k := range c.wanted() {
		v.Codes[k] = c.derive.service(flow.Proto(protos.Codes[k]), uint16(ports[0][k]))
	}
	return nil
}

// service returns the code of the name of a port.
func (d *deriver) service(proto flow.Proto, port uint16) uint32 {
	if d.services == nil {
		d.services = map[flow.Proto][]uint32{}
	}
	codes := d.services[proto]
	if codes == nil {
		codes = make([]uint32, 1<<16)
		d.services[proto] = codes
	}
	if codes[port] == 0 { // code 0 is the date of the first file
		codes[port] = d.run.texts.code(ServiceName(proto, port))
	}
	return codes[port]
}

// usualNames are names of services that are in wider use than those of IANA.
var usualNames = map[string]string{"domain": "dns", "microsoft-ds": "smb", "ms-wbt-server": "rdp", "bootps": "dhcp", "bootpc": "dhcp"}

// ServiceName returns the name of a port: that of IANA, or the usual one (dns, smb,
// rdp, dhcp), or the protocol and number, such as tcp/50001. Of a protocol without
// ports it returns the name of the protocol.
func ServiceName(proto flow.Proto, port uint16) string {
	var name string
	switch {
	case !proto.HasPorts():
		return proto.String()
	case proto == flow.TCP:
		name, _ = layers.TCPPortNames(layers.TCPPort(port))
	case proto == flow.UDP:
		name, _ = layers.UDPPortNames(layers.UDPPort(port))
	}
	name = strings.ToLower(name)
	return cmp.Or(usualNames[name], name, fmt.Sprintf("%s/%d", proto, port))
}
