package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

var words = []string{"{", "}", "[", "]", "\"", "'", ":", ",", "null", "true", "-1", "0", "1e999", "9223372036854775808", "18446744073709551616", "NaN", "\\u0000", "\\ud800", "\x1b[31m", "\u202e", "\xff\xfe", "%s%d%n", "../../..", "&a", "*a", "<<:", "!!binary", "---\n", "\n", "\r\n", "\t", "$x$", "```", "|", "<script>", "{#tbl-a}", "[@x]", "((((((((((", "))))))", "not ", " and ", " or ", "0.0.0.0/0", "::/0", "9999-99-99", "%d", "%", "/", "\x00"}

func mutate(r *rand.Rand, in []byte, all [][]byte) []byte {
	b := bytes.Clone(in)
	for range 1 + r.IntN(4) {
		if len(b) == 0 {
			b = []byte(words[r.IntN(len(words))])
		}
		i := r.IntN(len(b))
		switch r.IntN(13) {
		case 0:
			b[i] ^= 1 << r.IntN(8)
		case 1:
			b[i] = byte(r.Uint32())
		case 2:
			j := min(len(b), i+1+r.IntN(32))
			b = append(b[:i:i], b[j:]...)
		case 3:
			j := min(len(b), i+1+r.IntN(64))
			k := r.IntN(len(b))
			b = append(append(append([]byte{}, b[:k]...), b[i:j]...), b[k:]...)
		case 4:
			w := words[r.IntN(len(words))]
			b = append(append(append([]byte{}, b[:i]...), w...), b[i:]...)
		case 5:
			if len(b) >= 8 {
				i = r.IntN(len(b) - 7)
				v := []uint64{0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0xffffffff, 1 << 40, 1<<63 - 1, 1<<64 - 1}[r.IntN(11)]
				switch r.IntN(4) {
				case 0:
					binary.LittleEndian.PutUint32(b[i:], uint32(v))
				case 1:
					binary.BigEndian.PutUint32(b[i:], uint32(v))
				case 2:
					binary.BigEndian.PutUint16(b[i:], uint16(v))
				default:
					binary.LittleEndian.PutUint64(b[i:], v)
				}
			}
		case 6:
			b = b[:i]
		case 7:
			o := all[r.IntN(len(all))]
			if len(o) > 0 {
				b = append(b[:i:i], o[r.IntN(len(o)):]...)
			}
		case 8: // a number
			at := regexp.MustCompile(`\d+`).FindAllIndex(b, -1)
			if len(at) > 0 {
				a := at[r.IntN(len(at))]
				n := []string{"-1", "0", "65536", "4294967296", "99999999999999999999999", "1e308", "0.5", "01"}[r.IntN(8)]
				b = append(append(append([]byte{}, b[:a[0]]...), n...), b[a[1]:]...)
			}
		case 9: // a word by another
			at := regexp.MustCompile(`[\pL_]{2,}`).FindAllIndex(b, -1)
			if len(at) > 1 {
				x, y := at[r.IntN(len(at))], at[r.IntN(len(at))]
				b = append(append(append([]byte{}, b[:x[0]]...), b[y[0]:y[1]]...), b[x[1]:]...)
			}
		case 10: // repeat much
			j := min(len(b), i+1+r.IntN(16))
			b = append(append(append([]byte{}, b[:i]...), bytes.Repeat(b[i:j], 1+r.IntN(2000))...), b[j:]...)
		case 11: // a varint
			b[i] |= 0x80
		case 12:
			j := r.IntN(len(b))
			b[i], b[j] = b[j], b[i]
		}
	}
	return b
}

var control = regexp.MustCompile("[\x00-\x08\x0b-\x1f\x7f\u0080-\u009f\u202a-\u202e\u2066-\u2069]")

