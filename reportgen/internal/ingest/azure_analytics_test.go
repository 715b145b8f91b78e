package ingest

import (
	"fmt"
	"strings"
	"testing"
)

// Tables of Azure's traffic analytics: of virtual networks as the portal exports them and as JSON, and of security groups.
const (
	analyticsCSV = `"TimeGenerated [UTC]",SubType,FlowType,"FlowStartTime [UTC]","FlowEndTime [UTC]",FlowStatus,SrcIp,DestIp,SrcPublicIps,DestPublicIps,DestPort,L4Protocol,PacketsDestToSrc,PacketsSrcToDest,BytesDestToSrc,BytesSrcToDest
"4/19/2024, 12:40:00.000 PM",FlowLog,IntraVNet,"4/19/2024, 12:34:56.500 PM","4/19/2024, 12:40:00.000 PM",Allowed,10.0.0.5,10.0.1.7,,,443,T,20,12,88000,3400
"4/19/2024, 12:40:00.000 PM",FlowLog,ExternalPublic,"4/19/2024, 12:34:57.000 PM","4/19/2024, 12:40:00.000 PM",Allowed,10.0.0.5,,,198.51.100.7|3|0|12|20|3400|88000 198.51.100.8|1|1|1|0|60|0,53,U,20,13,88000,3460
"4/19/2024, 12:40:00.000 PM",Topology,,,,,,,,,,,,,,
`
	analyticsJSON = `{"SubType":"FlowLog","FlowStartTime":"2024-04-19T12:34:56.5Z","FlowEndTime":"2024-04-19T12:40:00Z","FlowStatus":"Denied","SrcIp":"","DestIp":"10.0.1.7","SrcPublicIps":"203.0.113.9|3|0|3|0|180|0","DestPort":22,"L4Protocol":"T"}
`
	analyticsGroups = `TimeGenerated,SubType_s,FlowStartTime_t,FlowEndTime_t,FlowStatus_s,SrcIP_s,DestIP_s,SrcPublicIPs_s,DestPublicIPs_s,DestPort_d,L4Protocol_s,InboundPackets_d,OutboundPackets_d,InboundBytes_d,OutboundBytes_d
2024-04-19T12:40:00Z,FlowLog,2024-04-19T12:34:56Z,2024-04-19T12:40:00Z,A,10.0.0.5,10.0.1.7,,,443,T,20,12,88000.0,3400.0
`
	ociLog = `{"datetime":1713530096000,"logContent":{"data":{"action":"REJECT","bytesOut":3400,"destinationAddress":"198.51.100.7","destinationPort":443,"endTime":1713530156,"packets":12,"protocol":6,"protocolName":"TCP","sourceAddress":"10.0.0.5","sourcePort":50123,"startTime":1713530096,"status":"OK","version":"2"},"oracle":{"vnicocid":"ocid1.vnic"},"type":"com.oraclecloud.vcn.flowlogs.DataEvent"}}
{"datetime":1713530096000,"logContent":{"data":{"endTime":1713530156,"startTime":1713530096,"status":"NODATA","version":"2"},"type":"com.oraclecloud.vcn.flowlogs.NoDataEvent"}}
`
)

// TestAnalytics reads tables of traffic analytics, whose rows may list several addresses, and the format is detected.
func TestAnalytics(t *testing.T) {
	for _, tt := range []struct{ name, format, log, want, said string }{
		{"portal.csv", "azure", analyticsCSV, "2024-04-19 12:34:56.50 10.0.0.5 > 10.0.1.7:443 3400/88000\n2024-04-19 12:34:57.00 10.0.0.5 > 198.51.100.7:53 3400/88000\n2024-04-19 12:34:57.00 10.0.0.5 > 198.51.100.8:53 60/0\n",
			"read sums of the connections of an interval"},
		{"denied.ndjson", "azure", analyticsJSON, "2024-04-19 12:34:56.50 203.0.113.9 > 10.0.1.7:22 180/0\n", "in 1 row"},
		{"array.json", "azure", "[\n" + strings.TrimSpace(analyticsJSON) + ",\n{\"SubType\": \"Topology\"}\n]\n", "2024-04-19 12:34:56.50 203.0.113.9 > 10.0.1.7:22 180/0\n", "Topology"},
		{"groups.csv", "azure", analyticsGroups, "2024-04-19 12:34:56.00 10.0.0.5 > 10.0.1.7:443 3400/88000\n", ""},
		{"bad.csv", "azure", strings.ReplaceAll(analyticsCSV, "|60|0", "|60"), "2024-04-19 12:34:56.50 10.0.0.5 > 10.0.1.7:443 3400/88000\n", `wrong number of fields; first `},
		{"oci.json", "oci", ociLog, "2024-04-19 12:34:56.00 10.0.0.5 > 198.51.100.7:443 3400/0\n", "NODATA"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := write(t, t.TempDir(), tt.name, []byte(tt.log))
			format, err := Detect([]string{path}, Options{})
			if err != nil || format.Name != tt.format {
				t.Fatalf("%q, %v", format.Name, err)
			}
			flows, summary, err := readAs(t, format.Name, []string{path}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			var said strings.Builder
			if _, err := summary.WriteTo(&said); err != nil {
				t.Fatal(err)
			}
			if got, _ := paired(t, &Sorter{}, flows); got != tt.want || !strings.Contains(said.String(), tt.said) {
				t.Errorf("%s\n%s", got, said.String())
			}
		})
	}
}

// TestAnalyticsHours reads sums of a client that calls a server all day: they are one flow, and neither a rhythm of an hour nor
// a long connection, which only the sums have.
func TestAnalyticsHours(t *testing.T) {
	log := analyticsHeader
	for hour := range 24 {
		log += fmt.Sprintf("FlowLog,2024-04-19T%02d:00:%02dZ,2024-04-19T%02d:59:30Z,Allowed,10.0.0.5,,198.51.100.7|60|60|120|120|6000|9000,443,T\n", hour, hour, hour)
	}
	rows, _, err := readAs(t, "azure", []string{write(t, t.TempDir(), "hours.csv", []byte(log))}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	flows, pairing := pairedFlows(t, &Sorter{}, rows)
	if len(flows) != 1 || pairing.Pieces != 23 || flows[0].Up != 24*6000 || flows[0].Down != 24*9000 || flows[0].Duration.Known() {
		t.Errorf("%d flows, %+v: %+v", len(flows), pairing, flows)
	}
}

const analyticsHeader = "SubType,FlowStartTime,FlowEndTime,FlowStatus,SrcIp,DestIp,DestPublicIps,DestPort,L4Protocol\n"
