package detect_test

import (
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
)

func TestExfiltration(t *testing.T) {
	const hosts = 40
	tests := []struct {
		name      string
		base, day func(l *lab)
		want      []string
	}{
		{"an ordinary day", nil, nil, nil},
		{"a few huge uploads to Google", nil, func(l *lab) { l.https(4, host(3), googleDrive, 120e6, 2e6) }, []string{host(3)}},
		{"low and slow to a rented host", nil, func(l *lab) { l.https(400, host(4), rented, 150e3, 4e3) }, []string{host(4)}},
		{"spread over addresses of one owner", nil, func(l *lab) {
			for i := range 30 {
				l.https(1, host(5), visitor(i), 4e6, 1e5)
			}
		}, []string{host(5)}},
		{"a new host that uploads", nil, func(l *lab) { l.https(4, host(hosts), oneDrive, 120e6, 2e6) }, []string{host(hosts)}},
		{"a backup on both days",
			func(l *lab) { l.flows(20, host(6), backupSite, flow.TCP, 443, 100e6, 1e6, flow.Hour, 3*flow.Hour) },
			func(l *lab) { l.flows(20, host(6), backupSite, flow.TCP, 443, 120e6, 1e6, flow.Hour, 3*flow.Hour) }, nil},
		{"a backup to another address of its owner",
			func(l *lab) { l.https(20, host(6), backupSite, 100e6, 1e6) },
			func(l *lab) { l.https(20, host(6), "52.95.9.9", 100e6, 1e6) }, nil},
		{"a download", nil, func(l *lab) { l.https(50, host(7), googleDrive, 4e6, 400e6) }, nil},
		{"a call", nil, func(l *lab) {
			l.flows(3, host(8), "13.107.64.2", flow.UDP, 3478, 300e6, 310e6, 9*flow.Hour, 12*flow.Hour)
		}, nil},
		{"an upload to an internal server", nil, func(l *lab) { l.https(4, host(9), web, 300e6, 1e6) }, nil},
		{"uploads to an address that is mostly read from", nil, func(l *lab) {
			l.https(400, host(3), googleDrive, 40e3, 2e6).https(4, host(3), googleDrive, 120e6, 2e6)
		}, []string{host(3)}},
		{"uploads where most hosts make calls",
			func(l *lab) { l.talks(1, hosts) },
			func(l *lab) { l.talks(2, hosts).https(4, host(3), googleDrive, 120e6, 2e6) }, []string{host(3)}},
		{"uploads by a host that made calls to the same owner",
			func(l *lab) {
				l.flows(3, host(3), "142.250.9.9", flow.UDP, 3478, 300e6, 310e6, 9*flow.Hour, 12*flow.Hour)
			},
			func(l *lab) { l.https(4, host(3), googleDrive, 120e6, 2e6) }, []string{host(3)}},
		{"uploads where others back up to the same owner",
			func(l *lab) { l.backups(0, 4, backupSite) },
			func(l *lab) { l.backups(0, 4, backupSite).https(4, host(9), "52.95.7.7", 120e6, 2e6) }, []string{host(9)}},
		{"a backup that is rolled out", nil, func(l *lab) { l.backups(0, 8, backupSite) }, nil},
		{"a host more with a backup",
			func(l *lab) { l.backups(0, 4, backupSite) },
			func(l *lab) { l.backups(0, 5, backupSite) }, nil},
		{"a large file, where others send such",
			func(l *lab) { l.https(1, host(10), googleDrive, 2e6, 5e3).https(1, host(11), oneDrive, 3e6, 5e3) },
			func(l *lab) { l.https(1, host(12), googleDrive, 4e6, 5e3) }, nil},
		{"an ordinary attachment", nil, func(l *lab) { l.https(1, host(10), googleDrive, 60e3, 5e3) }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before, after := offices(hosts, tt.base, tt.day)
			in := detect.Input{Baseline: before.profile(), Test: after.profile(), Geo: lookup(t)}
			wantAlerts(t, detect.Exfiltration(in).Findings, tt.want...)
		})
	}
}

// talks has half of the hosts make video calls.
func (l *lab) talks(first, hosts int) *lab {
	for i := first; i < hosts; i += 2 {
		l.flows(3, host(i), "13.107.64.2", flow.UDP, 3478, 150e6, 140e6, 9*flow.Hour, 16*flow.Hour)
	}
	return l
}

// backups has some hosts upload to one address, each more than the one before.
func (l *lab) backups(from, to int, dst string) *lab {
	for i := from; i < to; i++ {
		l.flows(12, host(i), dst, flow.TCP, 443, int64(30e6+i*10e6), 1e6, 10*flow.Hour, 12*flow.Hour)
	}
	return l
}

func TestExfiltrationGolden(t *testing.T) {
	after := office(2, 40)
	after.flows(2, host(3), googleDrive, flow.TCP, 443, 435000698, 5429053, 9*flow.Hour+29*flow.Minute, 11*flow.Hour)
	after.https(400, host(4), rented, 150e3, 4e3)
	r := detect.Exfiltration(detect.Input{Baseline: office(1, 40).profile(), Test: after.profile(), Geo: lookup(t)})
	golden(t, "exfiltration", r)
	paces := map[string]string{}
	for _, u := range r.Uploads {
		paces[u.Src.String()] = u.Pace
	}
	if paces[host(3)] != detect.PaceFast || paces[host(4)] != detect.PaceSlow {
		t.Errorf("uploads %+v, want a fast and a slow one", r.Uploads)
	}
}
