package flowfile_test

import (
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/format"
)

// writeRows writes rows of any type with parquet-go's own writer.
func writeRows[T any](t testing.TB, rows []T, options ...parquet.WriterOption) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rows.parquet")
	if err := parquet.WriteFile(path, rows, options...); err != nil {
		t.Fatal(err)
	}
	return path
}

// loose is a row that can hold anything a flow must not be.
type loose struct {
	Time  *int64   `parquet:"timestamp"`
	Src   *string  `parquet:"src_ip"`
	Dst   *string  `parquet:"dst_ip,dict"`
	Proto *string  `parquet:"proto"`
	Port  *float64 `parquet:"port"`
	Up    *int64   `parquet:"up_bytes,dict"`
	Down  *uint64  `parquet:"down_bytes"`
}

func good() loose {
	return loose{new(int64(1)), new("10.0.0.1"), new("1.1.1.1"), new("tcp"), new(443.0), new(int64(2)), new(uint64(3))}
}

func TestRejected(t *testing.T) {
	for _, c := range []struct {
		name   string
		spoil  func(*loose)
		reason string
		column string
		value  string
	}{
		{"null time", func(r *loose) { r.Time = nil }, flowfile.ReasonNull, flow.ColTime, ""},
		{"null source", func(r *loose) { r.Src = nil }, flowfile.ReasonNull, flow.ColSrc, ""},
		{"null destination", func(r *loose) { r.Dst = nil }, flowfile.ReasonNull, flow.ColDst, ""},
		{"null protocol", func(r *loose) { r.Proto = nil }, flowfile.ReasonNull, flow.ColProto, ""},
		{"null port", func(r *loose) { r.Port = nil }, flowfile.ReasonNull, flow.ColPort, ""},
		{"null up", func(r *loose) { r.Up = nil }, flowfile.ReasonNull, flow.ColUp, ""},
		{"early", func(r *loose) { r.Time = new(int64(-1)) }, flowfile.ReasonTime, flow.ColTime, "-1"},
		{"late", func(r *loose) { r.Time = new(int64(flow.Day)) }, flowfile.ReasonTime, flow.ColTime, "8640000"},
		{"least", func(r *loose) { r.Time = new(int64(math.MinInt64)) }, flowfile.ReasonTime, flow.ColTime, "-9223372036854775808"},
		{"no address", func(r *loose) { r.Src = new("192.168.100.256") }, flowfile.ReasonAddress, flow.ColSrc, "192.168.100.256"},
		{"zone", func(r *loose) { r.Dst = new("fe80::1%eth0") }, flowfile.ReasonAddress, flow.ColDst, "fe80::1%eth0"},
		{"empty address", func(r *loose) { r.Dst = new("") }, flowfile.ReasonAddress, flow.ColDst, ""},
		{"long", func(r *loose) { r.Src = new(strings.Repeat("x", 1000)) }, flowfile.ReasonAddress, flow.ColSrc, strings.Repeat("x", 80) + "…"},
		{"binary", func(r *loose) { r.Src = new("\xff\xfe1") }, flowfile.ReasonAddress, flow.ColSrc, "\uFFFD1"},
		{"protocol", func(r *loose) { r.Proto = new("tcpp") }, flowfile.ReasonProtocol, flow.ColProto, "tcpp"},
		{"port", func(r *loose) { r.Port = new(65536.0) }, flowfile.ReasonPort, flow.ColPort, "65536"},
		{"negative port", func(r *loose) { r.Port = new(-1.0) }, flowfile.ReasonPort, flow.ColPort, "-1"},
		{"fraction", func(r *loose) { r.Port = new(80.5) }, flowfile.ReasonNumber, flow.ColPort, "80.5"},
		{"not a number", func(r *loose) { r.Port = new(math.NaN()) }, flowfile.ReasonNumber, flow.ColPort, "NaN"},
		{"infinite", func(r *loose) { r.Port = new(math.Inf(1)) }, flowfile.ReasonNumber, flow.ColPort, "+Inf"},
		{"negative", func(r *loose) { r.Up = new(int64(-5)) }, flowfile.ReasonBytes, flow.ColUp, "-5"},
		{"beyond int64", func(r *loose) { r.Down = new(uint64(math.MaxUint64)) }, flowfile.ReasonNumber, flow.ColDown, "18446744073709551615"},
		{"first column counts", func(r *loose) { r.Down, r.Src = nil, new("?") }, flowfile.ReasonAddress, flow.ColSrc, "?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bad := good()
			c.spoil(&bad)
			path := writeRows(t, []loose{good(), good(), good(), bad, bad}, parquet.MaxRowsPerRowGroup(2))
			p, err := flowfile.Profile(t.Context(), path, flowfile.Options{})
			if err != nil {
				t.Fatal(err)
			}
			want := []profile.Rejected{{Reason: c.reason, Count: 2, First: profile.Place{
				File: "rows.parquet", RowGroup: 1, Row: 1, Column: c.column, Value: c.value,
			}}}
			if diff := cmp.Diff(want, p.Rejected); diff != "" {
				t.Error(diff)
			}
			if n := p.Total().Flows; n != 3 || p.Sources[0].Rows != 5 {
				t.Errorf("%d flows of %d rows", n, p.Sources[0].Rows)
			}
			var errs int
			for _, err := range flowfile.Rows(t.Context(), path, flowfile.Filter{}) {
				if row, ok := errors.AsType[*flowfile.RowError](err); ok {
					errs++
					if row.Reason != c.reason || row.At.Value != c.value {
						t.Errorf("Rows: %v", row)
					}
				} else if err != nil {
					t.Error(err)
				}
			}
			if errs != 2 {
				t.Errorf("Rows yielded %d row errors", errs)
			}
		})
	}
}

