package query

import (
	"errors"
	"strings"
	"testing"
)

// TestParse: expressions of users of SQL and nfdump are read as they mean them, and
// what String writes is read as the same expression.
func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"port=443":                                             "port = 443",
		"port == 443 && proto == 'tcp'":                        "port = 443 and proto = 'tcp'",
		"a or b and not c":                                     "a or b and not c",
		"(a or b) and c":                                       "(a or b) and c",
		"not (a and b)":                                        "not (a and b)",
		"not a = 1 and b = 2":                                  "not a = 1 and b = 2",
		"src_ip in 192.168.100.7/24":                           "src_ip in (192.168.100.0/24)",
		"src_ip IN (10.0.0.1,10.1.0.0/16, internal)":           "src_ip in (10.0.0.1, 10.1.0.0/16, internal)",
		"src_ip not in 10.0.0.0/8":                             "not src_ip in (10.0.0.0/8)",
		"dst_ip = 2001:db8::1 or dst_ip in fe80::/10":          "dst_ip = 2001:db8::1 or dst_ip in (fe80::/10)",
		"dst_ip = ::ffff:10.0.0.1":                             "dst_ip = 10.0.0.1",
		"dst_ip in ::ffff:10.0.0.0/104":                        "dst_ip in (10.0.0.0/8)",
		"timestamp between 10:30 and 11:00:30.5":               "timestamp >= 10:30:00.00 and timestamp <= 11:00:30.50",
		"timestamp < 24:00":                                    "timestamp < 24:00",
		"duration > 1.5s":                                      "duration > 1500ms",
		"up_bytes > 1.1MB":                                     "up_bytes > 1100000B",
		"up_bytes > 10k and down_bytes < 2KiB":                 "up_bytes > 10000 and down_bytes < 2048B",
		"up_bytes >= 1e6 and x > 1.5E+3":                       "up_bytes >= 1000000 and x > 1500",
		"date >= 2024-03-20 and date < 2024-4-1":               "date >= '2024-03-20' and date < '2024-04-01'",
		"timestamp < 2024-03-20 9:30 or t > 2024-3-20T24:00":   "timestamp < 2024-03-20 09:30:00.00 or t > 2024-03-20 24:00",
		"duration > 1.5 hours and x < 90 min or up_bytes>1 MB": "duration > 5400000ms and x < 5400000ms or up_bytes > 1000000B",
		"name = www.example.com and id.orig_h = a.b":           "name = www.example.com and id.orig_h = a.b",
		"name like '%.example.com' or name not ilike 'O''B%'":  "name like '%.example.com' or not name ilike 'O''B%'",
		`owner = "Google LLC"`:                                 "owner = 'Google LLC'",
		"state is null or state is not unknown":                "state is unknown or not state is unknown",
		"a - 2 - (b - 3) * -4 > - c":                           "a - 2 - (b - 3) * -4 > -c",
		"a-2>1":                                                "a - 2 > 1",
		"`up bytes` > 1 and `in` = 2":                          "`up bytes` > 1 and `in` = 2",
		"(a = 1) = true":                                       "(a = 1) = true",
		"größe > 1_000":                                        "größe > 1000",
	} {
		e, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := e.String(); got != want {
			t.Errorf("%s: read as %s, want %s", text, got, want)
		}
		if again, err := Parse(e.String()); err != nil || again.String() != want {
			t.Errorf("%s: written as %s, which is read as %v, %v", text, want, again, err)
		}
	}
}

