package query

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
)

// Column describes a column that expressions and queries can name.
type Column struct {
	Name  string
	Kind  Kind
	Unit  Unit
	Whole bool // the numbers are whole: vectors have Ints
	// Optional numbers are unknown where they are negative, and optional texts where
	// they are empty.
	Optional bool
	// Words are the only texts of the column, in lower case. Ordered ones are
	// compared by their place in Words.
	Words   []string
	Ordered bool
	// Alias returns the text that a word or number in an expression stands for.
	Alias func(word string) (string, error)
	// Either are columns that the name stands for: a test is true if it is true for
	// one of them.
	Either []string
	// Missing says why no row has a value, as part of an error. It is empty for a
	// column that can be used.
	Missing string
}

// Schema lists the columns of a table.
type Schema []Column

// Index returns the place of a column, or -1.
func (s Schema) Index(name string) int {
	return slices.IndexFunc(s, func(c Column) bool { return c.Name == name })
}

// Names returns the names of the columns.
func (s Schema) Names() []string {
	names := make([]string, len(s))
	for i, c := range s {
		names[i] = c.Name
	}
	return names
}

// The derived columns of flows.
const (
	ColDate       = "date"        // of the day, from the name of its file or folder
	ColHour       = "hour"        // of the day, 0 to 23
	ColBytes      = "bytes"       // up_bytes + down_bytes
	ColPackets    = "packets"     // up_packets + down_packets
	ColService    = "service"     // name of the port, such as https
	ColInternal   = "internal"    // whether both ends are internal
	ColDirection  = "direction"   // out, in, internal or external
	ColCountry    = "country"     // of the external end
	ColOwner      = "owner"       // of the external end
	ColSrcCountry = "src_country" // of src_ip
	ColDstCountry = "dst_country" // of dst_ip
	ColSrcOwner   = "src_owner"   // of src_ip
	ColDstOwner   = "dst_owner"   // of dst_ip
	colIP         = "ip"          // src_ip or dst_ip; only in conditions
)

// Directions are the values of the column direction: by which end is internal.
var Directions = []string{"out", "in", "internal", "external"}

// Flows is the schema of flows: the required and optional columns of flow files
// and the derived columns.
func Flows() Schema {
	whole := func(name string, u Unit) Column { return Column{Name: name, Kind: Number, Unit: u, Whole: true} }
	optional := func(name string, u Unit) Column {
		return Column{Name: name, Kind: Number, Unit: u, Whole: true, Optional: true}
	}
	text := func(name string) Column { return Column{Name: name, Kind: Text} }
	var states []string
	for s := flow.Established; s < flow.NumStates; s++ {
		states = append(states, s.String())
	}
	return Schema{
		whole(flow.ColTime, Clock),
		{Name: flow.ColSrc, Kind: Address},
		{Name: flow.ColDst, Kind: Address},
		{Name: flow.ColProto, Kind: Text, Alias: protoAlias},
		whole(flow.ColPort, NoUnit),
		whole(flow.ColUp, Bytes),
		whole(flow.ColDown, Bytes),
		optional(flow.ColDuration, Hundredths),
		optional(flow.ColSrcPort, NoUnit),
		optional(flow.ColUpPackets, NoUnit),
		optional(flow.ColDownPackets, NoUnit),
		{Name: flow.ColState, Kind: Text, Words: states, Optional: true},
		{Name: flow.ColName, Kind: Text, Optional: true},
		text(ColDate),
		whole(ColHour, NoUnit),
		whole(ColBytes, Bytes),
		optional(ColPackets, NoUnit),
		text(ColService),
		{Name: ColInternal, Kind: Bool, Whole: true},
		{Name: ColDirection, Kind: Text, Words: Directions},
		text(ColCountry), text(ColOwner),
		text(ColSrcCountry), text(ColDstCountry),
		text(ColSrcOwner), text(ColDstOwner),
		{Name: colIP, Kind: Address, Either: []string{flow.ColSrc, flow.ColDst}},
	}
}

// protoAlias returns the name of a protocol by name or number.
func protoAlias(word string) (string, error) {
	p, err := flow.ParseProto(word)
	if err != nil {
		var names []string
		for n := range 256 {
			if name := flow.Proto(n).String(); !strings.HasPrefix(name, "proto-") {
				names = append(names, name)
			}
		}
		if near := DidYouMean(word, names); near != "" {
			err = fmt.Errorf("protocol %q is not known; %s", word, near)
		}
	}
	return p.String(), err
}
