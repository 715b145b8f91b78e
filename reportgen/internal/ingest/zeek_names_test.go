package ingest

import (
	"strings"
	"testing"
)

// TestZeekHosts joins the names of ssl.log, http.log and dns.log to the connections
// of the same folder.
func TestZeekHosts(t *testing.T) {
	const conn = "#separator \\x09\n#path\tconn\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\torig_bytes\tresp_bytes\n" +
		"1713530096\tC1\t10.0.0.1\t1\t192.0.2.1\t443\ttcp\t1\t2\n1713530096\tC2\t10.0.0.1\t2\t192.0.2.1\t80\ttcp\t1\t2\n" +
		"1713530096\tC3\t10.0.0.1\t3\t192.0.2.2\t53\tudp\t1\t2\n1713530096\tC4\t10.0.0.1\t4\t192.0.2.2\t22\ttcp\t1\t2\n"
	dir := t.TempDir()
	write(t, dir, "conn.log", []byte(conn))
	write(t, dir, "ssl.log.gz", zipped(t, "#separator \\x09\n#path\tssl\n#fields\tts\tuid\tversion\tserver_name\n1713530096\tC1\tTLSv12\tWWW.Example.com\n1713530096\tC9\tTLSv12\t-\n"))
	write(t, dir, "http.00:00:00-01:00:00.log", []byte(`{"uid":"C2","host":"plain.example"}`+"\n"+`{"uid":"C1","host":"other.example"}`+"\n"+`{"uid":"C`))
	write(t, dir, "dns.log", []byte("#separator \\x09\n#path\tdns\n#fields\tts\tuid\tquery\n1713530096\tC3\tfirst.example.\n1713530096\tC3\tsecond.example\n"))
	write(t, dir, "notice.log", []byte("x"))
	flows, summary, err := readAll(t, []string{dir}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range flows {
		names = append(names, f.Name)
	}
	if got := strings.Join(names, " "); got != "www.example.com plain.example first.example " {
		t.Errorf("names %q", got)
	}
	if summary.Named != 3 || len(summary.Passed) != 1 {
		t.Errorf("%+v", summary)
	}
	// A log that is named alone has no others beside it.
	if flows, _, err := readAll(t, []string{dir + "/conn.log"}, Options{}); err != nil || flows[0].Name != "" {
		t.Errorf("%+v, %v", flows, err)
	}
}
