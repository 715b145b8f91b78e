package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/flowbook/flowbook/reportgen/internal/ingest"
)

// NetFlow has a row for each direction. A Sorter joins the rows before it sorts
// them.
func ExampleSorter_Pair() {
	nfdump, err := ingest.Lookup("nfdump")
	if err != nil {
		log.Fatal(err)
	}
	r, err := ingest.Open(nfdump, []string{"testdata/nfdump.txt"}, ingest.Options{})
	if err != nil {
		log.Fatal(err)
	}
	s := addAll(r)
	pairing, err := s.Pair(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for f, err := range s.Sorted() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(f.Time, f.Src, f.Dst, f.Proto, f.Port, f.Up, f.Down)
	}
	if err := s.Close(); err != nil {
		log.Fatal(err)
	}
	if _, err := r.Summary().WriteTo(os.Stdout); err != nil {
		log.Fatal(err)
	}
	if _, err := pairing.WriteTo(os.Stdout); err != nil {
		log.Fatal(err)
	}
	// Output:
	// 09:00:00.12 192.168.100.7 192.168.100.2 udp 53 61 143
	// 09:00:01.48 192.168.100.7 192.0.2.10 tcp 443 1804 48210
	// 09:00:05.00 192.168.100.8 192.168.100.9 tcp 22 60 0
	// 09:00:06.00 192.168.100.8 192.168.100.9 icmp 2048 84 0
	// read 6 rows of 1 file
	// read flows of other protocols (icmp 1), which detections do not use
	// joined 6 rows into 4 connections: 2 connections with both directions, 2 connections with one
	// decided who opened 1 connection by TCP flags, 3 connections by the likelier service port
}

// A table of any columns is read with a map of them.
func ExampleOpen_map() {
	csv, err := ingest.Lookup("csv")
	if err != nil {
		log.Fatal(err)
	}
	r, err := ingest.Open(csv, []string{"testdata/table.csv"}, ingest.Options{
		Time: "02.01.2006 15:04:05",
		Map: map[string]string{
			"timestamp": "Begin", "src_ip": "Client", "dst_ip": "Server", "port": "Port", "proto": "Layer 4",
			"up_bytes": "Bytes sent", "total_bytes": "Bytes",
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	for {
		f, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(f.Date, f.Time, f.Src, f.Dst, f.Proto, f.Port, f.Up, f.Down)
	}
	if _, err := r.Summary().WriteTo(os.Stdout); err != nil {
		log.Fatal(err)
	}
	// Output:
	// 2024-04-19 09:00:00.00 192.168.100.7 192.0.2.10 tcp 443 1804 50196
	// 2024-04-19 09:00:02.00 192.168.100.8 192.168.100.2 udp 53 61 143
	// read 3 rows of 1 file
	// left out 1 row: time not readable; first testdata/table.csv:4: Begin "19.04.2024 09:00"
}
