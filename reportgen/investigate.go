package main

import (
	"path/filepath"

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
		Long: `Investigate writes a report about one entity in a day of flows: its activity, peers and
services, its volumes compared with its history and with similar entities, and findings
with their evidence.

The entity is an address, an owner (name or AS15169; needs -p asn=FILE) or a country (name
or code; needs -p country=FILE). Parameters in report.yaml apply too.`,
		Example: "  reportgen investigate 192.168.100.35 -p test=tuesday.parquet -p baseline=monday.parquet -o host",
		Args:    usage.Arguments("ENTITY"),
		RunE:    func(cmd *cobra.Command, args []string) error { return flags.investigate(cmd, args[0]) },
	}
	flags.addOutput(c, "investigation")
	return c
}

// investigate writes the report about an entity.
func (o runFlags) investigate(cmd *cobra.Command, entity string) error {
	o.verify = investigate.Check
	return o.write(cmd, func() (*report.Source, []report.Member, error) {
		source, members, err := investigate.Source(entity)
		if err == nil {
			err = o.setLanguage(cmd, source)
		}
		return source, members, err
	})
}

// dossiers writes reports about entities into the folder of a report.
func (o runFlags) dossiers(cmd *cobra.Command) error {
	dir, all := o.out, o.written
	o.written = nil
	for _, d := range all {
		o.out = filepath.Join(dir, filepath.FromSlash(d.Folder))
		if err := o.investigate(cmd, d.Entity); err != nil {
			return err
		}
	}
	return nil
}
