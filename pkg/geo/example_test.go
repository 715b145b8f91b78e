package geo_test

import (
	"fmt"
	"net/netip"

	"github.com/flowbook/flowbook/pkg/geo"
)

func ExampleLookup() {
	l, err := geo.Open("../../testdata/country.mmdb", "../../testdata/asn.mmdb")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	for _, s := range []string{"142.250.184.196", "82.155.120.34", "192.168.100.35"} {
		a := netip.MustParseAddr(s)
		fmt.Printf("%s: %q, %q\n", a, l.Country(a).Name, l.Owner(a).Name)
	}
	fmt.Println(l.Err())
	// Output:
	// 142.250.184.196: "United States", "Google LLC"
	// 82.155.120.34: "Portugal", "Servicos De Comunicacoes E Multimedia S.A."
	// 192.168.100.35: "", ""
	// <nil>
}
