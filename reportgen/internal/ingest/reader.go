package ingest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// Options say how logs are read. The zero value reads every day in UTC.
type Options struct {
	// Location is the time zone in which a day begins and ends and in which
	// the time of day is told; nil means UTC.
	Location *time.Location
	// Days are the days to read; flows of other days are left out, counted as
	// [OtherDay]. None means all. Rows of one direction are not left out, since
	// the day of their flow is not known before [Sorter.Pair].
	Days []Date
	// Progress, if set, is called now and then with the bytes read so far, of
	// the files as they are stored, and those of all files.
	Progress func(read, total int64)

	// LogLocation is the time zone of times that a log tells without one; nil
	// means Location.
	LogLocation *time.Location
	// Time says how a log writes times: the unit of numbers (s, ms, us or ns,
	// since 1970), or the layout of dates as [time.Parse] takes it. Empty tells
	// numbers and ISO dates apart by their look.
	Time string
	// Map names the columns of a CSV or Parquet file, by what they hold: one of
	// [MapKeys]. Columns with the names of a flow file need no naming, but for
	// the time.
	Map map[string]string
	// Fields names the columns of a text without a header line, in order.
	Fields []string
	// Delimiter separates the columns of a text; 0 finds it out.
	Delimiter byte
	// Stdin is what the path - reads, which is a log of lines; nil means that
	// there is none.
	Stdin io.Reader
	// OneWay says that each row tells one direction of a connection, in formats
	// that do not settle it.
	OneWay bool
	// Bytes says which bytes are taken from a log that tells several kinds;
	// empty means PayloadBytes.
	Bytes ByteKind
}

// ByteKind is what byte counts count.
type ByteKind string

// The kinds of bytes that Zeek tells apart. Headers and what was sent again
// count in the packets only.
const (
	PayloadBytes ByteKind = "payload"
	IPBytes      ByteKind = "ip" // of whole IP packets
)

// Reader reads the flows of many files, one after the other, in memory that
// does not grow with them. It is not safe for use by several goroutines.
type Reader struct {
	format Format
	opt    Options
	row    rowReader // as it is at the start of a file
	days   []Date
	files  []string // not opened yet
	tally  tally

	progress    func(read, total int64)
	read, total int64

	file    *input // being read, or nil
	decoder Decoder
	close   func() // frees what the decoder holds; may be nil
	before  fileCount
}

// fileCount holds what had been counted when a file was opened.
type fileCount struct {
	rows, good int64
}

// Open prepares to read files, and the logs found in folders, in the order of
// their names; the path - is [Options].Stdin. It fails where a path does not exist or a folder holds no log
// of the format.
func Open(f Format, paths []string, opt Options) (*Reader, error) {
	r, err := opt.row(f)
	if err != nil {
		return nil, err
	}
	files, passed, err := find(f, paths)
	if err != nil {
		return nil, err
	}
	var total int64
	for _, file := range files {
		if file == stdin {
			continue
		}
		info, err := os.Stat(file)
		if err != nil {
			return nil, err
		}
		total += info.Size()
	}
	return &Reader{
		format: f,
		opt:    opt,
		row:    r,
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
	r.files = nil
	if r.file == nil {
		return nil
	}
	return r.closeFile()
}

func (r *Reader) closeFile() error {
	if r.close != nil {
		r.close()
	}
	err := r.file.Close()
	r.file, r.decoder, r.close = nil, nil, nil
	return err
}

// Summary says what was read so far.
func (r *Reader) Summary() Summary { return r.tally.summary() }

func (r *Reader) openNext() error {
	name := r.files[0]
	r.files = r.files[1:]
	file, err := openInput(name, r.opt.Stdin)
	if err != nil {
		return err
	}
	r.file = file
	r.tally.open(name)
	r.before = fileCount{r.tally.rows, r.tally.good}
	if err := r.openDecoder(); err != nil {
		return r.finish(err)
	}
	return nil
}

// openDecoder opens the file as Parquet or text, by its first bytes.
func (r *Reader) openDecoder() error {
	parquet, err := r.file.isParquet()
	if err != nil {
		return err
	}
	if parquet {
		return r.openParquet()
	}
	in, err := newLines(readerFunc(r.readFile))
	if err != nil {
		return err
	}
	r.close = in.Close
	r.decoder, err = r.format.open(in, r.row, r.opt)
	return err
}

func (r *Reader) openParquet() error {
	if r.format.table == nil {
		return fmt.Errorf("is a Parquet file, not %s; --from parquet with --map reads any Parquet file", r.format.About)
	}
	spec, err := r.format.table(r.opt)
	if err != nil {
		return err
	}
	info, err := os.Stat(r.file.name)
	if err != nil || !info.Mode().IsRegular() {
		return errors.New("is Parquet, which cannot be read from a pipe; give the file")
	}
	before := r.read
	d, err := openParquet(r.file.name, spec, r.row, func(part float64) {
		r.read = before + int64(part*float64(info.Size()))
		if r.progress != nil {
			r.progress(r.read, r.total)
		}
	})
	if err != nil {
		return err
	}
	r.decoder, r.close = d, d.close
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
	name := r.file.name
	closed := r.closeFile()
	if _, named := errors.AsType[*flowfile.Error](cause); named {
		r.files = nil
		return fmt.Errorf("%v", cause) //nolint:errorlint // it may wrap the io.EOF of the Parquet library
	}
	if cause != io.EOF { //nolint:errorlint // an io.EOF that a library wrapped is not the end of the log
		r.files = nil
		if errors.Is(cause, io.EOF) {
			return fmt.Errorf("%s: %v", name, cause) //nolint:errorlint // nor must it look like it to callers
		}
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
