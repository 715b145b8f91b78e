package ingest

import (
	"bytes"
	"encoding/binary"
	"iter"
)

// The end of a key is a zero byte, which no name has, and the number of the file that the
// row comes from. So keys of the same row are next to each other when sorted. What earlier
// imports left has the number 0, and the first file the number 1.
const keyFile = 1 + 2

func appendFile(b []byte, file uint16) []byte {
	return binary.BigEndian.AppendUint16(append(b, 0), file)
}

// isImported reports whether a key is what an earlier import left.
func isImported(k []byte) bool { return k[len(k)-2] == 0 && k[len(k)-1] == 0 }

// distinct yields sorted keys. Of a row that several files have, as
// rotated logs that overlap do, it yields as many as the file has that has the most, and
// calls left, if it is set, for each of the others.
func distinct(keys iter.Seq2[[]byte, error], left func(key []byte)) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		var row []byte       // the row of the previous key
		var file []byte      // and its file
		var inFile, most int // how many of the row there were in that file, and in any
		for k, err := range keys {
			if err != nil {
				yield(nil, err)
				return
			}
			next, from := k[:len(k)-keyFile], k[len(k)-2:]
			switch {
			case !bytes.Equal(next, row):
				row, file = append(row[:0], next...), append(file[:0], from...)
				inFile, most = 0, 0
			case !bytes.Equal(from, file):
				file, inFile = append(file[:0], from...), 0
			}
			if inFile++; inFile > most {
				most = inFile
				if !yield(k, nil) {
					return
				}
			} else if left != nil {
				left(k)
			}
		}
	}
}
