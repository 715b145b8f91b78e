package engines

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/flowbook/flowbook/pkg/budget"
	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/query"
	"github.com/flowbook/flowbook/reportgen/internal/aggregates"
	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/days"
	"github.com/flowbook/flowbook/reportgen/internal/engine"
	"github.com/flowbook/flowbook/reportgen/internal/sqltext"
	"github.com/flowbook/flowbook/reportgen/internal/workdir"
)

// Server is the flags that name a database and the flows in it.
type Server struct {
	url   string
	flows sqltext.Flows
}

// AddFlags adds the flags. The first text says what the database is for, and the other
// names the flags that those of the source belong to.
func (s *Server) AddFlags(f *pflag.FlagSet, purpose, with string) {
	f.StringVar(&s.url, "engine", "", "`URL` "+purpose+": clickhouse://[USER@]HOST[:PORT]/DATABASE[?table=TABLE&secure=true]")
	f.StringVar(&s.flows.Source, "source", "", "`EXPR` with "+with+": flow files, such as 'day/*.parquet', a table, or a function that returns one")
	f.StringVar(&s.flows.Mapping, "mapping", "", "`MAPPING` with "+with+": how columns of the source become those of flows: "+strings.Join(sqltext.Mappings(), ", ")+", or a YAML file")
	f.StringSliceVar(&s.flows.Optional, "optional", nil, "`COLUMN,...` with "+with+": optional columns that the source has, such as duration,state,name")
}

// Given reports whether a database is named.
func (s *Server) Given() bool { return s.url != "" }

func (s *Server) named() bool { return s.flows.Source != "" || s.flows.Mapping != "" }

func (s *Server) describesSource() bool { return s.named() || len(s.flows.Optional) > 0 }

// Check returns an error if a source is described without a database.
func (s *Server) Check() error {
	if !s.Given() && s.describesSource() {
		return errors.New("--source, --mapping and --optional need --engine")
	}
	return nil
}

// open returns the database, its dialect, and the flows of a day, or of all if the date
// is zero.
func (s *Server) open(date time.Time) (*clickHouse, *sqltext.Dialect, sqltext.Source, error) {
	fail := func(err error) (*clickHouse, *sqltext.Dialect, sqltext.Source, error) {
		return nil, nil, sqltext.Source{}, err
	}
	db, err := parseServer(s.url)
	if err != nil {
		return fail(err)
	}
	flows := s.flows
	flows.Day = date
	if flows.Source == "" {
		flows.Source = db.table
	} else if db.table != "" {
		return fail(errors.New("--source and the table of --engine: name one of them"))
	}
	d, err := sqltext.Get("clickhouse")
	if err != nil {
		return fail(err)
	}
	source, err := d.Find(flows)
	if err != nil {
		return fail(fmt.Errorf("--engine: %w", err))
	}
	return db, d, source, nil
}

