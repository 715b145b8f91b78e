package flowfile

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"
)

// arrowSchemaKey is the key of the file metadata in which Arrow's writers (pandas, Polars and others) keep what Parquet has no type for.
const arrowSchemaKey = "ARROW:schema"

// The numbers of Arrow's format: https://github.com/apache/arrow/tree/main/format, Message.fbs and Schema.fbs.
const (
	arrowSchema       = 1 // of headers of messages
	arrowDuration     = 18
	arrowContinuation = 0xffffffff
)

// durationUnits returns the units of the columns of durations, by name, that Arrow's schema names. Parquet has integers
// for them. A schema that cannot be read names none.
func durationUnits(schema string) map[string]time.Duration {
	b, err := base64.StdEncoding.DecodeString(schema)
	if err != nil || len(b) < 8 {
		return nil
	}
	if binary.LittleEndian.Uint32(b) == arrowContinuation {
		b = b[4:]
	}
	units := map[string]time.Duration{}
	f := flatbuffer{b: b[4:]} // after the length
	message := f.table(0)
	if f.number(message, 1, 1, 0) != arrowSchema {
		return nil
	}
	for _, field := range f.tables(f.table(f.at(message, 2)), 1) {
		if f.number(field, 2, 1, 0) != arrowDuration {
			continue
		}
		unit := f.number(f.table(f.at(field, 3)), 0, 2, 1)
		if all := []time.Duration{time.Second, time.Millisecond, time.Microsecond, time.Nanosecond}; unit < len(all) {
			units[f.text(f.at(field, 0))] = all[unit]
		}
	}
	if f.err != nil {
		return nil
	}
	return units
}

// flatbuffer reads values of https://flatbuffers.dev/internals within its bytes. After an error, all values are 0.
type flatbuffer struct {
	b   []byte
	err error
}

// uint reads a number of 1, 2 or 4 bytes.
func (f *flatbuffer) uint(at, size int) int {
	if f.err != nil || at < 0 || at > len(f.b)-size {
		f.err = errors.New("a place outside the schema")
		return 0
	}
	var n uint32
	for i := size - 1; i >= 0; i-- {
		n = n<<8 | uint32(f.b[at+i])
	}
	return int(n)
}

// table follows the offset at a place.
func (f *flatbuffer) table(at int) int { return at + f.uint(at, 4) }

// at returns the place of a field of a table, or -1 if the table does not have it.
func (f *flatbuffer) at(table, field int) int {
	fields := table - int(int32(f.uint(table, 4)))
	if entry := 4 + 2*field; entry < f.uint(fields, 2) {
		if offset := f.uint(fields+entry, 2); offset > 0 {
			return table + offset
		}
	}
	return -1
}

// number returns a number of so many bytes in a field, or what it is if the table does not have it.
func (f *flatbuffer) number(table, field, size, otherwise int) int {
	if at := f.at(table, field); at >= 0 {
		return f.uint(at, size)
	}
	return otherwise
}

// tables returns the tables that a field lists.
func (f *flatbuffer) tables(table, field int) (all []int) {
	at := f.at(table, field)
	if at < 0 {
		return nil
	}
	list := f.table(at)
	for i := range min(f.uint(list, 4), len(f.b)/4) {
		all = append(all, f.table(list+4+4*i))
	}
	return all
}

// text follows the offset of a string.
func (f *flatbuffer) text(at int) string {
	from := f.table(at)
	n := f.uint(from, 4)
	if f.err != nil || n > len(f.b)-from-4 {
		return ""
	}
	return string(f.b[from+4 : from+4+n])
}
