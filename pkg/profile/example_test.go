package profile_test

import (
	"fmt"
	"net/netip"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// Two logs of one day, added up by two builders, give one profile.
func Example() {
	laptop, dns := netip.MustParseAddr("192.168.100.35"), netip.MustParseAddr("192.168.100.225")
	morning, evening := profile.NewBuilder(), profile.NewBuilder()
	morning.Add(flow.Record{Time: 9 * flow.Hour, Src: laptop, Dst: dns, Proto: flow.UDP, Port: 53, Up: 60, Down: 140})
	evening.Add(flow.Record{Time: 18 * flow.Hour, Src: laptop, Dst: dns, Proto: flow.UDP, Port: 53, Up: 70, Down: 150})

	day := profile.Merge(morning.Profile(), evening.Profile())
	for _, s := range day.Services() {
		fmt.Println(s.Dst, s.Proto, s.Port, s.Counts, "clients:", s.Clients)
	}
	fmt.Println(day.Conversations[0].Seconds.Gaps())
	// Output:
	// 192.168.100.225 udp 53 {2 130 290} clients: 1
	// [32400]
}
