package query

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/flow"
)

// sample is a table of five rows. Its last row is unknown in all columns that can be.
type sample struct{}

var sampleSchema = Schema{
	{Name: "src_ip", Kind: Address},
	{Name: "dst_ip", Kind: Address},
	{Name: "port", Kind: Number, Whole: true},
	{Name: "up_bytes", Kind: Number, Unit: Bytes, Whole: true},
	{Name: "timestamp", Kind: Number, Unit: Clock, Whole: true},
	{Name: "duration", Kind: Number, Unit: Hundredths, Whole: true, Optional: true},
	{Name: "state", Kind: Text, Words: []string{"established", "refused"}, Optional: true},
	{Name: "owner", Kind: Text},
	{Name: "internal", Kind: Bool, Whole: true},
	{Name: "gap_mean", Kind: Number, Unit: Seconds},
	{Name: "severity", Kind: Text, Words: []string{"info", "low", "high"}, Ordered: true},
	{Name: "name", Kind: Text, Missing: "not in the file"},
	{Name: "date", Kind: Text},
	{Name: "ip", Kind: Address, Either: []string{"src_ip", "dst_ip"}},
}

var sampleTexts = map[int][]string{
	0:  {"10.0.0.1", "10.0.0.2", "10.0.0.1", "2001:db8::1", "192.0.2.9"},
	1:  {"10.0.0.2", "10.0.0.2", "198.51.100.7", "10.0.0.1", "192.0.2.1"},
	6:  {"established", "refused", "refused", "established", ""},
	7:  {"Google LLC", "dropbox", "O'Brien & Co", "100%", "back\\slash"},
	10: {"low", "info", "high", "low", "high"},
	12: {"2024-03-19", "2024-03-19", "2024-03-20", "2024-03-20", "2024-03-21"},
}

var sampleInts = map[int][]int64{
	2: {443, 53, 8080, 22, 443},
	3: {1_000_000, 999_999, 0, 5_000_000_000, 1_500},
	4: {0, 3780000, 3779999, 8639999, 3780100},
	5: {0, 500, 30000, 30001, -1},
	8: {1, 1, 0, 0, 0},
}

func (sample) Len() int { return 5 }

func (sample) Column(i int) (*Vector, error) {
	if texts, ok := sampleTexts[i]; ok {
		return &Vector{Codes: []uint32{0, 1, 2, 3, 4}, Dict: &sampleDict{texts}}, nil
	}
	if i == 9 {
		return &Vector{Floats: []float64{0.5, 60, 300, 301, math.NaN()}}, nil
	}
	return &Vector{Ints: sampleInts[i]}, nil
}

type sampleDict struct{ texts []string }

func (d *sampleDict) Text(code uint32) string { return d.texts[code] }
func (d *sampleDict) Address(code uint32) netip.Addr {
	a, _ := netip.ParseAddr(d.texts[code])
	return a
}

