package ingest

import (
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/testenv"
)

// ownCapture is an hour of a client: a page every five minutes, a long connection, names,
// pings, IPv6, a scan, and a server that refuses.
func ownCapture(t testing.TB) []byte {
	t.Helper()
	var all []aPacket
	tcp := func(at float64, src, dst string, up, down int) {
		all = append(all, aPacket{at, src, dst, "S", 0, ""}, aPacket{at + .01, dst, src, "SA", 0, ""}, aPacket{at + .02, src, dst, "A", 0, ""},
			aPacket{at + .03, src, dst, "PA", up, ""}, aPacket{at + .05, dst, src, "PA", down, ""},
			aPacket{at + .1, src, dst, "FA", 0, ""}, aPacket{at + .11, dst, src, "FA", 0, ""}, aPacket{at + .12, src, dst, "A", 0, ""})
	}
	for i := range 12 {
		at := float64(300*i + 1)
		port := 50000 + i
		all = append(all, aPacket{at, fmt.Sprintf("10.0.0.5:%d", port), "10.0.0.1:53", "", 40, ""}, aPacket{at + .01, "10.0.0.1:53", fmt.Sprintf("10.0.0.5:%d", port), "", 90, ""})
		tcp(at+1, fmt.Sprintf("10.0.0.5:%d", port), "198.51.100.7:443", 400+i, 1300)
		clock := fmt.Sprintf("[2001:db8::5]:%d", 40000+i)
		all = append(all, aPacket{at + 2, clock, "[2001:db8::1]:123", "", 48, ""}, aPacket{at + 2.01, "[2001:db8::1]:123", clock, "", 48, ""})
		if i == 3 {
			for n := range 5 {
				all = append(all, aPacket{at + 3 + float64(n), "10.0.0.5:0", "10.0.0.1:0", "echo", 56, ""}, aPacket{at + 3.01 + float64(n), "10.0.0.1:0", "10.0.0.5:0", "reply", 56, ""})
			}
		}
		if i == 5 {
			for n := range 20 {
				to := fmt.Sprintf("10.0.0.%d:445", 100+n)
				all = append(all, aPacket{at + 4 + float64(n)/100, fmt.Sprintf("10.0.0.66:%d", 60000+n), to, "S", 0, ""})
				if n%2 == 0 {
					all = append(all, aPacket{at + 4.001 + float64(n)/100, to, fmt.Sprintf("10.0.0.66:%d", 60000+n), "RA", 0, ""})
				}
			}
		}
	}
	// A connection of half an hour with a packet every 20 seconds.
	const long, far = "10.0.0.5:55555", "198.51.100.9:22"
	all = append(all, aPacket{10, long, far, "S", 0, ""}, aPacket{10.01, far, long, "SA", 0, ""}, aPacket{10.02, long, far, "A", 0, ""})
	for i := range 90 {
		all = append(all, aPacket{30 + float64(20*i), long, far, "PA", 36, ""}, aPacket{30.02 + float64(20*i), far, long, "PA", 72, ""})
	}
	all = append(all, aPacket{1900, long, far, "FA", 0, ""}, aPacket{1900.01, far, long, "FA", 0, ""}, aPacket{1900.02, long, far, "A", 0, ""})
	slices.SortStableFunc(all, func(a, b aPacket) int {
		if a.at < b.at {
			return -1
		}
		return 1
	})
	return capture(t, false, all)
}

// joinedFlows returns the connections of logs, with the bytes of IP packets, without times.
func joinedFlows(t *testing.T, format string, paths ...string) map[string]int {
	t.Helper()
	opt := Options{}
	if format == "pcap" {
		opt.Bytes = IPBytes
	}
	rows, _, err := readAs(t, format, paths, opt)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]int{}
	flows, _ := pairedFlows(t, &Sorter{}, rows)
	for _, f := range flows {
		all[fmt.Sprintf("%s %s:%d > %s:%d %d/%d", f.Proto, f.Src, f.SrcPort, f.Dst, f.Port, f.Up, f.Down)]++
	}
	return all
}

