package gonb

import "testing"

// What the program of a cell does not report is found in its source.
func TestUnseen(t *testing.T) {
	for code, want := range map[string]string{
		"%%\nfmt.Println(time.Since(start))":              "the clock",
		"func f() time.Time { return time.Now() }":        "the clock",
		"%%\nfor _, v := range os.Environ() { print(v) }": "all environment variables",
		"%%\nfd, _ := syscall.Open(name, 0, 0)":           "system calls, which are not observed",
		"%%\nunix.Statfs(\".\", &s)":                      "system calls, which are not observed",
		"%%\nto, _ := os.Readlink(\"latest\")":            "the target of a link, which is not observed",
		"%%\nb, _ := os.ReadFile(\"/proc/loadavg\")":      "the state of the machine",
		"%%\nf, _ := os.Open(`/dev/urandom`)":             "the state of the machine",

		"%%\nb, _ := os.ReadFile(\"day.csv\")":              "",
		"%%\nsignal.Notify(c, syscall.SIGTERM)":             "",
		"%%\nd := 5 * time.Second":                          "",
		"%%\nfmt.Println(\"/processes\", os.Getenv(\"A\"))": "",
	} {
		got := ""
		for _, u := range unseen {
			if u.source.MatchString(code) {
				got += u.reason
			}
		}
		if got != want {
			t.Errorf("%q: %q, want %q", code, got, want)
		}
	}
}
