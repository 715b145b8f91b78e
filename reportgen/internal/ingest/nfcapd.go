package ingest

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/anchore/go-lzo"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// nfcapdMagic begins the binary files of nfcapd and nfdump, whose numbers have the
// byte order of the machine that wrote them.
const nfcapdMagic = 0xa50c

func isNfcapd(start []byte) bool {
	return len(start) >= 4 && (binary.LittleEndian.Uint16(start) == nfcapdMagic || binary.BigEndian.Uint16(start) == nfcapdMagic && start[2] == 0)
}

// nfcapd decodes the binary files of nfcapd, in the layouts of nfdump 1.6 and 1.7
// (nffile.h and nffileV2.h of nfdump). A file is a header and blocks of records,
// which may be compressed. The line of a flow is the number of its record.
type nfcapd struct {
	in        *bufio.Reader
	row       rowReader
	layout    uint16
	method    int        // of compression
	blocks    uint32     // in the file, as the header has it; 0 while it is written
	read      uint32     // blocks read
	rest      []byte     // records of the block being read
	maps      nfcapdMaps // of layout 1
	n         int64
	zstd      *zstd.Decoder
	unpacked  []byte
	stored    []byte
	blockSize int
}

// The methods of compression, as layout 2 numbers them.
const (
	nfPlain = iota
	nfLZO
	nfBzip2
	nfLZ4
	nfZstd
)

// nfcapdPrint is what to do with a file that cannot be read.
const nfcapdPrint = "print it with nfdump -r FILE -o json, and read that"

// maxNfcapdBlock bounds a block. nfdump writes blocks of one to five MiB.
const maxNfcapdBlock = 32 << 20

func openNfcapd(in *bufio.Reader, r rowReader) (decoder, error) {
	d := &nfcapd{in: in, row: r.named(nfdumpNames), maps: nfcapdMaps{}}
	var start [8]byte
	if _, err := io.ReadFull(in, start[:]); err != nil {
		return nil, errors.New("the file ends in the header of nfcapd; copy it again")
	}
	if binary.LittleEndian.Uint16(start[:]) != nfcapdMagic {
		return nil, errors.New("a file of nfcapd from a machine with the other byte order; " + nfcapdPrint)
	}
	var err error
	switch d.layout = binary.LittleEndian.Uint16(start[2:]); d.layout {
	case 1:
		err = d.header1(binary.LittleEndian.Uint32(start[4:]))
	case 2:
		err = d.header2()
	default:
		return nil, fmt.Errorf("a file of nfcapd in layout %d, which is not known; %s", d.layout, nfcapdPrint)
	}
	if err != nil {
		return nil, fmt.Errorf("the header of nfcapd cannot be read: %w; copy the file again", err)
	}
	if d.method > nfZstd {
		return nil, fmt.Errorf("a file of nfcapd compressed with method %d, which is not known; %s", d.method, nfcapdPrint)
	}
	return d, nil
}

// header1 reads the rest of the header of layout 1, and the sums of its flows.
func (d *nfcapd) header1(flags uint32) error {
	var h [4 + 128 + 136]byte
	if _, err := io.ReadFull(d.in, h[:]); err != nil {
		return err
	}
	d.blocks, d.blockSize = binary.LittleEndian.Uint32(h[:]), 5<<20
	for bit, method := range map[uint32]int{1: nfLZO, 8: nfBzip2, 16: nfLZ4} {
		if flags&bit != 0 {
			d.method = method
		}
	}
	return nil
}

// header2 reads the rest of the header of layout 2.
func (d *nfcapd) header2() error {
	var h [32]byte
	if _, err := io.ReadFull(d.in, h[:]); err != nil {
		return err
	}
	d.method = int(h[8])
	if h[9] != 0 {
		return fmt.Errorf("it is encrypted with method %d", h[9])
	}
	d.blockSize = max(int(binary.LittleEndian.Uint32(h[24:])), 5<<20)
	d.blocks = binary.LittleEndian.Uint32(h[28:])
	return nil
}

