// Dump writes the aggregates of a profile as CSV, so that another program can
// compare them with its own: hours.csv, slots.csv and conversations.csv in the
// folder given.
//
//	go run ./reportgen/internal/bench/dump day.profile folder
package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strconv"

	"github.com/flowbook/flowbook/pkg/profile"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: dump PROFILE FOLDER")
		os.Exit(2)
	}
	if err := dump(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "dump:", err)
		os.Exit(1)
	}
}

func dump(from, folder string) error {
	raw, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	p, err := profile.Unmarshal(raw)
	if err != nil {
		return err
	}
	return errors.Join(
		write(filepath.Join(folder, "hours.csv"), hours(p)),
		write(filepath.Join(folder, "slots.csv"), slots(p)),
		write(filepath.Join(folder, "conversations.csv"), conversations(p)),
	)
}

// write writes rows; the first row names the columns.
func write(path string, rows iter.Seq[[]string]) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := csv.NewWriter(f)
	for row := range rows {
		if err := w.Write(row); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

func hours(p *profile.Profile) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		if !yield([]string{"hour", "flows", "up", "down"}) {
			return
		}
		for h, c := range p.Hours() {
			if c.Flows > 0 && !yield(append(texts(int64(h)), counts(c)...)) {
				return
			}
		}
	}
}

func slots(p *profile.Profile) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		if !yield([]string{"src", "slot", "flows", "up", "down"}) {
			return
		}
		for _, h := range p.Hosts {
			for _, s := range h.Slots {
				if !yield(append([]string{h.Addr.String(), strconv.Itoa(int(s.Index))}, counts(s.Counts)...)) {
					return
				}
			}
		}
	}
}

func conversations(p *profile.Profile) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		head := []string{"src", "dst", "proto", "port", "flows", "up", "down", "max_up", "max_down", "first", "last"}
		for h := range 24 {
			head = append(head, fmt.Sprintf("h%d", h))
		}
		if !yield(append(head, "seconds", "gap_sum", "gap_squares", "gap_min", "gap_max")) {
			return
		}
		for _, c := range p.Conversations {
			row := append([]string{c.Src.String(), c.Dst.String(), c.Proto.String(), strconv.Itoa(int(c.Port))}, counts(c.Counts)...)
			row = append(row, texts(c.MaxUp, c.MaxDown, int64(c.First), int64(c.Last))...)
			for _, n := range c.Hours {
				row = append(row, strconv.FormatUint(uint64(n), 10))
			}
			if !yield(append(row, gaps(c.Seconds)...)) {
				return
			}
		}
	}
}

// gaps returns the number of seconds, and sum, sum of squares, minimum and
// maximum of the gaps between them.
func gaps(s profile.Seconds) []string {
	var sum, squares, least, most int64
	for i, gap := range s.Gaps() {
		g := int64(gap)
		if sum, squares = sum+g, squares+g*g; i == 0 || g < least {
			least = g
		}
		most = max(most, g)
	}
	return texts(int64(s.Len()), sum, squares, least, most)
}

func counts(c profile.Counts) []string { return texts(c.Flows, c.Up, c.Down) }

func texts(numbers ...int64) []string {
	t := make([]string, len(numbers))
	for i, n := range numbers {
		t[i] = strconv.FormatInt(n, 10)
	}
	return t
}
