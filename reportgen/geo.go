package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/reportgen/internal/geoconvert"
	"github.com/flowbook/flowbook/reportgen/internal/usage"
	"github.com/flowbook/flowbook/reportgen/internal/wholefile"
)

const geoConvertHelp = `Convert writes an MMDB from databases of countries or owners in other formats:

  legacy GeoIP .dat files, country and ASNum editions, IPv4 and IPv6
  Tor's geoip and geoip6, as in Debian's package tor-geoipdb
  CSV of network,country_code,asn,name or start,end,country_code,asn,name,
  with or without a header; a header may name the columns in any order

Several files, such as those of IPv4 and IPv6, become one MMDB. If networks overlap, the more
specific one wins. The build date of the MMDB is $SOURCE_DATE_EPOCH, in seconds since
1970, or 2024-01-01: the same input gives the same bytes.`

// newGeoCommand returns reportgen geo, which makes databases of countries and owners.
func newGeoCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "geo",
		Short: "Prepare databases of countries and owners of addresses",
		Long: `Geo prepares the databases that --country and --asn take. These are MMDB files, such as
GeoLite2 or DB-IP Lite. If you have a database in another format, convert it.`,
		Example: "  reportgen geo convert /usr/share/tor/geoip -o country.mmdb",
	}
	c.AddCommand(newGeoConvertCommand())
	return c
}

func newGeoConvertCommand() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "convert IN... -o OUT.mmdb",
		Short: "Convert GeoIP .dat files, Tor's geoip or CSV to an MMDB",
		Long:  geoConvertHelp,
		Example: `  reportgen geo convert /usr/share/tor/geoip /usr/share/tor/geoip6 -o country.mmdb
  reportgen geo convert GeoIPASNum.dat -o asn.mmdb`,
		Args: usage.AtLeastOne("IN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" {
				return errors.New("missing -o, the MMDB file to write")
			}
			if err := wholefile.CheckOutput(out, wholefile.MMDB, args...); err != nil {
				return fmt.Errorf("-o: %w", err)
			}
			table, err := geoconvert.Convert(args, out)
			if err != nil {
				return err
			}
			consoleOf(cmd).Infof("%s: %s", filepath.Base(out), table.Summary())
			return nil
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "`FILE` MMDB to write")
	return c
}
