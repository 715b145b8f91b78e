package detect

import (
	"net/netip"
)

// RuleInternalP2P is the id of the rule of Botnet.
const RuleInternalP2P = "internal-p2p"

// PeerPair is the flows from one internal host to another that is no server.
type PeerPair struct {
	Src   netip.Addr `json:"src_ip"`
	Dst   netip.Addr `json:"dst_ip"`
	Flows int64      `json:"flows"`
	Up    int64      `json:"up_bytes"`
	Down  int64      `json:"down_bytes"`
	Ratio float64    `json:"ratio"` // up ÷ down bytes; 0 where nothing came down
	Diff  float64    `json:"diff"`  // |ratio − 1|
}

// Mesh is the evidence of an internal-p2p finding: hosts that talk to each
// other both ways.
type Mesh struct {
	Members []netip.Addr `json:"members"` // sorted
	Peers   []netip.Addr `json:"peers"`   // those that the entity talks with both ways
	Pairs   []PeerPair   `json:"pairs"`   // of the whole mesh, by source and destination
}

// BotnetResult is the meshes of internal hosts.
type BotnetResult struct {
	Pairs      []PeerPair // of all meshes, by source and destination
	Meshes     [][]netip.Addr
	OneWay     int // further pairs of hosts with flows one way only, or that are not new
	Thresholds []Threshold
	Findings   []Finding
}

// Botnet finds internal hosts that talk to each other both ways, evenly, and
// did not on the baseline day.
func Botnet(in Input) BotnetResult { return BotnetResult{} }
