package frame_test

import (
	"fmt"
	"net/netip"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/frame"
	"github.com/flowbook/flowbook/pkg/profile"
)

// exampleDay returns a day on which one host contacts a server on two ports, and another
// host the same server on one.
func exampleDay() *profile.Profile {
	server := netip.MustParseAddr("203.0.113.9")
	b := profile.NewBuilder()
	for i, port := range []uint16{443, 443, 53} {
		b.Add(flow.Record{Time: flow.Hour, Src: netip.MustParseAddr("10.0.0.1"), Dst: server, Proto: flow.TCP, Port: port, Up: int64(100 * (i + 1)), Down: 50})
	}
	b.Add(flow.Record{Time: flow.Hour, Src: netip.MustParseAddr("10.0.0.2"), Dst: server, Proto: flow.TCP, Port: 443, Up: 10, Down: 90})
	return b.Profile()
}

func ExampleConversations() {
	for _, row := range frame.Conversations(exampleDay()).Select([]string{"src_ip", "dst_ip", "port", "flows"}).Records() {
		fmt.Println(row)
	}
	// Output:
	// [src_ip dst_ip port flows]
	// [10.0.0.1 203.0.113.9 53 1]
	// [10.0.0.1 203.0.113.9 443 2]
	// [10.0.0.2 203.0.113.9 443 1]
}

func ExamplePairs() {
	for _, row := range frame.Pairs(exampleDay()).Select([]string{"src_ip", "flows", "up_bytes", "ports"}).Records() {
		fmt.Println(row)
	}
	// Output:
	// [src_ip flows up_bytes ports]
	// [10.0.0.1 3 600 2]
	// [10.0.0.2 1 10 1]
}

// The hosts above the median of bytes sent.
func ExampleAbove() {
	fmt.Println(frame.Strings(frame.Above(frame.Hosts(exampleDay()), "up_bytes", 0.5), "src_ip"))
	// Output: [10.0.0.1] <nil>
}
