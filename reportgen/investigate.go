package main

import (
	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/reportgen/internal/investigate"
	"github.com/flowbook/flowbook/reportgen/internal/report"
	"github.com/flowbook/flowbook/reportgen/internal/usage"
)

// newInvestigateCommand returns the command that makes a report about one entity.
func newInvestigateCommand() *cobra.Command {
	var flags runFlags
	c := &cobra.Command{
		Use:   "investigate ENTITY",
		Short: "Write a report about a host, an address, an owner or a country",
		Long: `Investigate writes a report about one entity in a day of flows: when it was active and
first seen, with whom, by which services and with how much data, compared with its own
history and with others of its kind, and the findings about it with their evidence.

The entity is an address, the name or number (AS15169) of an owner, or the name or code
of a country, which need -p asn=FILE or -p country=FILE. Parameters in report.yaml apply
too. If no day has the entity, the error names the nearest ones.`,
		Example: "  reportgen investigate 192.168.100.35 -p test=tuesday.parquet -p baseline=monday.parquet -o host",
		Args:    usage.OneArgument("an ENTITY, such as 192.168.100.35"),
		RunE:    func(cmd *cobra.Command, args []string) error { return flags.investigate(cmd, args[0]) },
	}
	flags.addOutput(c, "investigation")
	return c
}

// investigate writes the report about an entity.
func (o runFlags) investigate(cmd *cobra.Command, entity string) error {
	o.verify = investigate.Check
	return o.write(cmd, func() (*report.Source, []report.Member, error) {
		source, err := investigate.Source(entity)
		return source, nil, err
	})
}

// dossiers writes the reports about the devices with alerts into the folder of a report.
func (o runFlags) dossiers(cmd *cobra.Command) error {
	options, err := o.options(cmd, !o.noCache)
	if err != nil {
		return err
	}
	return investigate.Dossiers(cmd.Context(), options, o.out, func(entity, folder string) error {
		o.out = folder
		return o.investigate(cmd, entity)
	})
}