// TestParseErrors: an error names what is wrong and marks where.
func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "the expression ends too early; expected a column or a value\n\n^",
		"port = ":                   "the expression ends too early; expected a column or a value\nport = \n       ^",
		"port = 443 and":            "the expression ends too early; expected a column or a value\nport = 443 and\n              ^",
		"port 443":                  "unexpected 443; write port = 443\nport 443\n     ^^^",
		"not host 10.0.0.1":         "unexpected 10.0.0.1; write ip = 10.0.0.1\nnot host 10.0.0.1\n         ^^^^^^^^",
		"net 10.0.0.0/8":            "unexpected 10.0.0.0/8; write ip in 10.0.0.0/8\nnet 10.0.0.0/8\n    ^^^^^^^^^^",
		"a = 1 and src port 80":     "unexpected port; for src port, write src_port\na = 1 and src port 80\n              ^^^^",
		"len(name) > 3":             "unexpected (; conditions have no functions, such as len; a column is written without parentheses, as in hour = 10\nlen(name) > 3\n   ^",
		"up_bytes > 1,000":          "unexpected ,; a list is in parentheses, as in (80, 443), and a number has no commas, as in 1000000 or 1M\nup_bytes > 1,000\n            ^",
		"src net 10.0.0.0/8":        "unexpected net; for src net, write src_ip in\nsrc net 10.0.0.0/8\n    ^^^",
		"name endswith 'x'":         "unexpected endswith; write name like '%text', in which % is any text\nname endswith 'x'\n     ^^^^^^^^",
		"a and c = United States":   "unexpected States; a text of several words is in quotes, as in owner = 'Google LLC'\na and c = United States\n                 ^^^^^^",
		"port in [80]":              "unexpected \"[\"; a list is in parentheses, as in (80, 443)\nport in [80]\n        ^",
		"up_bytes > 1 mib":          "unexpected mib; expected an operator, such as and, or, = or in\nup_bytes > 1 mib\n             ^^^",
		"up_bytes > 1mib":           "unknown unit mib; did you mean MiB?\nup_bytes > 1mib\n           ^^^^",
		"date = 2024-13-1":          "2024-13-1 is not a date\ndate = 2024-13-1\n       ^^^^^^^^^",
		"ts > 2024-03-20 25:00":     "25:00 is not a time of day\nts > 2024-03-20 25:00\n     ^^^^^^^^^^^^^^^^",
		"port = 443)":               "unexpected ); expected an operator, such as and, or, = or in\nport = 443)\n          ^",
		"(port = 443":               "the expression ends too early; expected )\n(port = 443\n           ^",
		"1 < port < 5":              "comparisons do not chain; write x > 1 and x < 5, or x between 1 and 5\n1 < port < 5\n         ^",
		"src_ip in 10.0.0.0/33":     "10.0.0.0/33 is not a network; write it in CIDR form, such as 192.168.0.0/16\nsrc_ip in 10.0.0.0/33\n          ^^^^^^^^^^^",
		"src_ip = 192.168.100":      "192.168.100 is not an IPv4 address; for a network, write it in CIDR form, such as 192.168.0.0/16\nsrc_ip = 192.168.100\n         ^^^^^^^^^^^",
		"timestamp > 25:00":         "25:00 is not a time of day\ntimestamp > 25:00\n            ^^^^^",
		"up_bytes > 5XB":            "unknown unit XB; the units are " + suffixList + "\nup_bytes > 5XB\n           ^^^",
		"duration > 9e7h":           "9e7h is too large\nduration > 9e7h\n           ^^^^",
		"up_bytes > 1e300TB":        "1e300TB is too large\nup_bytes > 1e300TB\n           ^^^^^^^",
		"owner = 'Google":           "the quote is not closed; add '\nowner = 'Google\n        ^^^^^^^",
		"port = 443 ; drop":         "unexpected \";\"; an expression is one condition, without anything after it\nport = 443 ; drop\n           ^",
		"größe = ü = 1":             "comparisons do not chain; write x > 1 and x < 5, or x between 1 and 5\ngröße = ü = 1\n          ^",
		"port between 1, 5":         "unexpected ,; expected and, as in between 1 and 5\nport between 1, 5\n              ^",
		"where port = 443":          "unexpected port; write only a condition, such as port = 443, without where\nwhere port = 443\n      ^^^^",
		"port:443":                  "unexpected : after port; write port = 443\nport:443\n^^^^^^^^",
		"src_ip = fe80::zz":         "fe80::zz is neither a time, such as 10:30, nor an IPv6 address\nsrc_ip = fe80::zz\n         ^^^^^^^^",
		"port like 4%":              "quote the pattern: '4%'\nport like 4%\n          ^^",
		"(name not like %a%) and x": "quote the pattern: '%a%'\n(name not like %a%) and x\n               ^^^",
		"name =~ 'x'":               "unexpected \"~\"; for a part of a text, write like '%text%', in which % is any text\nname =~ 'x'\n      ^",
		"name is empty":             "unexpected empty; expected unknown, not unknown, null or not null (values are compared with = or in)\nname is empty\n        ^^^^^",
		"date = 2024-02-30":         "2024-02-30 is not a date\ndate = 2024-02-30\n       ^^^^^^^^^^",
		"port\n=\t'a":               "the quote is not closed; add '\nport = 'a\n       ^^",
	} {
		_, err := Parse(text)
		if err == nil || err.Error() != want {
			t.Errorf("%s:\n%v\nwant\n%s", text, err, want)
		}
	}
	deep := strings.Repeat("(", 100000) + "a" + strings.Repeat(")", 100000)
	if _, err := Parse(deep); err == nil || !strings.Contains(err.Error(), "nested too deep") {
		t.Error("parentheses without end are read")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"port = 443 and not src_ip in (10.0.0.0/8, internal)", "a - -1 > 10:30 or `x y` like '%'", "(", "x is not null", "5m > 2024-01-01", "77E67h", "7ms "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := Parse(s)
		if err != nil {
			if _, ok := errors.AsType[*Error](err); !ok || err.Error() == "" {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		again, err := Parse(e.String())
		if err != nil || again.String() != e.String() {
			t.Fatalf("%q is written as %q and read as %v, %v", s, e, again, err)
		}
		if p, err := Compile(s, Flows(), nil); err == nil {
			_ = p.Evaluator()
		}
	})
}
