// Package engines implements the flags of commands that use a database. Profile prints
// the SQL that computes the aggregates of a day there, makes profiles of them, or asks a
// server for them. Query and detect ask a server for answers and for profiles of days.
package engines

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/reportgen/internal/aggregates"
	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/days"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
	"github.com/flowbook/flowbook/reportgen/internal/sqltext"
	"github.com/flowbook/flowbook/reportgen/internal/usage"
)

// Options are the flags of reportgen profile that have to do with databases.
type Options struct {
	dialect    string
	server     Server
	into       string
	aggregates []string // folders
}

// AddFlags adds the flags to a command.
func (o *Options) AddFlags(c *cobra.Command) {
	f := c.Flags()
	usage.Choice(c, &o.dialect, "sql", "`DIALECT` print SQL that computes the aggregates of a profile", sqltext.Dialects()...)
	o.server.AddFlags(f, "let a database compute the profile", "--sql or --engine")
	f.TimeVar(&o.server.flows.Day, "day", time.Time{}, []string{time.DateOnly}, "`DATE` with --sql or --engine: only the rows of this day, in UTC")
	f.StringVar(&o.into, "into", "aggregates", "`PLACE` with --sql: folder, object store or schema to write the tables to")
	f.StringArrayVar(&o.aggregates, "from-aggregates", nil, "`FOLDER` make the profile of the tables that the SQL wrote (repeatable, for parts of a day)")
}

// Given reports whether any of the flags is set.
func (o *Options) Given() bool {
	return o.dialect != "" || o.server.Given() || len(o.aggregates) > 0 || o.describesSource()
}

func (o *Options) describesSource() bool {
	return o.server.describesSource() || !o.server.flows.Day.IsZero()
}

// check returns an error if flags or arguments do not go together.
func (o *Options) check(files []string, out string) error {
	switch {
	case o.dialect != "" && o.server.url != "" || len(o.aggregates) > 0 && o.dialect+o.server.url != "":
		return errors.New("--sql, --engine and --from-aggregates are three ways to a profile; choose one")
	case len(o.aggregates) > 0 && o.describesSource():
		return errors.New("--from-aggregates: the tables are of their flows already; leave out --source, --mapping, --day and --optional")
	case len(o.aggregates) > 0 && out == "":
		return errors.New("--from-aggregates: missing -o, the profile to write")
	case len(o.aggregates) > 0:
		return nil
	case o.dialect+o.server.url == "":
		return errors.New("--source, --mapping, --day and --optional need --sql or --engine")
	case len(files) > 0:
		return errors.New("--sql and --engine read no files; name the flows with --source")
	case o.server.url != "" && out == "":
		return errors.New("--engine: missing -o, the profile to write")
	case o.dialect != "" && out != "":
		return errors.New("--sql prints statements; leave out -o, or let a server compute the profile with --engine")
	case o.dialect != "" && !o.server.named():
		return errors.New("--sql: missing --source, the flow files or the table to read")
	}
	return nil
}

// Run prints SQL to w, or writes the profile that a database computes to the file out.
func (o *Options) Run(ctx context.Context, files []string, out string, w io.Writer, c *console.Console) error {
	if err := o.check(files, out); err != nil {
		return err
	}
	if o.dialect != "" {
		return o.print(w)
	}
	var p *profile.Profile
	var err error
	if o.server.Given() {
		p, err = o.server.profile(ctx, o.server.flows.Day)
	} else if p, err = aggregates.Read(ctx, aggregates.Tables{Folders: o.aggregates, Files: files}); err != nil {
		err = fmt.Errorf("--from-aggregates: %w", err)
	}
	if err != nil {
		return err
	}
	days.WarnRejected(c, p)
	return flowfile.WriteProfile(out, p)
}

func (o *Options) print(w io.Writer) error {
	d, err := sqltext.Get(o.dialect)
	if err != nil {
		return fmt.Errorf("--sql: %w", err)
	}
	text, err := d.Script(o.server.flows, o.into)
	if err != nil {
		return fmt.Errorf("--sql: %w", err)
	}
	_, err = io.WriteString(console.Writer(w), text) // of a mapping by others, perhaps
	return err
}
