package nb

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/flowbook/flowbook/pkg/query"
)

// Each bit of a kept answer is flipped: the answer is not used. Nor is it used for another query.
func TestAnswerOfAFlippedBit(t *testing.T) {
	at := filepath.Join(t.TempDir(), "answers", "0123")
	var encoded bytes.Buffer
	if err := (&query.Table{}).Encode(&encoded); err != nil {
		t.Fatal(err)
	}
	keepAnswer(at, encoded.Bytes(), "12 rows were left out\n")
	if _, messages, ok := cachedAnswer(at); !ok || messages != "12 rows were left out\n" {
		t.Fatalf("%q, %v", messages, ok)
	}
	good, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	for bit := range len(good) * 8 {
		flipped := bytes.Clone(good)
		flipped[bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(at, flipped, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, messages, ok := cachedAnswer(at); ok {
			t.Errorf("bit %d: used, with %q", bit, messages)
		}
	}
	other := filepath.Join(filepath.Dir(at), "4567")
	if err := os.WriteFile(other, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, ok := cachedAnswer(other); ok {
		t.Error("the answer to another query is used")
	}
}
