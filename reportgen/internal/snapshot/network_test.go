package snapshot_test

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/snapshot"
)

// No script of a page reaches the network, whatever it asks with. DevTools sees requests of the page only, not those of
// sockets, of calls and of windows.
func TestNetwork(t *testing.T) {
	packages(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer packets.Close()
	var mu sync.Mutex
	var came []string
	note := func(what string, b []byte) {
		mu.Lock()
		defer mu.Unlock()
		first, _, _ := strings.Cut(string(b), "\n")
		came = append(came, fmt.Sprintf("%s %q", what, first))
	}
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			b := make([]byte, 200)
			n, _ := c.Read(b)
			note("tcp", b[:n])
			_ = c.Close()
		}
	}()
	go func() {
		b := make([]byte, 200)
		for {
			n, _, err := packets.ReadFrom(b)
			if err != nil {
				return
			}
			note("udp", b[:min(n, 4)])
		}
	}()
	b := snapshot.New(nil)
	scripts := strings.NewReplacer("$TCP", listener.Addr().String(), "$UDP", packets.LocalAddr().String()).Replace(`
		new WebSocket("ws://$TCP/socket");
		new EventSource("http://$TCP/events");
		navigator.sendBeacon("http://$TCP/beacon", "x");
		window.open("http://$TCP/window");
		const add = (name, attributes) => document.body.appendChild(Object.assign(document.createElement(name), attributes));
		add("iframe", {src: "http://$TCP/frame"});
		add("iframe", {srcdoc: "<script>new WebSocket('ws://$TCP/inner')<\\/script>"});
		new Worker(URL.createObjectURL(new Blob(["new WebSocket('ws://$TCP/worker'); fetch('http://$TCP/worker')"])));
		add("link", {rel: "preconnect", href: "http://$TCP/"});
		add("a", {href: "http://$TCP/link", ping: "http://$TCP/ping", target: "_blank"}).click();
		add("form", {action: "http://$TCP/form", target: "_blank"}).submit();
		const call = new RTCPeerConnection({iceServers: [{urls: "stun:$UDP"}, {urls: "turn:$TCP?transport=tcp", username: "a", credential: "b"}]});
		call.createDataChannel("x");
		call.createOffer().then((offer) => call.setLocalDescription(offer));
		new WebTransport("https://$UDP/transport").ready.catch(() => {});
		`)
	// Whether they are drawn does not matter: some requests are reported as missing.
	for _, end := range []string{"", `location = "http://` + listener.Addr().String() + `/location"`} {
		_, err := b.HTML("drawn <canvas></canvas><script>" + scripts + end + "</script>")
		if err == nil || !strings.Contains(err.Error(), "no installed package has") {
			t.Errorf("the scripts did not run: %v", err)
		}
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(came) > 0 {
		t.Errorf("reached the network:\n%s", strings.Join(slices.Compact(came), "\n"))
	}
}
