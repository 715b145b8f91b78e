package synth

import (
	"fmt"
	"io"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
	"go4.org/netipx"
)

// buildEpoch is the date that the MMDB files state, 2024-01-01: a build date
// of its own would make every file differ.
const buildEpoch = 1_704_067_200

// WriteCountryDB writes an MMDB of type GeoLite2-Country that covers the
// plan's networks, with names in English.
func (p *Plan) WriteCountryDB(w io.Writer) error {
	names := countryNames()
	return p.writeDB(w, "GeoLite2-Country", func(n network) mmdbtype.Map {
		country := mmdbtype.Map{
			"iso_code": mmdbtype.String(n.code),
			"names":    mmdbtype.Map{"en": mmdbtype.String(names[n.code])},
		}
		return mmdbtype.Map{"country": country, "registered_country": country}
	})
}

// WriteOwnerDB writes an MMDB of type GeoLite2-ASN that covers the plan's
// networks.
func (p *Plan) WriteOwnerDB(w io.Writer) error {
	return p.writeDB(w, "GeoLite2-ASN", func(n network) mmdbtype.Map {
		return mmdbtype.Map{
			"autonomous_system_number":       mmdbtype.Uint32(n.asn),
			"autonomous_system_organization": mmdbtype.String(n.owner),
		}
	})
}

func (p *Plan) writeDB(w io.Writer, kind string, record func(network) mmdbtype.Map) error {
	tree, err := mmdbwriter.New(mmdbwriter.Options{
		BuildEpoch:   buildEpoch,
		DatabaseType: kind,
		Description:  map[string]string{"en": "Addresses of Flowbook's sample days"},
		Languages:    []string{"en"},
		RecordSize:   24,
	})
	if err != nil {
		return fmt.Errorf("making the %s database: %w", kind, err)
	}
	for _, n := range p.pool.networks {
		if err := tree.Insert(netipx.PrefixIPNet(n.prefix), record(n)); err != nil {
			return fmt.Errorf("making the %s database: %s: %w", kind, n.prefix, err)
		}
	}
	if _, err := tree.WriteTo(w); err != nil {
		return fmt.Errorf("writing the %s database: %w", kind, err)
	}
	return nil
}
