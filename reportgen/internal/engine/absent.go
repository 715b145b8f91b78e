package engine

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/query"
)

// absent returns, of a condition that is true for no flow, the texts that the days do not
// have at all, with the nearest that they have. An address that they do not have is an error,
// because a query about a host means one that exists. If the days have too many values for the
// memory, nothing is said about them.
func (r *run) absent(ctx context.Context, o Options) (absent []string, err error) {
	o.Progress = nil
	for _, s := range r.program.Sought {
		var names, values []string
		for _, column := range s.Columns {
			name := r.schema[column].Name
			found, err := Run(ctx, r.sources, query.Query{By: []string{name}}, o)
			if err != nil {
				return nil, ctx.Err()
			}
			names, values = append(names, name), append(values, found.Columns[0].Texts...)
		}
		column := strings.Join(names, " or ")
		switch {
		case s.Value.Kind == query.Address:
			if near := nearestAddresses(s.Value.Address, values); near != "" {
				return nil, s.Missing("the days have no %s %s; the nearest %s", column, s.Value.Address, near)
			}
		case !slices.Contains(values, s.Value.Words):
			values = slices.DeleteFunc(values, func(v string) bool { return v == "" })
			message := fmt.Sprintf("the days have no %s %q", column, s.Value.Words)
			if hint := query.DidYouMean(s.Value.Words, values); hint != "" {
				message += "; " + hint
			}
			absent = append(absent, message)
		}
	}
	return absent, nil
}

// nearestAddresses returns the addresses on both sides of one, in words. It is empty if the
// address is one of them.
func nearestAddresses(a netip.Addr, texts []string) string {
	all := make([]netip.Addr, len(texts))
	for i, text := range texts {
		all[i] = netip.MustParseAddr(text)
	}
	slices.SortFunc(all, netip.Addr.Compare)
	i, ok := slices.BinarySearchFunc(all, a, netip.Addr.Compare)
	switch {
	case ok || len(all) == 0:
		return ""
	case i == 0 || i == len(all):
		return "address is " + all[min(i, len(all)-1)].String()
	}
	return fmt.Sprintf("addresses are %s and %s", all[i-1], all[i])
}
