package flowfile

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/reportgen/internal/wholefile"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// rowGroupRows is how many rows go into a row group: a day of a mid-sized
// network is one, so that its dictionaries are stored once.
const rowGroupRows = 1 << 20

// best compresses the pages of all flow files. Its encoders hold megabytes each and are kept with it, so writing a file
// for each day of a year must not make its own for each.
var best = &zstd.Codec{Level: zstd.SpeedBestCompression}

// pageBytes is the size of a page before compression. Large pages let zstd
// see repetitions; a row group still has some eight a column.
const pageBytes = 1 << 20

// row is a flow as Flowbook writes it. The encodings are those that were
// measured to be smallest on a day of 127,000 flows in order of time, 8.2 bytes
// a flow, of those that all readers know: timestamp delta 1.0 (plain 3.0), bytes
// delta 2.3 and 2.7. Other orders save at most 7 % (port, destination, time), for
// which a log that reads in order of time is not worth giving up.
type row struct {
	Time  int32  `parquet:"timestamp,delta"`
	Src   string `parquet:"src_ip,dict"`
	Dst   string `parquet:"dst_ip,dict"`
	Proto string `parquet:"proto,dict"`
	Port  int32  `parquet:"port,dict"`
	Up    int64  `parquet:"up_bytes,delta"`
	Down  int64  `parquet:"down_bytes,delta"`
}

// detailedRow is a row with the optional columns. Integers that are often
// unknown are plain: zstd makes nothing of what does not change.
type detailedRow struct {
	row
	Duration    *int32 `parquet:"duration,optional"`
	SrcPort     *int32 `parquet:"src_port,optional"`
	UpPackets   *int64 `parquet:"up_packets,optional"`
	DownPackets *int64 `parquet:"down_packets,optional"`
	State       string `parquet:"state,optional,dict"`
	Name        string `parquet:"name,optional,dict"`
}

// rowWriter is a Parquet writer of one of the two kinds of rows.
type rowWriter interface {
	write(flows []flow.Record, text func(netip.Addr) string) error
	Flush() error
	Close() error
	SetKeyValueMetadata(key, value string)
}

type requiredWriter struct {
	*parquet.GenericWriter[row]
	rows []row
}

func (w *requiredWriter) write(flows []flow.Record, text func(netip.Addr) string) error {
	w.rows = w.rows[:0]
	for i := range flows {
		w.rows = append(w.rows, makeRow(&flows[i], text))
	}
	_, err := w.Write(w.rows)
	return err
}

type detailedWriter struct {
	*parquet.GenericWriter[detailedRow]
	rows    []detailedRow
	numbers []int32 // that rows point to
	packets []int64
}

func (w *detailedWriter) write(flows []flow.Record, text func(netip.Addr) string) error {
	w.rows = w.rows[:0]
	w.numbers, w.packets = slices.Grow(w.numbers[:0], 2*len(flows)), slices.Grow(w.packets[:0], 2*len(flows))
	for i := range flows {
		f := &flows[i]
		r := detailedRow{row: makeRow(f, text), State: f.State.String(), Name: f.Name}
		if f.Duration.Known() {
			w.numbers = append(w.numbers, int32(min(f.Duration.Hundredths(), math.MaxInt32)))
			r.Duration = &w.numbers[len(w.numbers)-1]
		}
		if f.SrcPort > 0 {
			w.numbers = append(w.numbers, int32(f.SrcPort))
			r.SrcPort = &w.numbers[len(w.numbers)-1]
		}
		if f.UpPackets > 0 || f.DownPackets > 0 {
			w.packets = append(w.packets, f.UpPackets, f.DownPackets)
			n := len(w.packets)
			r.UpPackets, r.DownPackets = &w.packets[n-2], &w.packets[n-1]
		}
		w.rows = append(w.rows, r)
	}
	_, err := w.Write(w.rows)
	return err
}

func makeRow(f *flow.Record, text func(netip.Addr) string) row {
	return row{
		Time: int32(f.Time), Src: text(f.Src), Dst: text(f.Dst),
		Proto: f.Proto.String(), Port: int32(f.Port), Up: f.Up, Down: f.Down,
	}
}

// Writer writes flows to a Parquet file, compactly and always to the same
// bytes. It keeps the order of the flows; files in order of time are smallest.
// A Writer must be closed, and holds up to a million flows in memory.
type Writer struct {
	parquet rowWriter
	texts4  map[uint32]string // of IPv4, whose look-up takes a third of the time
	texts6  map[netip.Addr]string
	flows   []flow.Record
	group   int // rows of the row group
	written int64
}

// NewWriter returns a Writer to w of the required columns. Closing it does not
// close w.
func NewWriter(w io.Writer) *Writer {
	return newWriter(&requiredWriter{GenericWriter: parquet.NewGenericWriter[row](w, writing()...)})
}

// NewDetailedWriter returns a Writer to w of the required and the optional
// columns.
func NewDetailedWriter(w io.Writer) *Writer {
	return newWriter(&detailedWriter{GenericWriter: parquet.NewGenericWriter[detailedRow](w, writing()...)})
}

