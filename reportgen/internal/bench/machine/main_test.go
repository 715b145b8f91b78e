package main

import "testing"

func TestMemoryCosts(t *testing.T) {
	for name, measure := range map[string]func() int64{
		"copying":  func() int64 { return int64(copying()) },
		"updating": func() int64 { return int64(updating()) },
		"touching": func() int64 { return int64(touching()) },
	} {
		if took := measure(); took <= 0 {
			t.Errorf("%s took %d ns", name, took)
		}
	}
}