// TestConditions: a condition chooses the rows that a reader of SQL expects.
func TestConditions(t *testing.T) {
	for text, want := range map[string][]int32{
		"port = 443":                              {0, 4},
		"443 = port":                              {0, 4},
		"port != 443":                             {1, 2, 3},
		"not port = 443":                          {1, 2, 3},
		"port in (22, 53, 443)":                   {0, 1, 3, 4},
		"port not in (22, 53, 443)":               {2},
		"port > 52.5 and port <= 443":             {0, 1, 4},
		"port = '443' and up_bytes < '1MB'":       {4},
		"timestamp >= '10:30'":                    {1, 3, 4},
		"port = 52.5":                             {},
		"port != 52.5":                            {0, 1, 2, 3, 4},
		"not port between 50 and 500":             {2, 3},
		"port < 50 or port > 500":                 {2, 3},
		"port = 443 or port = 443":                {0, 4},
		"up_bytes >= 1MB":                         {0, 3},
		"up_bytes < 1e6":                          {1, 2, 4},
		"up_bytes > 4.9G":                         {3},
		"timestamp >= 10:30":                      {1, 3, 4},
		"timestamp between 10:30 and 10:30:01":    {1, 4},
		"timestamp < 24:00":                       {0, 1, 2, 3, 4},
		"timestamp >= 2024-03-20 10:30":           {3, 4},
		"timestamp > 2024-03-20 00:00":            {2, 3, 4},
		"timestamp < '2024-03-20 10:30'":          {0, 1, 2},
		"2024-03-19 10:30 = timestamp":            {1},
		"timestamp != 2024-03-19T10:30":           {0, 2, 3, 4},
		"not timestamp <= 2024-03-20 10:29:59.99": {3, 4},
		"timestamp between 2024-03-19 10:00 and 2024-03-20 12:00": {1, 2},
		"duration > 5m":             {3},
		"duration >= 300s":          {2, 3},
		"duration = 0":              {0},
		"duration < 1h":             {0, 1, 2, 3},
		"not duration < 1h":         {},
		"duration not in (0s, 5s)":  {2, 3},
		"duration is unknown":       {4},
		"duration is not null":      {0, 1, 2, 3},
		"not duration is unknown":   {0, 1, 2, 3},
		"port is unknown":           {},
		"src_ip is not unknown":     {0, 1, 2, 3, 4},
		"gap_mean > 5m":             {3},
		"not gap_mean > 5m":         {0, 1, 2},
		"gap_mean in (60, 0.5)":     {0, 1},
		"gap_mean not in (60, 0.5)": {2, 3},
		"gap_mean is unknown":       {4},
		"gap_mean is not unknown":   {0, 1, 2, 3},
		"state = REFUSED":           {1, 2},
		"state != refused":          {0, 3},
		"not state = refused":       {0, 3},
		"state not in (refused)":    {0, 3},
		"state is unknown":          {4},
		"state is not unknown":      {0, 1, 2, 3},
		"src_ip = 10.0.0.1":         {0, 2},
		"src_ip = '10.0.0.1'":       {0, 2},
		"src_ip = dst_ip":           {1},
		"src_ip != dst_ip":          {0, 2, 3, 4},
		"not src_ip = dst_ip":       {0, 2, 3, 4},
		"src_ip > dst_ip":           {3, 4},
		"src_ip in internal":        {0, 1, 2},
		"not src_ip in internal":    {3, 4},
		"src_ip in (192.0.2.0/24, 10.0.0.2, 2001:db8::/32)": {1, 3, 4},
		"src_ip between 10.0.0.2 and 192.0.2.9":             {1, 4},
		"src_ip like '10.%'":                                {0, 1, 2},
		"ip = 10.0.0.1":                                     {0, 2, 3},
		"ip != 10.0.0.1":                                    {1, 4},
		"not ip = 10.0.0.1":                                 {1, 4},
		"ip in 192.0.2.0/24":                                {4},
		"ip not in internal":                                {4},
		"ip in internal and not (src_ip in internal and dst_ip in internal)": {2, 3},
		"owner like '%oo%'":                     {0},
		"owner ilike 'DROP___'":                 {1},
		"owner not like '%o%'":                  {3, 4},
		"owner = dropbox":                       {1},
		"owner = 'O''Brien & Co'":               {2},
		`owner like '100\%'`:                    {3},
		`owner like '%\\%'`:                     {4},
		"owner like '%'":                        {0, 1, 2, 3, 4},
		"owner < 'P'":                           {0, 2, 3},
		"owner in (dropbox, 'Google LLC', 'x')": {0, 1},
		"internal":                              {0, 1},
		"not internal":                          {2, 3, 4},
		"internal = false":                      {2, 3, 4},
		"internal != true":                      {2, 3, 4},
		"severity >= low":                       {0, 2, 3, 4},
		"not severity >= low":                   {1},
		"up_bytes > port * 1000":                {0, 1, 3},
		"up_bytes > port":                       {0, 1, 3, 4},
		"port >= up_bytes":                      {2},
		"up_bytes = up_bytes":                   {0, 1, 2, 3, 4},
		"not duration < duration":               {0, 1, 2, 3},
		"duration != duration":                  {},
		"gap_mean = gap_mean":                   {0, 1, 2, 3},
		"up_bytes / 0 > 1":                      {},
		"up_bytes / port % 2 >= 0":              {0, 1, 2, 3, 4},
		"duration / 100 > 1":                    {1, 2, 3},
		"not duration / 100 > 1":                {0},
		"timestamp + 1s > 10:30":                {1, 2, 3, 4},
		"-port < -8000":                         {2},
		"true":                                  {0, 1, 2, 3, 4},
		"not true or port = 22":                 {3},
		"port = 443 and (internal or not internal) and not (state = refused or up_bytes < 1)": {0},
	} {
		p, err := Compile(text, sampleSchema, flow.Private)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		e := p.Evaluator()
		for range 2 { // the second time with what the first remembers
			got, err := e.Choose(sample{}, nil)
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: rows %v, %v; want %v", text, got, err, want)
			}
		}
		odd := []int32{1, 3}
		both := slices.DeleteFunc(slices.Clone(want), func(i int32) bool { return !slices.Contains(odd, i) })
		if got, err := e.Choose(sample{}, odd); err != nil || !slices.Equal(got, both) {
			t.Errorf("%s of rows 1 and 3: %v, %v; want %v", text, got, err, both)
		}
	}
}

