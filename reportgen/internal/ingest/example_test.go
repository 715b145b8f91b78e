package ingest_test

import (
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/flowbook/flowbook/reportgen/internal/ingest"
)

// This example reads a log, sorts its flows and prints the summary.
func Example() {
	zeek, err := ingest.Lookup("zeek")
	if err != nil {
		log.Fatal(err)
	}
	r, err := ingest.Open(zeek, []string{"testdata/conn.log"}, ingest.Options{})
	if err != nil {
		log.Fatal(err)
	}
	s := addAll(r)
	for f, err := range s.Sorted() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(f.Date, f.Time, f.Src, f.Dst, f.Proto, f.Port, f.Up, f.Down)
	}
	if err := s.Close(); err != nil {
		log.Fatal(err)
	}
	if _, err := r.Summary().WriteTo(os.Stdout); err != nil {
		log.Fatal(err)
	}
	// Output:
	// 2024-04-18 23:59:58.25 192.168.100.7 192.0.2.10 tcp 443 1200 48000
	// 2024-04-19 00:00:00.50 2001:db8::7 2001:db8::10 tcp 443 700 9000
	// 2024-04-19 00:00:01.12 192.168.100.7 192.168.100.2 udp 53 40 120
	// 2024-04-19 00:00:02.00 192.168.100.8 192.0.2.10 icmp 2048 0 0
	// 2024-04-19 00:00:03.00 192.168.100.8 192.0.2.11 tcp 22 0 0
	// read 5 rows of 1 file
	// counted unknown bytes as 0 in 2 rows; first testdata/conn.log:12
	// read flows of other protocols (icmp 1), which detections do not use
}

// addAll adds the flows of a log to a sorter.
func addAll(r *ingest.Reader) *ingest.Sorter {
	s := new(ingest.Sorter)
	for {
		f, err := r.Read()
		if errors.Is(err, io.EOF) {
			return s
		}
		if err != nil {
			log.Fatal(err)
		}
		if err := s.Add(f); err != nil {
			log.Fatal(err)
		}
	}
}
