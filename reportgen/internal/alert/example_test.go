package alert_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/reportgen/internal/alert"
)

// A finding of 25 December as an event of the Elastic Common Schema.
func ExampleWrite() {
	f := detect.Finding{Rule: "exfiltration", Entity: netip.MustParseAddr("192.168.100.35"), Severity: detect.High, Score: 0.97, Attack: []string{"T1567.002"},
		Summary: "uploaded 1.2 GB", Window: [2]flow.Time{9 * flow.Hour, 10 * flow.Hour},
		Evidence: map[string]any{"src_ip": "192.168.100.35", "dst_ip": "142.250.184.196", "up_bytes": 1_200_000_000}}
	a, err := alert.New(f, nil, alert.Day{Midnight: time.Date(2024, 12, 25, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		fmt.Println(err)
		return
	}
	e := a.ECS()
	fmt.Println(e.Timestamp, e.Event.Kind, e.Source.IP, e.Destination.IP, *e.Source.Bytes, e.Threat.Technique.ID, e.Threat.Technique.Subtechnique.ID)

	if err := alert.Write(os.Stdout, []alert.Alert{a}, "json"); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 2024-12-25 10:00:00 +0000 UTC alert 192.168.100.35 142.250.184.196 1200000000 [T1567] [T1567.002]
	// {"uid":"b0dd1e83-b572-500a-8010-229524b83efa","first":"2024-12-25T09:00:00Z","last":"2024-12-25T10:00:00Z","rule":"exfiltration","entity":"192.168.100.35","severity":"high","score":0.97,"attack":["T1567.002"],"summary":"uploaded 1.2 GB","evidence":{"dst_ip":"142.250.184.196","src_ip":"192.168.100.35","up_bytes":1200000000},"window":[3240000,3600000]}
}

// Alerts are appended to a file; a second run would append again.
func ExampleDeliver() {
	dir, err := os.MkdirTemp("", "alerts")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	to, err := alert.ParseDestination("file:" + dir + "/alerts.jsonl")
	if err != nil {
		fmt.Println(err)
		return
	}
	a, err := alert.New(detect.Finding{Rule: "beacon", Entity: netip.MustParseAddr("10.0.0.7"), Severity: detect.High}, nil, alert.Day{Midnight: time.Date(2024, 12, 25, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		fmt.Println(err)
		return
	}
	var routes alert.Routes
	routes.Add(to, alert.Options{Spool: dir + "/spool"}, []alert.Alert{a})
	for _, d := range alert.Deliver(context.Background(), routes.List()) {
		fmt.Println(d.Sent, d.Kept, d.Lost, d.Err())
	}
	// Output: 1 0 0 <nil>
}
