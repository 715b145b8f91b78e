package siem

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
)

// event is one conversation as a rule sees it.
type event struct {
	*profile.Conversation
	at *places
}

// places answers for addresses, each looked up once.
type places struct {
	internal flow.Networks
	geo      *geo.Lookup
	country  map[netip.Addr]string
	owner    map[netip.Addr]geo.Owner
}

func newPlaces(in detect.Input) *places {
	p := &places{internal: in.Internal, geo: in.Geo, country: map[netip.Addr]string{}, owner: map[netip.Addr]geo.Owner{}}
	if p.internal == nil {
		p.internal = flow.Private
	}
	return p
}

func (p *places) countryOf(a netip.Addr) string {
	c, ok := p.country[a]
	if !ok {
		c = p.geo.Country(a).Code
		p.country[a] = c
	}
	return c
}

func (p *places) ownerOf(a netip.Addr) geo.Owner {
	o, ok := p.owner[a]
	if !ok {
		o = p.geo.Owner(a)
		p.owner[a] = o
	}
	return o
}

// eventFields are the fields that a rule may name, each a string, a float64 or
// a bool. Counts are those of the day's conversation, not of one flow.
var eventFields = map[string]func(*event) any{
	"src_ip":       func(e *event) any { return e.Src.String() },
	"dst_ip":       func(e *event) any { return e.Dst.String() },
	"dst_port":     func(e *event) any { return float64(e.Port) },
	"port":         func(e *event) any { return float64(e.Port) },
	"proto":        func(e *event) any { return e.Proto.String() },
	"protocol":     func(e *event) any { return e.Proto.String() },
	"flows":        func(e *event) any { return float64(e.Flows) },
	"up_bytes":     func(e *event) any { return float64(e.Up) },
	"down_bytes":   func(e *event) any { return float64(e.Down) },
	"duration":     func(e *event) any { return e.longest() },
	"src_internal": func(e *event) any { return e.at.internal.Contains(e.Src) },
	"dst_internal": func(e *event) any { return e.at.internal.Contains(e.Dst) },
	"src_country":  func(e *event) any { return e.at.countryOf(e.Src) },
	"dst_country":  func(e *event) any { return e.at.countryOf(e.Dst) },
	"src_owner":    func(e *event) any { return e.at.ownerOf(e.Src).Name },
	"dst_owner":    func(e *event) any { return e.at.ownerOf(e.Dst).Name },
	"src_asn":      func(e *event) any { return float64(e.at.ownerOf(e.Src).ASN) },
	"dst_asn":      func(e *event) any { return float64(e.at.ownerOf(e.Dst).ASN) },
}

// longest is the duration of the longest flow in seconds, 0 if it is unknown.
func (e *event) longest() float64 {
	if e.Details == nil {
		return 0
	}
	return float64(e.Details.Longest) / float64(flow.Second)
}

// numberFields are those that add up over conversations.
var numberFields = []string{"flows", "up_bytes", "down_bytes"}

func unknownField(name string) string {
	return fmt.Sprintf("there is no field %q; flows have %s", name, strings.Join(slices.Sorted(maps.Keys(eventFields)), ", "))
}
