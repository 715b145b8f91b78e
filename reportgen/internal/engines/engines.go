// Package engines is what reportgen profile does with databases: it prints the SQL that
// computes a day's aggregates there, and makes the profile of them.
package engines

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"github.com/flowbook/flowbook/reportgen/internal/aggregates"
	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/days"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
	"github.com/flowbook/flowbook/reportgen/internal/sqltext"
)

// Options are the flags of reportgen profile that have to do with databases.
type Options struct {
	SQL        sqltext.Script
	Aggregates []string // folders
}

// AddFlags adds the flags.
func (o *Options) AddFlags(f *pflag.FlagSet) {
	f.StringVar(&o.SQL.Dialect, "sql", "", "`DIALECT` print SQL that computes the aggregates of a profile: "+strings.Join(sqltext.Dialects(), ", "))
	f.StringVar(&o.SQL.Source, "source", "", "`EXPR` with --sql: flow files, such as 'day/*.parquet', a table, or a function that returns one")
	f.StringVar(&o.SQL.Into, "into", "aggregates", "`PLACE` with --sql: folder, object store or schema that takes the tables")
	f.StringSliceVar(&o.SQL.Optional, "optional", nil, "`COLUMN,...` with --sql: optional columns of the source, such as duration,state,name")
	f.StringArrayVar(&o.Aggregates, "from-aggregates", nil, "`FOLDER` make the profile of the tables that the SQL wrote; can be repeated, for parts of a day")
}

// Given reports whether any of the flags asks for a database.
func (o *Options) Given() bool {
	return o.SQL.Dialect != "" || o.SQL.Source != "" || len(o.SQL.Optional) > 0 || len(o.Aggregates) > 0
}

// Check returns an error if flags or arguments do not go together.
func (o *Options) Check(files []string, out string) error {
	switch {
	case len(o.Aggregates) > 0 && (o.SQL.Dialect != "" || o.SQL.Source != ""):
		return errors.New("--from-aggregates and --sql: print the SQL first, run it, then make the profile of its tables")
	case len(o.Aggregates) > 0 && out == "":
		return errors.New("--from-aggregates: no file for the profile; name it with -o")
	case len(o.Aggregates) > 0:
		return nil
	case o.SQL.Dialect == "":
		return fmt.Errorf("--source and --optional need --sql with one of %s", strings.Join(sqltext.Dialects(), ", "))
	case o.SQL.Source == "":
		return errors.New("--sql: no source; name the flow files or the table with --source")
	case len(files) > 0 || out != "":
		return errors.New("--sql prints statements and reads no files; name the flows with --source")
	}
	return nil
}

// Run prints SQL to w, or writes the profile of aggregates to the file out.
func (o *Options) Run(ctx context.Context, files []string, out string, w io.Writer, c *console.Console) error {
	if err := o.Check(files, out); err != nil {
		return err
	}
	if o.SQL.Dialect != "" {
		text, err := o.SQL.Text()
		if err != nil {
			return fmt.Errorf("--sql: %w", err)
		}
		_, err = io.WriteString(w, text)
		return err
	}
	p, err := aggregates.Read(ctx, o.Aggregates, files)
	if err != nil {
		return fmt.Errorf("--from-aggregates: %w", err)
	}
	days.WarnRejected(c, p)
	return flowfile.WriteProfile(out, p)
}