// profile makes the profile of a day. The aggregates are in files of a temporary folder
// until they are read.
func (s *Server) profile(ctx context.Context, date time.Time) (p *profile.Profile, err error) {
	db, d, source, err := s.open(date)
	if err != nil {
		return nil, err
	}
	name := cmp.Or(s.flows.Source, db.table, s.flows.Mapping)
	if !date.IsZero() {
		name += "-" + date.Format(time.DateOnly)
	}
	err = inFolder(func(dir string) error {
		for _, q := range d.Queries(source) {
			if err := db.answer(ctx, q.SQL, filepath.Join(dir, q.Table+".parquet"), maxAnswer); err != nil {
				return fmt.Errorf("table %s: %w", q.Table, err)
			}
		}
		p, err = aggregates.Read(ctx, aggregates.Tables{Folders: []string{dir}, Name: name})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("--engine: %w", err)
	}
	return p, nil
}

// inFolder calls use with a temporary folder.
func inFolder(use func(dir string) error) error {
	dir, err := workdir.Make(os.TempDir(), "flowbook-tables-")
	if err != nil {
		return err
	}
	return errors.Join(use(dir.Path), dir.Remove())
}

// Answer lets the database answer a query about the flows of a day, or of all days if
// the date is zero. The result may have as many bytes as memory says.
func (s *Server) Answer(ctx context.Context, q query.Query, date time.Time, internal flow.Networks, memory int64) (r *engine.Result, err error) {
	db, d, source, err := s.open(date)
	if err != nil {
		return nil, err
	}
	question, err := source.Question(q, internal, date)
	if err != nil {
		return nil, err
	}
	text, err := d.Ask(source, question)
	if err != nil {
		return nil, err
	}
	err = inFolder(func(dir string) error {
		path := filepath.Join(dir, "answer.parquet")
		if err := db.answer(ctx, text, path, memory); errors.As(err, new(*budget.Exceeded)) {
			return fmt.Errorf("%w; choose fewer flows with a condition, group by fewer columns, or allow more with --memory", err)
		} else if err != nil {
			return err
		}
		if r, err = question.Read(ctx, path); err != nil {
			return err
		}
		rejected := filepath.Join(dir, aggregates.Rejected+".parquet")
		if err := db.answer(ctx, d.RejectedRows(source), rejected, memory); err != nil {
			return err
		}
		r.Rejected, err = aggregates.ReadRejected(ctx, rejected)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("--engine: %w", err)
	}
	return r, nil
}

// OpenDays makes the profiles of the days that a selection names. Its test day is a date,
// and its baselines are dates or ranges of them, such as 2024-03-23..2024-04-19. Days of a
// range without flows are left out.
func (s *Server) OpenDays(ctx context.Context, selection days.Selection, in *detect.Input, c *console.Console) (err error) {
	if selection.Folder != "" {
		return errors.New("--days and --engine: name either a folder or a database; with --engine, --test and --baseline are dates")
	}
	read := func(flag string, date time.Time) (detect.Day, error) {
		p, err := s.profile(ctx, date)
		if err != nil {
			return detect.Day{}, fmt.Errorf("%s %s: %w", flag, date.Format(time.DateOnly), err)
		}
		days.WarnRejected(c, p)
		return detect.Day{Date: date, Profile: p}, nil
	}
	if in.TestDate, err = parseDay("--test", selection.Test); err != nil {
		return err
	}
	var ranges [][]time.Time
	for _, given := range selection.Baselines {
		dates, err := parseDays("--baseline", given)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(dates, in.TestDate.Equal) {
			return fmt.Errorf("--baseline %s: has the date of the day under test, %s", given, selection.Test)
		}
		ranges = append(ranges, dates)
	}
	test, err := read("--test", in.TestDate)
	if err != nil {
		return err
	}
	in.Test = test.Profile
	for _, dates := range ranges {
		for _, date := range dates {
			d, err := read("--baseline", date)
			if errors.Is(err, aggregates.ErrNoFlows) && len(dates) > 1 {
				c.Warnf("%v; the day is left out", err)
				continue
			}
			if err != nil {
				return err
			}
			in.History = append(in.History, d)
		}
	}
	return selection.OpenServers(ctx, in, c)
}

// parseDays returns the dates of a flag: one, or those of a range with both ends.
func parseDays(flag, text string) ([]time.Time, error) {
	from, to, isRange := strings.Cut(text, "..")
	first, err := parseDay(flag, from)
	if err != nil || !isRange {
		return []time.Time{first}, err
	}
	last, err := parseDay(flag, to)
	if err != nil {
		return nil, err
	}
	if days := last.Sub(first).Hours() / 24; days < 0 || days > mostDays {
		return nil, fmt.Errorf("%s %s: want a range of 1 to %d days, the first date first", flag, text, mostDays+1)
	}
	var dates []time.Time
	for d := first; !d.After(last); d = d.AddDate(0, 0, 1) {
		dates = append(dates, d)
	}
	return dates, nil
}

// mostDays is the longest time between the ends of a range, in days.
const mostDays = 365

// parseDay reads the date of a flag.
func parseDay(flag, text string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return t, fmt.Errorf("%s %s: want a date such as 2024-04-20", flag, text)
	}
	return t, nil
}
