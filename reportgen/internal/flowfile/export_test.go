package flowfile

import "github.com/flowbook/flowbook/pkg/flow"

// Names for the tests of package flowfile_test.

var ErrAllRejected = errAllRejected
var ErrColumnType = errColumnType
var ErrCompression = errCompression
var ErrDamaged = errDamaged
var ErrEncrypted = errEncrypted
var ErrMissingColumn = errMissingColumn
var ErrNoRows = errNoRows
var ErrNotParquet = errNotParquet
var ErrSameFlows = errSameFlows
var ErrTruncated = errTruncated

func (q Filter) Match(r flow.Record) bool { return q.matches(r) }

func (w *FileWriter) Abort() error { return w.abort() }

// InParts returns options with which the parts of a day are of so many bytes.
func InParts(o Options, bytes int64) Options {
	o.partSize = bytes
	return o
}

var NewSampleWriter = newSampleWriter

// DropIndexes makes the files those of a writer without page indexes.
func (s *Scanner) DropIndexes() {
	for _, f := range s.files {
		for _, group := range f.metadata.RowGroups {
			for i := range group.Columns {
				group.Columns[i].ColumnIndexOffset, group.Columns[i].OffsetIndexOffset = 0, 0
			}
		}
	}
}
