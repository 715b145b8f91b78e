package sentinel

import (
	"bytes"
	"context"
	"io"
	"net/netip"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
	"go4.org/netipx"

	"github.com/flowbook/flowbook/pkg/geo"
)

// OwnedBy returns a lookup in which a network's owner has a name, any name.
func OwnedBy(t testing.TB, name string, network netip.Prefix) *geo.Lookup {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "GeoLite2-ASN", IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	err = tree.Insert(netipx.PrefixIPNet(network), mmdbtype.Map{
		"autonomous_system_number":       mmdbtype.Uint32(64500),
		"autonomous_system_organization": mmdbtype.String(name),
	})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := tree.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	db, err := geo.OpenBytes("test", b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	l, err := geo.New(nil, db)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

var FindPeers = findPeers
var NewInsiders = newInsiders
var UnusualUploads = unusualUploads

// WriteMarkdown writes the analysis as a report.
func (a *Analysis) WriteMarkdown(ctx context.Context, w io.Writer) error {
	return a.writeMarkdown(ctx, w)
}
