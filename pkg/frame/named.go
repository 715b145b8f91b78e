package frame

import (
	"net/netip"

	"github.com/go-gota/gota/series"

	"github.com/flowbook/flowbook/pkg/geo"
)

// Named adds to f who has the addresses of a column, and where: the columns
// owner and country, empty where that is not known, as for internal addresses.
func Named(f Frame, column string, l *geo.Lookup) Frame {
	addrs, err := Strings(f, column)
	if err != nil {
		return Frame{Err: err}
	}
	owners, countries := make([]string, len(addrs)), make([]string, len(addrs))
	for i, s := range addrs {
		a, err := netip.ParseAddr(s)
		if err != nil {
			continue // no address has no owner
		}
		owners[i], countries[i] = l.Owner(a).Name, countryName(l.Country(a))
	}
	return f.Mutate(series.New(owners, series.String, "owner")).
		Mutate(series.New(countries, series.String, "country"))
}
