package query

import (
	"bytes"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var aTable = Table{Columns: []TableColumn{
	{Name: "src_ip", Texts: []string{"10.0.0.1", "", "10.0.0.1"}},
	{Name: "up_bytes", Unit: Bytes, Ints: []int64{0, -1, math.MaxInt64}},
	{Name: "mean_duration", Unit: Hundredths, Floats: []float64{0.5, math.NaN(), math.Inf(-1)}},
}}

// TestTable: a decoded table is the encoded one, with no rows too, and data that was cut
// or changed is an error.
func TestTable(t *testing.T) {
	for _, table := range []*Table{&aTable, {Columns: []TableColumn{{Name: "a", Texts: []string{}}, {Name: "b", Ints: []int64{}}, {Name: "c", Floats: []float64{}}}}, {}} {
		var b bytes.Buffer
		if err := table.Encode(&b); err != nil {
			t.Fatal(err)
		}
		got, err := DecodeTable(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(table, got, cmpopts.EquateNaNs()); diff != "" {
			t.Error(diff)
		}
		for i := range b.Len() {
			if _, err := DecodeTable(b.Bytes()[:i]); err == nil {
				t.Fatalf("a table cut after %d bytes is read", i)
			}
			changed := bytes.Clone(b.Bytes())
			changed[i] ^= 1
			if _, err := DecodeTable(changed); err == nil {
				t.Fatalf("a table with another byte %d is read", i)
			}
		}
	}
}

// FuzzTable reads tables whose checksum is right and whose content may not be.
func FuzzTable(f *testing.F) {
	var b bytes.Buffer
	if err := aTable.Encode(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes()[len(tableMagic) : b.Len()-4])
	f.Fuzz(func(t *testing.T, content []byte) {
		table, err := DecodeTable(sealed(append([]byte(tableMagic), content...)))
		if err != nil {
			return
		}
		for i := range table.Columns {
			c := &table.Columns[i]
			if n := len(c.Ints) + len(c.Floats) + len(c.Texts); n != table.Len() {
				t.Fatalf("column %d has %d rows of %d", i, n, table.Len())
			}
		}
	})
}
