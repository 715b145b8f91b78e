package ingest

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// Options say how logs are read. The zero value reads every day in UTC.
type Options struct {
	// Location is the time zone of days and of the time of day; nil means UTC.
	Location *time.Location
	// Days are the days to read; flows of other days are left out, and the summary
	// counts them. None means all. Rows of one direction are not left out, since the
	// day of their flow is not known before [Sorter.Pair].
	Days []Date
	// Now is the time at which logs are read. Flows of a day before 1990 or after
	// tomorrow are left out as implausible, unless Days names the day: most often a
	// number was read in the wrong unit. The zero value takes any day.
	Now time.Time
	// Progress, if set, is called now and then with the bytes read so far, of
	// the files as they are stored, and those of all files.
	Progress func(read, total int64)

	// LogLocation is the time zone of times that a log writes without one; nil
	// means Location.
	LogLocation *time.Location
	// Time says how a log writes times: the unit of numbers (s, ms, us or ns,
	// since 1970), or the layout of dates as [time.Parse] takes it. If it is empty,
	// numbers and ISO dates are detected.
	Time string
	// Map gives the names of the columns of a CSV or Parquet file, by one of
	// [MapKeys]. Columns with the names of a flow file, except the time, can be
	// left out.
	Map map[string]string
	// Set gives values for what a log does not have, by the keys of Map.
	Set map[string]string
	// Fields names the columns of a text without a header line, in order.
	Fields []string
	// Delimiter separates the columns of a text; 0 finds it out.
	Delimiter byte
	// Stdin is what the path - reads, which is a log of lines; nil means that
	// there is none.
	Stdin io.Reader
	// Without are logs that are left out of those to read.
	Without []string
	// Known says how many rows of a log, by its path, were read before. The summary counts them. The last
	// of them are read again as flows with Known, since only with them is it certain which
	// rows a log has twice, and which it has in common with others.
	Known map[string]KnownRows
	// OneWay says that each row describes one direction of a connection, in formats
	// that allow both.
	OneWay bool
	// Bytes selects the byte counts of a log that has several kinds; empty means
	// PayloadBytes.
	Bytes ByteKind
}

// ByteKind is what byte counts count.
type ByteKind string

// The kinds of byte counts in Zeek's logs. Only the count of packets includes
// headers and retransmissions.
const (
	PayloadBytes ByteKind = "payload"
	IPBytes      ByteKind = "ip" // of whole IP packets
)

// KnownRows are the rows of a log that were read before.
type KnownRows struct {
	Rows int64
	Cut  bool // the last of them was being written then
}

// knownAgain is how many of the known rows of a log are read again: rows that are the same
// are near each other.
const knownAgain = 1 << 16

func (k KnownRows) matters(row int64) bool {
	return row > k.Rows-knownAgain && (row < k.Rows || !k.Cut)
}

// Reader reads the flows of many files, one after the other, in memory that
// does not grow with them. It is not safe for use by several goroutines.
type Reader struct {
	format Format
	opt    Options
	row    rowReader // as it is at the start of a file
	days   []Date
	files  []string // not opened yet
	names  []string // logs with the names of hosts, not read yet
	tally  tally

	progress    func(read, total int64)
	read, total int64

	file    *input // being read, or nil
	number  uint16 // of that file
	opened  bool   // a file was opened
	decoder decoder
	place   FileRows  // of that file so far
	known   KnownRows // of these, those imported before
	close   func()    // frees what the decoder holds; may be nil
	before  fileCount
}