// newSampleWriter returns a Writer of the required columns that takes 1.9 and 2.3 bytes for
// the byte counts of a flow. Spark 3 and Trino, so Athena as well, do not read this encoding.
func newSampleWriter(w io.Writer) *Writer {
	split := []parquet.WriterOption{parquet.StructTag(`parquet:"up_bytes,split"`, "Up"), parquet.StructTag(`parquet:"down_bytes,split"`, "Down")}
	return newWriter(&requiredWriter{GenericWriter: parquet.NewGenericWriter[row](w, append(writing(), split...)...)})
}

func writing() []parquet.WriterOption {
	return []parquet.WriterOption{
		parquet.CreatedBy("flowbook", "1", ""),
		parquet.Compression(best),
		parquet.PageBufferSize(pageBytes),
		parquet.DataPageStatistics(false),
	}
}

func newWriter(w rowWriter) *Writer {
	return &Writer{parquet: w, texts4: map[uint32]string{}, texts6: map[netip.Addr]string{}, flows: make([]flow.Record, 0, batchRows)}
}

// SetMetadata puts a key and a value into the footer of the file.
func (w *Writer) SetMetadata(key, value string) { w.parquet.SetKeyValueMetadata(key, value) }

// Write adds a flow. It refuses one that could not be read again: of no
// address, outside the day, of negative bytes or packets, or neither TCP nor UDP.
func (w *Writer) Write(r flow.Record) error {
	if err := check(r); err != nil {
		return fmt.Errorf("flow %d: %w", w.written, err)
	}
	w.flows = append(w.flows, r)
	w.written++
	if len(w.flows) == cap(w.flows) {
		return w.flush()
	}
	return nil
}

func check(r flow.Record) error {
	switch {
	case !r.Src.IsValid() || !r.Dst.IsValid():
		return errors.New(ReasonAddress)
	case r.Src.Zone() != "" || r.Dst.Zone() != "":
		return errors.New(ReasonAddress + ": it has a zone")
	case r.Time >= flow.Day:
		return errors.New(ReasonTime)
	case r.Up < 0 || r.Down < 0:
		return errors.New(ReasonBytes)
	case r.UpPackets < 0 || r.DownPackets < 0:
		return errors.New("negative packets")
	case r.State >= flow.NumStates:
		return errors.New("unknown state")
	}
	return nil
}

func (w *Writer) text(a netip.Addr) string {
	if a = a.Unmap(); a.Is6() {
		return onceText(w.texts6, a, a)
	}
	four := a.As4()
	return onceText(w.texts4, binary.BigEndian.Uint32(four[:]), a)
}

// onceText returns the text of an address, which is made once for each key.
func onceText[K comparable](texts map[K]string, key K, a netip.Addr) string {
	s, ok := texts[key]
	if !ok {
		s = a.String()
		texts[key] = s
	}
	return s
}

// flush hands the rows on, and ends the row group when it is full.
func (w *Writer) flush() error {
	if err := w.parquet.write(w.flows, w.text); err != nil {
		return fmt.Errorf("write flows: %w", err)
	}
	w.group += len(w.flows)
	w.flows = w.flows[:0]
	if w.group < rowGroupRows {
		return nil
	}
	w.group = 0
	if err := w.parquet.Flush(); err != nil {
		return fmt.Errorf("write row group: %w", err)
	}
	w.forgetTexts()
	return nil
}

// forgetTexts bounds the memory of the texts to that of the addresses of a few row groups.
func (w *Writer) forgetTexts() {
	if len(w.texts4)+len(w.texts6) > rowGroupRows {
		clear(w.texts4)
		clear(w.texts6)
	}
}

// Close writes the remaining flows and the footer.
func (w *Writer) Close() error {
	if err := w.flush(); err != nil {
		return err
	}
	if err := w.parquet.Close(); err != nil {
		return fmt.Errorf("write flow file: %w", err)
	}
	return nil
}

// FileWriter is a Writer of sample days to a file that appears whole when it is closed,
// or not at all.
type FileWriter struct {
	*Writer
	file *wholefile.File
}

// Create begins a flow file at path, in an existing folder. Close must be called.
func Create(path string) (*FileWriter, error) {
	f, err := wholefile.Create(path, 0o666)
	if err != nil {
		return nil, err
	}
	return &FileWriter{Writer: newSampleWriter(f), file: f}, nil
}

// Close finishes the file and puts it in its place. On error nothing is left.
func (w *FileWriter) Close() error {
	if err := w.Writer.Close(); err != nil {
		return errors.Join(err, w.abort())
	}
	if err := w.file.Commit(); err != nil {
		return errors.Join(err, w.abort())
	}
	return nil
}

// abort gives the file up and leaves nothing. After Close it does nothing, so
// that it can be deferred.
func (w *FileWriter) abort() error {
	return w.file.Abort()
}

// WriteRecords writes a sample day to path, in an existing folder, and returns its
// number of flows. On error nothing is left.
func WriteRecords(ctx context.Context, path string, flows iter.Seq[flow.Record]) (n int64, err error) {
	w, err := Create(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, w.abort()) }()
	for r := range flows {
		if n%(1<<16) == 0 && ctx.Err() != nil {
			return 0, ctx.Err()
		}
		if err := w.Write(r); err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
		n++
	}
	if err := w.Close(); err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	return n, nil
}
