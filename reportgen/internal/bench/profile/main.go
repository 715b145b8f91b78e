// Profile reads flow files to one profile and prints how long that took, without
// the start of the program, as the peers do.
//
//	go run ./reportgen/internal/bench/profile [-n times] [-cpuprofile file] day.parquet...
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/flowbook/flowbook/reportgen/internal/bench"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

func main() {
	n := flag.Int("n", 1, "how many `times` to read the files")
	to := flag.String("cpuprofile", "", "write a CPU profile to this `file`")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: profile [-n times] [-cpuprofile file] FILE...")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() == 0 || *n < 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := bench.Profiled(*to, func() error { return run(flag.Args(), *n) }); err != nil {
		fmt.Fprintln(os.Stderr, "profile:", err)
		os.Exit(1)
	}
}

// run reads the files n times and prints the mean time.
func run(files []string, n int) error {
	conversations := 0
	start := time.Now()
	for range n {
		p, err := flowfile.ProfileAll(context.Background(), files, flowfile.Options{})
		if err != nil {
			return err
		}
		conversations = len(p.Conversations)
	}
	fmt.Printf("{\"seconds\": %f, \"conversations\": %d}\n", time.Since(start).Seconds()/float64(n), conversations)
	return nil
}