func (d *nfcapd) Read() (Flow, error) {
	for {
		for len(d.rest) < 4 {
			if err := d.block(); err != nil {
				return Flow{}, err
			}
		}
		kind, size := binary.LittleEndian.Uint16(d.rest), int(binary.LittleEndian.Uint16(d.rest[2:]))
		if size < 4 || size > len(d.rest) {
			return Flow{}, fmt.Errorf("record %d: of %d bytes, where its block has %d: the file is damaged; copy it again", d.n+1, size, len(d.rest))
		}
		record := d.rest[:size]
		d.rest = d.rest[size:]
		var flow netRecord
		var ok bool
		switch kind {
		case 1, 10:
			flow, ok = d.maps.record(record)
		case 2:
			d.maps.add(record)
			continue
		case 11:
			flow, ok = nfcapdRecord3(record)
		case 5, 6, 16:
			return Flow{}, fmt.Errorf("record %d: of type %d, which is not known; %s", d.n+1, kind, nfcapdPrint)
		default:
			continue // about the file, exporters and interfaces
		}
		d.n++
		if !ok {
			return Flow{}, d.row.leaveOut(d.n, noValue, fmt.Sprintf("a record of %d bytes without times, addresses or counts", size))
		}
		return d.row.record(d.n, &flow)
	}
}

// block reads and unpacks the next block, or returns io.EOF.
func (d *nfcapd) block() error {
	var h [12]byte
	switch _, err := io.ReadFull(d.in, h[:]); {
	case err == io.EOF && d.read >= d.blocks:
		return io.EOF
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return d.truncated()
	case err != nil:
		return err
	}
	size, kind, flags := binary.LittleEndian.Uint32(h[4:]), binary.LittleEndian.Uint16(h[8:]), binary.LittleEndian.Uint16(h[10:])
	if size > maxNfcapdBlock {
		return fmt.Errorf("block %d: of %d bytes: the file is damaged; copy it again", d.read+1, size)
	}
	d.stored = append(d.stored[:0], make([]byte, size)...)
	switch _, err := io.ReadFull(d.in, d.stored); {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return d.truncated()
	case err != nil:
		return err
	}
	d.read++
	if kind != 2 && kind != 3 {
		if d.layout == 1 || kind != 4 {
			return fmt.Errorf("block %d: of type %d, which is not known; %s", d.read, kind, nfcapdPrint)
		}
		return nil // an array of something else than flows
	}
	method := d.method
	if d.layout == 2 && flags&1 != 0 {
		method = nfPlain
	}
	records, err := d.unpack(method)
	if err != nil {
		return fmt.Errorf("block %d: cannot be unpacked: %w; copy the file again, or %s", d.read, err, nfcapdPrint)
	}
	d.rest = records
	return nil
}

// truncated is the error of a file that ends within its blocks. One that is being
// written does not say yet how many blocks it has.
func (d *nfcapd) truncated() error {
	if d.blocks > 0 {
		return fmt.Errorf("the file ends after %d of %d blocks: it is truncated; copy it again", d.read, d.blocks)
	}
	d.in.Reset(bytes.NewReader(nil))
	d.blocks = d.read
	return d.row.leaveOut(d.n+1, cutOff, "the last block is cut off: the file was being written")
}

func (d *nfcapd) unpack(method int) ([]byte, error) {
	if method == nfPlain {
		return d.stored, nil
	}
	if d.unpacked == nil {
		d.unpacked = make([]byte, min(d.blockSize, maxNfcapdBlock))
	}
	var n int
	var err error
	switch method {
	case nfLZO:
		n, err = unpackLZO(d.stored, d.unpacked)
	case nfLZ4:
		n, err = lz4.UncompressBlock(d.stored, d.unpacked)
	case nfBzip2:
		n, err = io.ReadFull(bzip2.NewReader(bytes.NewReader(d.stored)), d.unpacked)
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF) && n > 0:
			err = nil // shorter than the largest block
		case err == nil && n == len(d.unpacked):
			err = fmt.Errorf("longer than %d bytes", n)
		}
	case nfZstd:
		if d.zstd == nil {
			if d.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxNfcapdBlock)); err != nil {
				return nil, err
			}
		}
		return d.zstd.DecodeAll(d.stored, d.unpacked[:0])
	}
	if err != nil {
		return nil, err
	}
	return d.unpacked[:n], nil
}

// unpackLZO returns the panics of the library, of damaged blocks, as errors.
func unpackLZO(from, to []byte) (n int, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("damaged: %v", p)
		}
	}()
	return lzo.Decompress(from, to)
}