// TestBounds: rows are left out by their bounds if these exclude them, and never if a
// row can be chosen.
func TestBounds(t *testing.T) {
	for text, want := range map[string]bool{
		"port = 443": true, "port = 444": true, "port > 8080": false, "port != 443": true, "src_ip in internal": true,
		"src_ip = 10.9.9.9": false, "not src_ip in internal": true, "port > 9000 or state = refused": true,
		"port > 9000 and state = refused": false, "duration is unknown": true, "not internal": true, "up_bytes > 6G": false,
		"false": false, "owner like 'x%'": false, "port in (1, 2)": false, "not port >= 22": false, "src_ip = dst_ip": true,
		"up_bytes > port": true, "gap_mean > 1000": true, "gap_mean is unknown": true,
	} {
		p, err := Compile(text, sampleSchema, flow.Private)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := p.Evaluator().Choose(sample{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if may := p.Evaluator().May(sampleBounds{}); may != want || len(rows) > 0 && !may {
			t.Errorf("%s: may be true: %v, want %v; it is for rows %v", text, may, want, rows)
		}
	}
}

type sampleBounds struct{}

func (sampleBounds) Range(i int) (low, high int64, ok bool) {
	ints, ok := sampleInts[i]
	if !ok {
		return 0, 0, false
	}
	return slices.Min(ints), slices.Max(ints), true
}

func (sampleBounds) Codes(i int) ([]uint32, Dictionary, bool) {
	texts, ok := sampleTexts[i]
	return []uint32{0, 1, 2, 3, 4}, &sampleDict{texts}, ok
}

// TestCompileErrors: what means nothing is an error that says what there is.
func TestCompileErrors(t *testing.T) {
	for text, want := range map[string]string{
		"prot = 443":                        `unknown column "prot"; did you mean port?`,
		"PORT = 443":                        `unknown column "PORT"; did you mean port?`,
		"established":                       "established is not a column; write state = established",
		"not src_internal":                  "src_internal is not a column; write src_ip in internal",
		"zzz = 1":                           `unknown column "zzz"; the columns are src_ip, dst_ip, port, up_bytes, timestamp, duration, state, owner, internal, gap_mean, severity, name, date, ip`,
		"port = 443 and upbytes >1":         `unknown column "upbytes"; did you mean up_bytes?`,
		"port = https":                      "port is a number; 'https' is text; for names, use service",
		"up_bytes > dup_bytes":              `unknown column "dup_bytes"; did you mean up_bytes?`,
		"port = 'https'":                    "port is a number; 'https' is text; for names, use service",
		"port = 10.0.0.1":                   "port is a number; 10.0.0.1 is an address",
		"port in (80, 'http')":              "port is a number; 'http' is text; for names, use service",
		"port like '4%'":                    "port is a number; like compares texts",
		"src_ip = web1":                     "web1 is neither a column nor an address",
		"src_ip = 'web1'":                   `"web1" is not an address`,
		"src_ip = 10.0.0.0/8":               "10.0.0.0/8 is a network; write src_ip in 10.0.0.0/8",
		"src_ip in (10.0.0.0/8, 5)":         "src_ip is an address; 5 is a number",
		"src_ip = port":                     "src_ip is an address and port is a number: they cannot be compared with =",
		"owner = 443":                       "owner is text; write '443'",
		"owner like Google":                 "like wants a pattern in quotes, such as '%.example.com' (% is any text, _ any letter)",
		"state = S0":                        "state is one of established, refused",
		"state = SF":                        "state is one of established, refused; SF is established here",
		"id.resp_p = 443":                   `unknown column "id.resp_p"; did you mean port?`,
		"duration > 3600":                   "duration is a length of time; write its unit, such as 3600s or 3600ms",
		"timestamp > 36000":                 "timestamp is a time of day; write it as 10:30 or 10:30:15",
		"timestamp >= 2024-03-20":           "timestamp is the time of day; write date = 2024-03-20, or a date and time, such as 2024-03-20 10:30",
		"timestamp + 1s > 2024-03-20 10:30": "2024-03-20 10:30:00.00 is a time of one date, with which nothing is computed; write the time alone",
		"timestamp in (2024-03-20 10:30)":   "2024-03-20 10:30:00.00 is a time of one date, which only =, !=, <, <=, > and >= compare, with a column of times",
		"date = 2024-03-20 10:30":           "date is text; only a column of times, such as timestamp, is compared with 2024-03-20 10:30:00.00",
		"port in 1-1024":                    "1 - 1024 is a difference; for a range, write port between 1 and 1024",
		"owner = my-owner":                  "owner is text; write a text that is not a single word in quotes, such as 'my-owner'",
		"state = refusd":                    "state is one of established, refused; did you mean refused?",
		"state in (open)":                   "state is one of established, refused",
		"up_bytes > 5m":                     "up_bytes holds bytes; this is a length of time; write 5M or 5MB for millions",
		"up_bytes > 10:30":                  "up_bytes holds bytes; this is a time of day",
		"timestamp > 5m":                    "timestamp holds a time of day; write it as 10:30 or 10:30:15",
		"port > 5s":                         "port holds a plain number; this is a length of time",
		"duration > 1MB":                    "duration holds a length of time; this is bytes",
		"up_bytes > duration":               "one side is bytes and the other a length of time",
		"up_bytes + 10:30 > 1":              "the other side is bytes; this is a time of day",
		"up_bytes * duration > 1":           "bytes times a length of time means nothing",
		"internal > 1":                      "internal is true or false; write internal or not internal",
		"internal + 1 > 1":                  "internal is true or false, not a number",
		"port":                              "port is not a condition; compare it with something, such as port = 443",
		"port + 1":                          "port + 1 is not a condition; compare it with something, such as port = 443",
		"443":                               "443 is not a condition; compare it with something, such as port = 443",
		"owner + 1 > 2":                     "owner is text, not a number",
		"name = x":                          "column name: not in the file",
		"1 in (1, 2)":                       "only a column can be in a list",
		"1 + 1 is unknown":                  "only a column can be unknown",
		"src_ip in dst_ip":                  "the column dst_ip cannot be in a list; compare it with =",
		"5 like 'x'":                        "like wants a column of text before it",
	} {
		_, err := Compile(text, sampleSchema, flow.Private)
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Message != want {
			t.Errorf("%s: %v\nwant %s", text, err, want)
		}
	}
	if _, err := Compile("src_ip in internal", sampleSchema, nil); err == nil {
		t.Error("networks that are not known are searched")
	}
}

// TestFormula: formulas have the values and the units that follow from their columns.
func TestFormula(t *testing.T) {
	for text, want := range map[string]string{
		"up_bytes / 1e6":      "[1 0.999999 0 5000 0.0015] bytes whole false",
		"up_bytes + 1kB":      "[1.001e+06 1.000999e+06 1000 5.000001e+09 2500] bytes whole true",
		"up_bytes / up_bytes": "[1 1 NaN 1 1] a plain number whole false",
		"duration / 100":      "[0 5 300 300.01 NaN] a length of time whole false",
		"timestamp - 10:30":   "[-3.78e+06 0 -1 4.859999e+06 100] a length of time whole true",
		"port * 2 - 1":        "[885 105 16159 43 885] a plain number whole true",
		"-(port % 10)":        "[-3 -3 0 -2 -3] a plain number whole true",
	} {
		f, err := CompileFormula(text, sampleSchema)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		values, err := f.Values(sample{})
		if got := fmt.Sprintf("%v %v whole %v", values, f.Unit, f.Whole); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", text, got, err, want)
		}
	}
	if _, err := CompileFormula("port = 1", sampleSchema); err == nil {
		t.Error("a condition is a number")
	}
}

// A word alone is taken for the value of a column that has it.
func TestWordAsCondition(t *testing.T) {
	for word, want := range map[string]string{
		"tcp":      "tcp is not a column; write proto = tcp",
		"not TCP":  "TCP is not a column; write proto = tcp",
		"outbound": "outbound is not a column; write direction = out",
		"dns":      "dns is not a column; write service = dns if it is the name of a port",
	} {
		if _, err := Compile(word, Flows(), nil); err == nil || !strings.HasPrefix(err.Error(), want+"\n") {
			t.Errorf("%s: %v, want %s", word, err, want)
		}
	}
}

// A misspelled protocol names the nearest.
func TestUnknownProtocol(t *testing.T) {
	for word, want := range map[string]string{"tpc": `protocol "tpc" is not known; did you mean tcp?`, "zzzzzz": `protocol "zzzzzz" is not known; want tcp, udp`} {
		if _, err := Compile("proto = "+word, Flows(), nil); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", word, err, want)
		}
	}
}

// reading notes which columns are read, in order.
type reading struct {
	sample
	columns []int
}

func (r *reading) Column(i int) (*Vector, error) {
	r.columns = append(r.columns, i)
	return r.sample.Column(i)
}

// The test that chose fewer rows before is the first of two, and the rows are the same.
func TestAndOrder(t *testing.T) {
	p, err := Compile("port < 9000 and up_bytes > 1GB", sampleSchema, nil)
	if err != nil {
		t.Fatal(err)
	}
	e := p.Evaluator()
	for i, first := range []int{2, 3, 3} {
		r := &reading{}
		rows, err := e.Choose(r, nil)
		if err != nil || !slices.Equal(rows, []int32{3}) || r.columns[0] != first {
			t.Errorf("block %d: rows %v, columns %v: %v", i, rows, r.columns, err)
		}
	}
}
