// Profile reads flow files to one profile and prints how long that took, without
// the start of the program, as the peers do.
//
//	go run ./reportgen/internal/bench/profile [-n times] [-cpuprofile file] day.parquet...
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime/pprof"
	"time"

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
	if err := run(flag.Args(), *n, *to); err != nil {
		fmt.Fprintln(os.Stderr, "profile:", err)
		os.Exit(1)
	}
}

// run reads the files n times and prints the mean time.
func run(files []string, n int, to string) (err error) {
	if to != "" {
		f, err := os.Create(to)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return errors.Join(err, f.Close())
		}
		defer func() {
			pprof.StopCPUProfile()
			err = errors.Join(err, f.Close())
		}()
	}
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
