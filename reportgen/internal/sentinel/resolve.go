package sentinel

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// How reverse names are asked for: that many at once, and each for so long.
const (
	resolveAtOnce  = 16
	resolveTimeout = 5 * time.Second
)

// resolve asks for the reverse names of the addresses on cards, or for none
// without a resolver. A name server that does not answer is not an error:
// the card says so. Only the end of ctx is.
func (a *Analysis) resolve(ctx context.Context, cards []card) (map[netip.Addr]string, error) {
	names := map[netip.Addr]string{}
	if a.opt.Resolver == nil {
		return names, nil
	}
	var addrs []netip.Addr
	for _, c := range cards {
		addrs = append(addrs, c.about)
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	var g errgroup.Group
	g.SetLimit(resolveAtOnce)
	var mu sync.Mutex
	for _, addr := range slices.Compact(addrs) {
		g.Go(func() error {
			name := a.reverse(ctx, addr)
			mu.Lock()
			defer mu.Unlock()
			names[addr] = name
			return ctx.Err()
		})
	}
	return names, g.Wait()
}

// reverse returns the names of an address, or in words why there is none.
func (a *Analysis) reverse(ctx context.Context, addr netip.Addr) string {
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	names, err := a.opt.Resolver.LookupAddr(ctx, addr.String())
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound, err == nil && len(names) == 0:
		return "none"
	case err != nil:
		return "no answer"
	}
	for i, n := range names {
		names[i] = strings.TrimSuffix(clean(n), ".")
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
