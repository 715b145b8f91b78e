package ingest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"
)

// Options say how logs are read. The zero value reads every day in UTC.
type Options struct {
	// Location is the time zone in which a day begins and ends and in which
	// the time of day is told; nil means UTC.
	Location *time.Location
	// Days are the days to read; flows of other days are left out, counted as
	// [OtherDay]. None means all.
	Days []Date
	// Progress, if set, is called now and then with the bytes read so far, of
	// the files as they are stored, and those of all files.
	Progress func(read, total int64)
}

// Reader reads the flows of many files, one after the other, in memory that
// does not grow with them. It is not safe for use by several goroutines.
type Reader struct {
	format Format
	clock  clock
	days   []Date
	files  []string // not opened yet
	tally  tally

	progress    func(read, total int64)
	read, total int64

	file    *os.File // being read, or nil
	decoder Decoder
	before  fileCount
}

// fileCount holds what had been counted when a file was opened.
type fileCount struct {
	rows, good int64
}

// Open prepares to read files, and the logs found in folders, in the order of
// their names. It fails where a path does not exist or a folder holds no log
// of the format.
func Open(f Format, paths []string, opt Options) (*Reader, error) {
	files, passed, err := find(f, paths)
	if err != nil {
		return nil, err
	}
	var total int64
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			return nil, err
		}
		total += info.Size()
	}
	loc := opt.Location
	if loc == nil {
		loc = time.UTC
	}
	return &Reader{
		format: f,
		clock:  clock{loc},
		days:   opt.Days,
		files:  files,
		tally:  newTally(len(files), passed),

		progress: opt.Progress,
		total:    total,
	}, nil
}

// Read returns the next flow, in the order of the log, and io.EOF after the
// last. Rows that do not become flows are counted in the Summary. Any other
// error names file and line, and is final.
func (r *Reader) Read() (Flow, error) {
	for {
		if r.decoder == nil {
			if len(r.files) == 0 {
				return Flow{}, io.EOF
			}
			if err := r.openNext(); err != nil {
				return Flow{}, err
			}
		}
		f, err := r.decoder.Read()
		if err == nil {
			if r.tally.flow(f, r.days) {
				return f, nil
			}
			continue
		}
		if row, ok := err.(*RowError); ok { //nolint:errorlint // a Decoder does not wrap it, and this is once a row
			r.tally.leaveOut(row)
			continue
		}
		if err := r.finish(err); err != nil {
			return Flow{}, err
		}
	}
}

// Close closes the file being read. Reading to the end closes it as well.
func (r *Reader) Close() error {
	r.files, r.decoder = nil, nil
	if r.file == nil {
		return nil
	}
	err := r.file.Close()
	r.file = nil
	return err
}

// Summary says what was read so far.
func (r *Reader) Summary() Summary { return r.tally.summary() }

func (r *Reader) openNext() error {
	name := r.files[0]
	r.files = r.files[1:]
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	r.file = file
	r.tally.open(name)
	r.before = fileCount{r.tally.rows, r.tally.good}
	in, err := newLines(readerFunc(r.readFile))
	if err == nil {
		r.decoder, err = r.format.open(in, r.clock)
	}
	if err != nil {
		return r.finish(err)
	}
	return nil
}

// readerFunc is a function as an io.Reader.
type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// readFile reads from the file being read and tells the progress.
func (r *Reader) readFile(p []byte) (int, error) {
	n, err := r.file.Read(p)
	r.read += int64(n)
	if r.progress != nil && n > 0 {
		r.progress(r.read, r.total)
	}
	return n, err
}

// finish closes a file at which reading ended with the given error, io.EOF
// where all is well. A file of which every row is malformed is refused, since
// it is likely to be no such log at all; but a log of which the first row is
// just being written is one.
func (r *Reader) finish(cause error) error {
	name := r.file.Name()
	closed := r.file.Close()
	r.file, r.decoder = nil, nil
	if !errors.Is(cause, io.EOF) {
		r.files = nil
		return fmt.Errorf("%s: %w", name, cause)
	}
	if closed != nil {
		return closed
	}
	switch rows := r.tally.rows - r.before.rows; {
	case rows == 0:
		r.tally.empty = append(r.tally.empty, name)
	case r.tally.good == r.before.good && r.tally.firstBad != "":
		r.files = nil
		return fmt.Errorf("%s: not one of its %d rows can be read as %s; the first: %s",
			name, rows, r.format.About, r.tally.firstBad)
	}
	return nil
}

// chosen says whether flows of a day are asked for.
func chosen(days []Date, d Date) bool {
	return len(days) == 0 || slices.Contains(days, d)
}