// fileCount holds what had been counted when a file was opened.
type fileCount struct {
	rows, good, otherLog int64
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
	files = slices.DeleteFunc(files, func(path string) bool { return slices.Contains(opt.Without, path) })
	if i := slices.IndexFunc(files, func(path string) bool { return opt.Known[path].Rows > 0 }); i >= 0 && f.whole {
		return nil, fmt.Errorf("%s: has grown since it was imported; import captures when they are complete, such as those that tcpdump -G has closed, into a new folder", files[i])
	}
	var names []string
	if f.Name == "zeek" {
		passed = slices.DeleteFunc(passed, func(path string) bool {
			if !zeekNameLog.MatchString(filepath.Base(path)) {
				return false
			}
			names = append(names, path)
			return true
		})
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
		names:  names,
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
			if r.place.Rows++; r.place.Rows <= r.known.Rows {
				if f.Known = r.known.matters(r.place.Rows) && !f.OneWay && !f.Part; f.Known {
					f.File = r.number
					return f, nil
				}
				continue
			}
			if r.tally.flow(f, r.days) {
				f.File = r.number
				return f, nil
			}
			continue
		}
		if row, ok := err.(*rowError); ok { //nolint:errorlint // a decoder does not wrap it, and this is once a row
			if row.Reason == cutOff {
				r.place.CutOff = true
			} else if r.place.Rows++; r.place.Rows <= r.known.Rows {
				continue
			}
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
	if r.names != nil {
		hosts, err := readZeekHosts(r.names)
		if err != nil {
			return err
		}
		r.row.hosts, r.names = hosts, nil
	}
	name := r.files[0]
	r.files = r.files[1:]
	file, err := openInput(name, r.opt.Stdin)
	if err != nil {
		return err
	}
	r.file = file
	if r.opened && r.number < math.MaxUint16 {
		r.number++
	}
	r.opened = true
	r.place, r.known = FileRows{}, r.opt.Known[name]
	r.tally.open(name)
	r.before = fileCount{r.tally.rows, r.tally.good, r.tally.rowsOf(otherLog)}
	if err := r.openDecoder(r.row.withPartitions(name, r.opt)); err != nil {
		return r.finish(err)
	}
	return nil
}

// openDecoder opens the file as Parquet or text, by its first bytes.
func (r *Reader) openDecoder(row rowReader) error {
	parquet, err := r.file.isParquet()
	if err != nil {
		return err
	}
	if parquet {
		return r.openParquet(row)
	}
	in, err := newLines(readerFunc(r.readFile))
	if err != nil {
		return err
	}
	r.close = in.Close
	row.points = r.points(row)
	r.decoder, err = r.format.open(in, row, r.opt)
	return err
}

func (r *Reader) openParquet(row rowReader) error {
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
	d, err := openParquet(r.file.name, spec, row, func(part float64) {
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

// readFile reads from the current file and reports the progress.
func (r *Reader) readFile(p []byte) (int, error) {
	n, err := r.file.Read(p)
	r.read += int64(n)
	if r.progress != nil && n > 0 {
		r.progress(r.read, r.total)
	}
	return n, err
}

// finish closes a file whose reading ended with the given error, which is io.EOF
// on success. If every row of a file is malformed, the file is refused, since its
// format is likely to be another one. A log whose first row is still being written
// is accepted.
func (r *Reader) finish(cause error) error {
	name := r.file.name
	closed := r.closeFile()
	if _, named := errors.AsType[*flowfile.Error](cause); named {
		r.files = nil
		return fmt.Errorf("%v", cause) //nolint:errorlint // it may wrap the io.EOF of the Parquet library
	}
	if cause != io.EOF { // an io.EOF that a library wrapped is not the end of the log
		r.files = nil
		if errors.Is(cause, io.EOF) {
			return fmt.Errorf("%s: %v", name, cause) //nolint:errorlint // nor must it look like it to callers
		}
		return fmt.Errorf("%s: %w", name, cause)
	}
	if closed != nil {
		return closed
	}
	r.tally.read[name] = r.place
	if r.known.Rows > 0 {
		r.tally.knownOf(name, min(r.known.Rows, r.place.Rows))
		return nil
	}
	switch rows := r.tally.rows - r.before.rows; {
	case rows == 0:
		r.tally.empty = append(r.tally.empty, name)
	case r.format.oneLog && r.tally.rowsOf(otherLog)-r.before.otherLog == rows:
		r.files = nil
		return fmt.Errorf("%s: not a %s log: no row is a record of one; first row: %s", name, r.format.Name, r.tally.leftOut[otherLog].First)
	case r.tally.good == r.before.good && r.tally.firstBad != "":
		r.files = nil
		advice := ""
		if strings.Contains(r.tally.firstBad, string(badTime)) {
			advice = "; give the layout of times with --time"
			if clockOnly.MatchString(r.tally.firstBad) {
				advice = "; it has no date: have the program write dates, as ra -u does, or name their column with --map date=COLUMN"
			}
		}
		return fmt.Errorf("%s: not a %s log: no row can be read; first row: %s%s", name, r.format.Name, r.tally.firstBad, advice)
	}
	return nil
}

// clockOnly matches the error of a time that is a time of day.
var clockOnly = regexp.MustCompile(`"\d{1,2}:\d\d(:\d\d(\.\d+)?)?"$`)

// chosen says whether flows of a day are asked for.
func chosen(days []Date, d Date) bool {
	return len(days) == 0 || slices.Contains(days, d)
}
