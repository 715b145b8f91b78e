// Query answers queries about a flow file and prints, for each, how long that took
// and the rows of the result, as the peers do.
//
//	go run ./reportgen/internal/bench/query [-cpuprofile file] day.parquet < queries
//
// Each line of standard input is a query as package query writes it in JSON.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/flowbook/flowbook/pkg/query"
	"github.com/flowbook/flowbook/reportgen/internal/bench"
	"github.com/flowbook/flowbook/reportgen/internal/engine"
)

func main() {
	to := flag.String("cpuprofile", "", "write a CPU profile to this `file`")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: query [-cpuprofile file] FILE")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := bench.Profiled(*to, func() error { return run(flag.Arg(0)) }); err != nil {
		fmt.Fprintln(os.Stderr, "query:", err)
		os.Exit(1)
	}
}

// run answers the queries of standard input.
func run(file string) error {
	out := json.NewEncoder(os.Stdout)
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		var q query.Query
		if err := json.Unmarshal(in.Bytes(), &q); err != nil {
			return err
		}
		start, cpu := time.Now(), cpuSeconds()
		r, err := engine.Run(context.Background(), []engine.Source{{Path: file}}, q, engine.Options{})
		if err != nil {
			return err
		}
		seconds, cpu := time.Since(start).Seconds(), cpuSeconds()-cpu
		if err := out.Encode(map[string]any{"seconds": seconds, "cpu": cpu, "rows": rows(r.Table)}); err != nil {
			return err
		}
	}
	return in.Err()
}

// cpuSeconds returns the CPU time of the process so far.
func cpuSeconds() float64 {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r) // it knows this process
	return time.Duration(r.Utime.Nano() + r.Stime.Nano()).Seconds()
}

// rows returns the rows of a table.
func rows(t *query.Table) [][]any {
	all := make([][]any, t.Len())
	for i := range all {
		for _, c := range t.Columns {
			switch {
			case c.Texts != nil:
				all[i] = append(all[i], c.Texts[i])
			case c.Ints != nil:
				all[i] = append(all[i], c.Ints[i])
			default:
				all[i] = append(all[i], c.Floats[i])
			}
		}
	}
	return all
}
