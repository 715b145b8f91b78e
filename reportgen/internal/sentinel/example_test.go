package sentinel_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/reportgen/internal/sentinel"
)

// dayOf is the day of some flows, in their order.
func dayOf(flows ...flow.Record) sentinel.Day {
	b := profile.NewBuilder()
	for _, f := range flows {
		b.Add(f)
	}
	return sentinel.Day{Profile: b.Profile(), Rows: func(yield func(flow.Record, error) bool) {
		for _, f := range flows {
			if !yield(f, nil) {
				return
			}
		}
	}}
}

func record(at flow.Time, src, dst string, up, down int64) flow.Record {
	return flow.Record{Time: at, Src: netip.MustParseAddr(src), Dst: netip.MustParseAddr(dst),
		Proto: flow.TCP, Port: 443, Up: up, Down: down}
}

// The measures of a day of four flows. Nothing is known of countries.
func ExampleAnalyze() {
	day := dayOf(
		record(9*flow.Hour, "192.168.104.3", "198.51.100.7", 1_000, 9_500),
		record(9*flow.Hour+200, "192.168.104.4", "198.51.100.7", 2_000, 17_000),
		record(10*flow.Hour, "192.168.104.3", "192.168.104.4", 500, 510),
		record(10*flow.Hour+5000, "192.168.104.5", "192.168.104.4", 400, 390),
	)
	a, err := sentinel.Analyze(context.Background(), day, nil, sentinel.Options{
		Distribution: true,
		Exfiltration: true, Percentile: 50,
		Botnet: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := a.WriteText(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// [!] Distribution of connection volume during the day.
	//
	// hour
	// 9     2
	// 10    2
	//
	// [!] IPs above the 50 percentile of the downloads over uploads in this session.
	//
	//           src_ip  down_bytes  up_bytes  ratio
	// 1  192.168.104.4       17000      2000    8.5
	//
	// [i] This ranks downloads, and lists a fixed share of the hosts on any day. Data carried out has the opposite sign: more sent than received.
	// [i] Fewer than 10 internal hosts sent anything outside: too few to say which uploads are unusual.
	//
	// [!] Flows between internal hosts to common destinations in the same subnet (192.168.104.0/24), may indicate the existence of an internal botnet.
	//
	//           dst_ip                          src_ip  frequency
	// 0  192.168.104.4  [192.168.104.3, 192.168.104.5]     0.0004
	//
	// [i] A server is contacted as often as a botnet. By the number of hosts that use it, this is a server: 192.168.104.4 (web, 2 clients).
	// [i] No other host of the subnet was contacted.
}
