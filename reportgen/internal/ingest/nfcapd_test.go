package ingest

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// le appends numbers in the order of the machines that run nfdump.
func le(b []byte, numbers ...any) []byte {
	for _, n := range numbers {
		var err error
		if b, err = binary.Append(b, binary.LittleEndian, n); err != nil {
			panic(err)
		}
	}
	return b
}

// nfcapd1 is a file in the layout of nfdump 1.6.
func nfcapd1(flags uint32, blocks ...[]byte) []byte {
	b := le(nil, uint16(nfcapdMagic), uint16(1), flags, uint32(len(blocks)), [128]byte{'n', 'o', 'n', 'e'}, [136]byte{})
	for _, block := range blocks {
		b = append(le(b, uint32(1), uint32(len(block)), uint16(2), uint16(0)), block...)
	}
	return b
}

// nfcapd2 is a file in the layout of nfdump 1.7.
func nfcapd2(method uint8, blocks ...[]byte) []byte {
	b := le(nil, uint16(nfcapdMagic), uint16(2), uint32(0x01070101), int64(0), method, uint8(0), uint16(0), uint32(1), int64(0), uint32(1<<20), uint32(len(blocks)))
	for _, block := range blocks {
		b = append(le(b, uint32(1), uint32(len(block)), uint16(3), uint16(0)), block...)
	}
	return b
}

// nfRecord is a record of a type, or an element of one.
func nfRecord(kind uint16, content []byte) []byte {
	return append(le(nil, kind, uint16(4+len(content))), content...)
}

var (
	nfMap  = nfRecord(2, le(nil, uint16(3), uint16(20), uint16(4), uint16(15), uint16(17), uint16(0)))
	nfOld4 = nfRecord(10, le(nil, uint8(0), uint8(9), uint16(3), uint16(780), uint16(900), sentAt, sentAt+2, uint8(0), uint8(tcpSYN), uint8(6), uint8(0), uint16(50000), uint16(443),
		uint16(1), uint16(0), uint32(0x0a000005), uint32(0xc6336407), uint32(10), uint32(1000), uint16(1), uint16(2), uint64(12), uint64(5000)))
	nfOld6 = nfRecord(1, le(nil, uint8(nfIPv6|nfPackets64|nfBytes64), uint8(1), uint16(4), uint16(0), uint16(0), sentAt, sentAt, uint8(0), uint8(0), uint8(17), uint8(0), uint16(50000), uint16(53),
		uint64(0x2001_0000_0000_0000), uint64(5), uint64(0x2001_0000_0000_0000), uint64(7), uint64(1), uint64(70)))
	nfNew = nfRecord(11, le(nil, uint16(2), uint8(0), uint8(0), uint16(1), uint8(2), uint8(9),
		nfRecord(1, le(nil, uint64(sentAt)*1000+780, uint64(sentAt)*1000+2900, uint64(0), uint64(4), uint64(336), uint16(0), uint16(8<<8), uint8(1), uint8(0), uint8(0), uint8(0))),
		nfRecord(2, le(nil, uint32(0x0a000005), uint32(0xc6336407))), nfRecord(28, []byte("label"))))
)

func TestNfcapd(t *testing.T) {
	old := bytes.Join([][]byte{nfMap, nfOld4, nfOld6}, nil)
	const oldRows = "1 2024-04-19 12:34:56.78 tcp 10.0.0.5:50000 > 198.51.100.7:443 1000/5000\n2 2024-04-19 12:34:56.00 udp 2001::5:50000 > 2001::7:53 70 one-way for 0\n"
	const newRow = "1 2024-04-19 12:34:56.78 icmp 10.0.0.5:0 > 198.51.100.7:2048 336 one-way for 212\n"
	packed := make([]byte, 4096)
	var c lz4.Compressor
	n, err := c.CompressBlock(bytes.Repeat(nfNew, 20), packed)
	if err != nil || n == 0 {
		t.Fatal(n, err)
	}
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	twenty := ""
	for i := range 20 {
		twenty += strings.Replace(newRow, "1", strconv.Itoa(i+1), 1)
	}
	testFormat(t, "nfdump", []formatCase{
		{"1.6", Options{}, string(nfcapd1(0, old)), oldRows},
		{"1.7", Options{}, string(nfcapd2(nfPlain, nfNew)), newRow},
		{"1.7, the map of 1.6 missing", Options{}, string(nfcapd1(0, nfOld4)), "1 2024-04-19 12:34:56.78 tcp 10.0.0.5:50000 > 198.51.100.7:443 1000 one-way for 212\n"},
		{"lz4", Options{}, string(nfcapd2(nfLZ4, packed[:n])), twenty},
		{"lz4 of 1.6", Options{}, string(nfcapd1(16, packed[:n])), twenty},
		{"zstd", Options{}, string(nfcapd2(nfZstd, z.EncodeAll(bytes.Repeat(nfNew, 20), nil))), twenty},
		{"not zstd", Options{}, string(nfcapd2(nfZstd, nfNew)), "error: block 1: cannot be unpacked: "},
		{"not lzo", Options{}, string(nfcapd2(nfLZO, nfNew)), "error: block 1: cannot be unpacked: "},
		{"a method that is not known", Options{}, string(nfcapd2(9, nfNew)), "error: a file of nfcapd compressed with method 9, which is not known; print it"},
		{"truncated", Options{}, string(nfcapd2(nfPlain, nfNew, nfNew))[:180], "error: the file ends after 1 of 2 blocks: it is truncated; copy it again"},
		{"being written", Options{}, string(nfcapd2(nfPlain)) + string(nfcapd2(nfPlain, nfNew, nfNew))[40:180], newRow + "2 left out: last line cut off: the last block is cut off: the file was being written\n"},
		{"of a newer nfdump", Options{}, string(nfcapd2(nfPlain, nfRecord(16, make([]byte, 60)))), "error: record 1: of type 16, which is not known; print it with nfdump -r FILE -o json, and read that"},
		{"of another machine", Options{}, "\xa5\x0c\x00\x01\x00\x00\x00\x00", "error: a file of nfcapd from a machine with the other byte order; print it with nfdump -r FILE -o json, and read that"},
		{"of layout 7", Options{}, "\x0c\xa5\x07\x00\x00\x00\x00\x00", "error: a file of nfcapd in layout 7, which is not known; print it"},
		{"a record longer than its block", Options{}, string(nfcapd2(nfPlain, nfNew[:40])), "error: record 1: of 85 bytes, where its block has 40: the file is damaged"},
	})
	_, summary, err := readAs(t, "nfdump", []string{write(t, t.TempDir(), "nfcapd.202404191230", nfcapd2(nfPlain, nfNew))}, Options{})
	if err != nil || summary.Sampled.Rows != 1 || summary.Sampling != scaledByCollector {
		t.Errorf("%v: sampled %+v", err, summary.Sampled)
	}
}

func TestNfcapdDamaged(t *testing.T) {
	for _, whole := range [][]byte{nfcapd1(0, nfMap, nfOld4, nfOld6), nfcapd2(nfPlain, nfNew)} {
		for n := range len(whole) {
			damaged := bytes.Clone(whole)
			damaged[n] ^= 0xa5
			for _, log := range [][]byte{whole[:n], damaged} {
				if got := decodeAs("nfdump", string(log), Options{}); len(got.flows) > 2 {
					t.Errorf("byte %d: %d flows", n, len(got.flows))
				}
			}
		}
	}
}
