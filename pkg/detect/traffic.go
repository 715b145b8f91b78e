package detect

import (
	"net/netip"

	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
)

// AddrTotal is the traffic of one address, as source or as destination.
type AddrTotal struct {
	Addr    netip.Addr
	Country geo.Country // zero for internal addresses and where unknown
	Owner   geo.Owner
	Peers   int     // distinct addresses at the other end
	Share   float64 // of the exchange's bytes, 0 to 1
	Ratio   float64 // up ÷ down bytes; 0 where nothing came down
	profile.Counts
}

// CountryTotal is the traffic with one country; the zero Country stands for
// addresses whose country is not known.
type CountryTotal struct {
	Country geo.Country
	Hosts   int     // distinct addresses at the other end
	Share   float64 // of the exchange's flows, 0 to 1
	profile.Counts
}

// OwnerTotal is the traffic with one owner of addresses; the zero Owner stands
// for addresses whose owner is not known.
type OwnerTotal struct {
	Owner geo.Owner
	Hosts int     // distinct addresses at the other end
	Share float64 // of the exchange's bytes, 0 to 1
	profile.Counts
}

// Exchange is the traffic between one kind of sources and one kind of
// destinations. Lists are sorted by bytes, most first, countries by flows.
// Countries and Owners are those of the external side.
type Exchange struct {
	Total        profile.Counts
	Ratio        float64 // up ÷ down bytes; 0 where nothing came down
	Sources      []AddrTotal
	Destinations []AddrTotal
	Countries    []CountryTotal
	Owners       []OwnerTotal
	MedianFlows  float64 // per source
	MedianUp     float64 // bytes per source
	MedianDown   float64 // bytes per source
	MedianRatio  float64 // up ÷ down per source
}

// TrafficDay is the traffic that internal hosts opened on one day.
type TrafficDay struct {
	All             Exchange // with anybody, internal or external
	InternalServers Exchange // with internal servers
	InternalPeers   Exchange // with internal hosts that are no server
	External        Exchange // with external servers
}

// TrafficResult is the traffic of all days.
type TrafficResult struct {
	Baseline, Test TrafficDay
	Public         Exchange // external users with public servers
}

// Traffic adds up who exchanged how much with whom.
func Traffic(in Input) TrafficResult { return TrafficResult{} }
