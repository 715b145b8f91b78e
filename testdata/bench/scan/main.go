// Scan reads a flow file to its profile and prints how long that took, without
// the start of the program, as the peers do.
//
//	go run ./testdata/bench/scan day.parquet
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/flowbook/flowbook/pkg/scan"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: scan FILE")
		os.Exit(2)
	}
	start := time.Now()
	p, err := scan.File(context.Background(), os.Args[1], scan.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, "scan:", err)
		os.Exit(1)
	}
	fmt.Printf("{\"seconds\": %f, \"conversations\": %d}\n", time.Since(start).Seconds(), len(p.Conversations))
}
