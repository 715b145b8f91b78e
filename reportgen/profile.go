package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/reportgen/internal/days"
	"github.com/flowbook/flowbook/reportgen/internal/engines"
	"github.com/flowbook/flowbook/reportgen/internal/usage"
	"github.com/flowbook/flowbook/reportgen/internal/wholefile"
)

// newProfileCommand returns reportgen profile, which makes profiles of flow files.
func newProfileCommand() *cobra.Command {
	var out string
	var engine engines.Options
	c := &cobra.Command{
		Use:   "profile [FILE...]",
		Short: "Make profiles of flow files",
		Long: `Profile reads Parquet flow files and makes profiles of them, from which detections,
tables and figures are computed.

Without -o, it adds a profile of each file to the profile cache and prints its path.
With -o, it merges the profiles of all files and writes the result. Files may also be
profiles, such as those that other machines made of their part of the flows.

If the flows are in a database, or too many for one machine, compute their aggregates there.
--sql prints the SQL, which writes tables of aggregates as Parquet files. --from-aggregates
makes a profile of these tables; it has the same bytes as a profile of the flow files. FILE
then names the flow files that the tables were computed from: they are hashed, not read.

With --engine, a ClickHouse server computes the aggregates and sends them, without files in
between. The password is read from $CLICKHOUSE_PASSWORD. --mapping reads the tables of other
programs: Akvorado, RITA, or Zeek's conn.log as Vector and Filebeat store it.`,
		Example: "  reportgen profile data.parquet test.parquet\n  reportgen profile day/*.parquet -o day.profile\n  reportgen profile node-*.profile -o day.profile\n" +
			"  reportgen profile --sql duckdb --source 'day/*.parquet' --into tables | duckdb\n" +
			"  reportgen profile --from-aggregates tables day/*.parquet -o day.profile\n" +
			"  reportgen profile --engine clickhouse://reader@db.example/rita --mapping rita --day 2024-04-20 -o day.profile",
		RunE: func(cmd *cobra.Command, args []string) error {
			if out != "" {
				if err := wholefile.CheckOutput(out, wholefile.Profile); err != nil {
					return fmt.Errorf("-o: %w", err)
				}
			}
			if engine.Given() {
				return engine.Run(cmd.Context(), args, out, cmd.OutOrStdout(), consoleOf(cmd))
			}
			if err := usage.AtLeastOne("FILE")(cmd, args); err != nil {
				return err
			}
			if out != "" {
				return days.WriteProfile(cmd.Context(), args, out, consoleOf(cmd))
			}
			return days.CacheProfiles(cmd.Context(), args, cmd.OutOrStdout(), consoleOf(cmd))
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "`FILE` merge the profiles of all files into this file")
	engine.AddFlags(c)
	return c
}