// differences lists what one set of connections has and another lacks.
func differences(a, b map[string]int) (lines []string) {
	for _, k := range slices.Sorted(maps.Keys(a)) {
		if a[k] != b[k] {
			lines = append(lines, fmt.Sprintf("- %d × %s", a[k]-b[k], k))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(b)) {
		if _, ok := a[k]; !ok {
			lines = append(lines, fmt.Sprintf("+ %d × %s", b[k], k))
		}
	}
	return lines
}

// exported is a capture of the messages that softflowd sends of another capture.
func exported(t *testing.T, softflowd, path string, args ...string) string {
	t.Helper()
	listener, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	args = append([]string{"-r", path, "-d", "-a", "-n", listener.LocalAddr().String()}, args...)
	cmd := exec.CommandContext(t.Context(), softflowd, args...)
	cmd.Dir = t.TempDir()
	done := make(chan error, 1)
	go func() { // while this reads
		_, err := cmd.Output()
		done <- errorsOr(err, listener.SetReadDeadline(time.Now().Add(time.Second))) // what it sent is there by then
	}()
	var packets []aPacket
	b := make([]byte, 1<<16)
	for {
		n, err := listener.Read(b)
		if err != nil {
			break
		}
		packets = append(packets, aPacket{float64(len(packets)), "192.0.2.254:40000", "192.0.2.253:2055", "", 0, string(b[:n])})
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return write(t, t.TempDir(), "exports.pcap", capture(t, false, packets))
}

func errorsOr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// conversation is a line of tshark's conversations: two ends, and the frames of both
// directions.
var conversation = regexp.MustCompile(`(?m)^(\S+) +<-> (\S+) +\d+ [\d,.]+ \w+ +\d+ [\d,.]+ \w+ +(\d+) `)

// TestExportersAgree reads a capture itself, what softflowd exports of it, and what
// nfpcapd makes of it: the connections, and the conversations of tshark, are the same.
//
// They differ where programs end connections differently: softflowd waits 300 s for the
// next packet of UDP and nfpcapd 60 s, as this package does; tshark waits for ever. softflowd
// counts the padding of short Ethernet frames, which this capture does not have.
func TestExportersAgree(t *testing.T) {
	path := filepath.Join(t.TempDir(), "own.pcap")
	if err := os.WriteFile(path, ownCapture(t), 0o600); err != nil {
		t.Fatal(err)
	}
	want := joinedFlows(t, "pcap", path)
	if len(want) < 40 {
		t.Fatalf("%d connections", len(want))
	}
	t.Run("softflowd", func(t *testing.T) {
		softflowd := testenv.Program(t, "softflowd", "Debian's package softflowd")
		for _, version := range []string{"5", "9", "10", "10 -b", "10 -A milli", "10 -A nano"} {
			got := joinedFlows(t, "netflow", exported(t, softflowd, path, append([]string{"-v"}, strings.Fields(version)...)...))
			expected := maps.Clone(want)
			if version == "5" {
				maps.DeleteFunc(expected, func(k string, _ int) bool { return strings.Contains(k, "2001:") })
			}
			if diff := differences(expected, got); len(diff) > 0 {
				t.Errorf("NetFlow %s:\n%s", version, strings.Join(diff, "\n"))
			}
		}
	})
	t.Run("tshark", func(t *testing.T) {
		tshark := testenv.Program(t, "tshark", "Debian's package tshark")
		out, err := exec.CommandContext(t.Context(), tshark, "-r", path, "-q", "-z", "conv,tcp", "-z", "conv,udp").Output()
		if err != nil {
			t.Fatal(err)
		}
		got, expected := map[string]int{}, map[string]int{}
		name := func(ends []string, frames string) string {
			slices.Sort(ends)
			return strings.Join(ends, " - ") + " " + frames
		}
		for _, m := range conversation.FindAllStringSubmatch(string(out), -1) {
			got[name([]string{m[1], m[2]}, m[3])]++
		}
		rows, _, err := readAs(t, "pcap", []string{path}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		flows, _ := pairedFlows(t, &Sorter{}, rows)
		for _, f := range flows {
			if f.Proto.HasPorts() {
				ends := []string{fmt.Sprintf("%s:%d", f.Src, f.SrcPort), fmt.Sprintf("%s:%d", f.Dst, f.Port)}
				expected[name(ends, fmt.Sprint(f.UpPackets+f.DownPackets))]++
			}
		}
		if diff := differences(expected, got); len(diff) > 0 {
			t.Errorf("tshark:\n%s\n%s", strings.Join(diff, "\n"), out)
		}
	})
	t.Run("nfpcapd", func(t *testing.T) {
		nfpcapd := testenv.Program(t, "nfpcapd", "Debian's package nfdump")
		dir := t.TempDir()
		if out, err := exec.CommandContext(t.Context(), nfpcapd, "-r", path, "-w", dir).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		for _, compression := range []string{"", "-z", "-y", "-j"} {
			dir := dir
			if compression != "" {
				packed := filepath.Join(t.TempDir(), "nfcapd.202404191230")
				if out, err := exec.CommandContext(t.Context(), testenv.Program(t, "nfdump", "Debian's package nfdump"), "-R", dir, "-w", packed, compression).CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				dir = packed
			}
			if diff := differences(want, joinedFlows(t, "nfdump", dir)); len(diff) > 0 {
				t.Errorf("nfpcapd %s:\n%s", compression, strings.Join(diff, "\n"))
			}
		}
	})
}