func TestZZMutate(t *testing.T) {
	const s = "/tmp/hardening/m/seeds/"
	n, _ := strconv.Atoi(os.Getenv("ZZ_N"))
	only := os.Getenv("ZZ_ONLY")
	t.Setenv("FLOWBOOK_CACHE", t.TempDir())
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	for _, k := range []struct {
		name  string
		seeds []string
		file  string
		args  []string
		ok    string
		n     int
	}{
		{"aggregates-conv", []string{"tables/conversations.parquet"}, "tables/conversations.parquet", []string{"profile", "--from-aggregates", "tables", "-o", "o.profile"}, "02", n},
		{"aggregates-rest", []string{"tables/half_hours.parquet"}, "tables/half_hours.parquet", []string{"profile", "--from-aggregates", "tables", "-o", "o.profile"}, "02", n},
		{"aggregates-largest", []string{"tables/largest.parquet"}, "tables/largest.parquet", []string{"profile", "--from-aggregates", "tables", "-o", "o.profile"}, "02", n},
		{"intel", []string{"stix.json", "misp.json", "zeek.intel", "intel.csv"}, "list", []string{"detect", "--test", "d.profile", "--intel", "list", "--format", "sarif"}, "02", n},
		{"mapping", []string{"mapping.yaml"}, "m.yaml", []string{"profile", "--sql", "clickhouse", "--mapping", "m.yaml", "--source", "conn", "--day", "2024-04-18"}, "02", n},
		{"nbformat-old", []string{"v2.ipynb", "v3.ipynb"}, "notebooks/a.ipynb", []string{"check", "nope"}, "02", 0},
		{"notebook", []string{"a.ipynb"}, "notebooks/a.ipynb", []string{"run", "--to", "html,md,typst,email", "--no-cache"}, "0124", n / 3},
		{"old-notebook", []string{"v2.ipynb", "v3.ipynb"}, "notebooks/a.ipynb", []string{"run", "--to", "md", "--no-cache", "--start-timeout", "1s"}, "0124", n / 3},
		{"catalog", []string{"pt.yaml"}, "notebooks/pt.yaml", []string{"run", "--to", "html,md", "--lang", "pt", "--no-cache"}, "0124", n / 3},
		{"capture", []string{"t.pcap"}, "t.pcap", []string{"import", "--from", "pcap", "t.pcap", "-o", "o.parquet"}, "02", n},
		{"findings", []string{"f.jsonl", "f2.jsonl"}, "f.jsonl", []string{"diff", "--format", "md", "f0.jsonl", "f.jsonl"}, "023", n},
		{"document", []string{"report/document.json"}, "r2/document.json", []string{"diff", "report", "r2"}, "023", n},
		{"sources", []string{"report/sources.json"}, "r2/sources.json", []string{"diff", "report", "r2"}, "023", n},
		{"query", []string{"q1.json", "q2.json"}, "q.json", []string{"query", "d.parquet", "--query", "q.json", "--format", "csv"}, "02", n},
	} {
		if only != "" && !strings.Contains(","+only+",", ","+k.name+",") || k.n == 0 {
			continue
		}
		t.Run(k.name, func(t *testing.T) {
			dir := t.TempDir()
			t.Chdir(dir)
			if err := os.CopyFS(dir, os.DirFS(s)); err != nil {
				t.Fatal(err)
			}
			os.MkdirAll("jupyter/kernels/none", 0o755)
			os.WriteFile("jupyter/kernels/none/kernel.json", []byte(`{"argv": ["false"], "display_name": "none", "language": "n"}`), 0o600)
			t.Setenv("JUPYTER_PATH", filepath.Join(dir, "jupyter"))
			os.MkdirAll("notebooks", 0o755)
			os.WriteFile("notebooks/report.yaml", []byte("title: T\nkernel: none\n"), 0o600)
			a, _ := os.ReadFile("a.ipynb")
			os.WriteFile("notebooks/a.ipynb", a, 0o600)
			if k.name == "catalog" {
				b, _ := os.ReadFile("pt.yaml")
				os.WriteFile("notebooks/pt.yaml", b, 0o600)
			}
			var all [][]byte
			for _, f := range k.seeds {
				b, err := os.ReadFile(s + f)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, b)
			}
			r := rand.New(rand.NewPCG(16, uint64(len(k.name))))
			counts := map[int]int{}
			var worst time.Duration
			var most uint64
			bad := 0
			for i := range k.n {
				b := mutate(r, all[i%len(all)], all)
				if k.name == "document" {
					if at := bytes.LastIndex(b, []byte(",\n\"checksum\"")); at >= 0 {
						b = b[:at]
					}
					b = append(bytes.Clone(b), fmt.Sprintf(",\n%q: \"%08x\"\n}\n", "checksum", crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))...)
				}
				os.MkdirAll(filepath.Dir(k.file), 0o755)
				if err := os.WriteFile(k.file, b, 0o600); err != nil {
					t.Fatal(err)
				}
				os.WriteFile("/tmp/hardening/m/last-"+k.name, b, 0o600)
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				start := time.Now()
				var out, errs bytes.Buffer
				status := run(t.Context(), k.args, &out, &errs)
				took := time.Since(start)
				runtime.ReadMemStats(&after)
				worst, most = max(worst, took), max(most, after.TotalAlloc-before.TotalAlloc)
				counts[status]++
				why := ""
				switch {
				case !strings.Contains(k.ok, strconv.Itoa(status)):
					why = "status"
				case took > 20*time.Second:
					why = "time"
				case after.TotalAlloc-before.TotalAlloc > 2<<30:
					why = "memory"
				case control.Match(errs.Bytes()):
					why = "control in stderr"
				case control.Match(out.Bytes()) && k.name != "mapping":
					why = "control in stdout"
				case status == 2 && !strings.Contains(errs.String(), "reportgen: "):
					why = "no message"
				}
				if why != "" {
					bad++
					if bad < 6 {
						os.WriteFile(fmt.Sprintf("/tmp/hardening/m/bad-%s-%d", k.name, i), b, 0o600)
						t.Errorf("%d: %s: status %d, %v, %d MB:\n%.600q", i, why, status, took, (after.TotalAlloc-before.TotalAlloc)>>20, errs.String())
					}
				}
			}
			fmt.Printf("%s: %d mutations, statuses %v, longest %v, most allocated %d MB, bad %d\n", k.name, k.n, counts, worst.Round(time.Millisecond), most>>20, bad)
		})
	}
}