// oneFlow is the bytes of a file of one flow.
func oneFlow(t testing.TB) []byte {
	b, err := os.ReadFile(writeFlows(t, someFlows(1, 1)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBadFiles(t *testing.T) {
	type noPort struct {
		Time int64  `parquet:"timestamp"`
		Src  string `parquet:"src_ip"`
		Note string `parquet:"note"`
	}
	type date struct {
		Time int64 `parquet:"timestamp,timestamp(microsecond)"`
	}
	type text struct {
		Time string `parquet:"timestamp"`
	}
	type list struct {
		Time []int64 `parquet:"timestamp,list"`
	}
	type number struct {
		Time  int64   `parquet:"timestamp"`
		Src   float64 `parquet:"src_ip"`
		Dst   string  `parquet:"dst_ip"`
		Proto string  `parquet:"proto"`
	}
	bytesFile := func(b []byte) func(t *testing.T) string {
		return func(t *testing.T) string {
			path := filepath.Join(t.TempDir(), "rows.parquet")
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}
	}
	whole := oneFlow(t)
	bad := good()
	bad.Src = new("here")
	for _, c := range []struct {
		name string
		path func(*testing.T) string
		want error
		text string // of the message, after the folder
	}{
		{"missing", func(*testing.T) string { return "no/such.parquet" }, os.ErrNotExist, "no/such.parquet"},
		{"folder", func(t *testing.T) string { return t.TempDir() }, flowfile.ErrNotParquet, "not a regular file"},
		{"empty", bytesFile(nil), flowfile.ErrNotParquet, "rows.parquet: not a Parquet file"},
		{"text", bytesFile([]byte("timestamp,src_ip\n1,2\n")), flowfile.ErrNotParquet, "rows.parquet: not a Parquet file"},
		{"one byte", bytesFile([]byte("P")), flowfile.ErrNotParquet, "not a Parquet file"},
		{"only the head", bytesFile(whole[:4]), flowfile.ErrTruncated, "truncated"},
		{"half", bytesFile(whole[:len(whole)/2]), flowfile.ErrTruncated, "truncated"},
		{"all but the last byte", bytesFile(whole[:len(whole)-1]), flowfile.ErrTruncated, "truncated"},
		{"second half", bytesFile(append([]byte("PAR1"), whole[len(whole)-20:]...)), flowfile.ErrTruncated, "truncated"},
		{"encrypted", bytesFile([]byte("PARE0123456789PARE")), flowfile.ErrEncrypted, "encrypted"},
		{"no rows", func(t *testing.T) string { return writeFlows(t, nil) }, flowfile.ErrNoRows, "empty day"},
		{"missing column", func(t *testing.T) string { return writeRows(t, []noPort{{}}) }, flowfile.ErrMissingColumn,
			"rows.parquet: column dst_ip: the column is missing; the file has timestamp, src_ip, note"},
		{"date", func(t *testing.T) string { return writeRows(t, []date{{}}) }, flowfile.ErrColumnType,
			"rows.parquet: column timestamp: the column has a type that cannot be read: it is TIMESTAMP(isAdjustedToUTC=true,unit=MICROS); write it as a whole number of hundredths of a second since midnight"},
		{"text for time", func(t *testing.T) string { return writeRows(t, []text{{}}) }, flowfile.ErrColumnType, "it is STRING"},
		{"list", func(t *testing.T) string { return writeRows(t, []list{{}}) }, flowfile.ErrColumnType, "it is nested"},
		{"float for address", func(t *testing.T) string { return writeRows(t, []number{{}}) }, flowfile.ErrColumnType,
			"column src_ip: the column has a type that cannot be read: it is DOUBLE; write it as text, such as 192.168.100.35"},
		{"all rejected", func(t *testing.T) string { return writeRows(t, []loose{bad, bad}) }, flowfile.ErrAllRejected,
			`rows.parquet: none of the rows is a flow: 2 of 2 rows have "invalid address", first in row group 0, row 0, column src_ip: "here"`},
		{"LZ4 of before LZ4_RAW", func(t *testing.T) string {
			return writeRows(t, []loose{good()}, parquet.Compression(compress.Codec(oldLZ4{&parquet.Lz4Raw})))
		}, flowfile.ErrCompression, "row group 0: column timestamp: the column is compressed in a way"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := c.path(t)
			_, err := flowfile.Profile(t.Context(), path, flowfile.Options{})
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("error %v\nshould be %v and say %s", err, c.want, c.text)
			}
			for _, rowsErr := range flowfile.Rows(t.Context(), path, flowfile.Filter{}) {
				if _, ok := errors.AsType[*flowfile.RowError](rowsErr); !ok && (rowsErr == nil || rowsErr.Error() != err.Error()) {
					t.Errorf("Rows: %v", rowsErr)
				}
			}
		})
	}
}

// Wherever a file loses or changes bytes, reading ends with a profile or
// an error that names the file.
func TestDamage(t *testing.T) {
	whole, err := os.ReadFile(writeFlows(t, someFlows(300, 3)))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "damaged.parquet")
	for i := 0; i < len(whole); i += 3 {
		b := append([]byte(nil), whole...)
		b[i] ^= 0xa5
		if i%2 == 0 {
			b = append(b[:i:i], b[min(i+7, len(b)):]...)
		}
		readBytes(t, path, b)
	}
}

// readBytes profiles bytes as a file and checks that an error says where.
func readBytes(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	checkProfile(t, path)
}

func checkProfile(t testing.TB, path string) {
	t.Helper()
	p, err := flowfile.Profile(t.Context(), path, flowfile.Options{Workers: 1})
	if err == nil {
		if err := profile.Encode(io.Discard, p); err != nil {
			t.Errorf("%s: the profile cannot be encoded: %v", path, err)
		}
		return
	}
	if e, ok := errors.AsType[*flowfile.Error](err); !ok || e.File != path {
		t.Errorf("%s: error %v does not name the file", path, err)
	}
}

func TestBadData(t *testing.T) {
	bad, err := filepath.Glob(filepath.Join(testenv.Data(t, "parquet-testing"), "bad_data", "*.parquet"))
	if err != nil || len(bad) != 8 {
		t.Fatalf("%d malformed files, error %v", len(bad), err)
	}
	for _, path := range bad {
		_, err := flowfile.Profile(t.Context(), path, flowfile.Options{})
		if e, ok := errors.AsType[*flowfile.Error](err); !ok || e.File != path {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestEveryEncoding(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testenv.Data(t, "parquet-testing"), "data", "*"))
	if err != nil || len(files) < 60 {
		t.Fatalf("%d files, error %v", len(files), err)
	}
	for _, path := range files {
		checkProfile(t, path)
	}
}

// TestRejectedAmongFiles reads a file without flows between others: the error
// names it and says why.
func TestRejectedAmongFiles(t *testing.T) {
	bad := good()
	bad.Src = new("nowhere")
	a, b, c := writeRows(t, []loose{good()}), writeRows(t, []loose{bad}), writeFlows(t, someFlows(10, 1))
	_, err := flowfile.ProfileAll(t.Context(), []string{a, b, c}, flowfile.Options{})
	if !errors.Is(err, flowfile.ErrAllRejected) || !strings.HasPrefix(err.Error(), b) || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("error %v", err)
	}
}

// Flows of protocols that profiles do not count are yielded as rows, and counted by
// protocol as left out.
func TestOtherProtocols(t *testing.T) {
	flows := someFlows(6, 1)
	flows[1].Proto, flows[4].Proto, flows[5].Proto = flow.ICMP, flow.ICMP, 47
	path := writeFlows(t, flows)
	p, err := flowfile.Profile(t.Context(), path, flowfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{}
	for _, r := range p.Rejected {
		got[r.Reason] = r.Count
	}
	want := map[string]int64{"protocol icmp, which detections do not use": 2, "protocol gre, which detections do not use": 1}
	if diff := cmp.Diff(want, got); diff != "" || p.Total().Flows != 3 {
		t.Errorf("%d flows; want(-) got(+):\n%s", p.Total().Flows, diff)
	}
	rows := 0
	for r, err := range flowfile.Rows(t.Context(), path, flowfile.Filter{}) {
		if err != nil || r.Proto != flows[rows].Proto {
			t.Errorf("row %d: %v, %v", rows, r, err)
		}
		rows++
	}
	if rows != len(flows) {
		t.Errorf("%d rows", rows)
	}
}

// oldLZ4 says that its pages are in the deprecated LZ4.
type oldLZ4 struct{ compress.Codec }

func (oldLZ4) CompressionCodec() format.CompressionCodec { return format.Lz4 }
