package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
)

// A fortnight in which the daily job runs each day, with a day missing, a job that runs
// twice and a job that is killed: each attack is new on its first day, ongoing on the next
// ones, and gone after the last.
func TestDailyJob(t *testing.T) {
	if testing.Short() {
		t.Skip("looks for compromised devices on a fortnight of days: skipped with -short")
	}
	shell := testenv.Program(t, "sh", "a shell")
	script, project, fortnight := testenv.Path(t, "reportgen/internal/starter/template/daily/daily.sh"), t.TempDir(), testenv.Path(t, "testdata/fortnight")
	wrapper := filepath.Join(t.TempDir(), "reportgen")
	// A program that is killed in the middle of its output if there is a file "kill".
	testenv.WriteFiles(t, filepath.Dir(wrapper), map[string]string{"reportgen": `#!/bin/sh
if [ "$1" = detect ] && [ -e kill ]; then rm kill; echo '{"rule":"bea'; kill -9 $$; fi
exec "` + built(t) + `" "$@"
`})
	if err := os.Chmod(wrapper, 0o755); err != nil {
		t.Fatal(err)
	}
	job := func() (int, string) {
		cmd := exec.CommandContext(t.Context(), shell, script, "--asn", filepath.Join(fortnight, "asn.mmdb"), "--country", filepath.Join(fortnight, "country.mmdb"))
		cmd.Dir, cmd.Env = project, append(os.Environ(), "REPORTGEN="+wrapper, "FLOWBOOK_CACHE="+filepath.Join(project, "cache"))
		var messages strings.Builder
		cmd.Stderr = &messages
		out, err := cmd.Output()
		exitError, failed := errors.AsType[*exec.ExitError](err)
		if err != nil && !failed {
			t.Fatal(err)
		}
		if failed && exitError.ExitCode() != 3 && !strings.Contains(messages.String(), "illed") {
			t.Fatalf("status %d: %s", exitError.ExitCode(), messages.String())
		}
		return cmd.ProcessState.ExitCode(), string(out)
	}
	said := map[string]string{}
	days, err := filepath.Glob(filepath.Join(fortnight, "date=*"))
	if err != nil || len(days) != 14 {
		t.Fatal(err, days)
	}
	for _, dir := range days {
		day := strings.TrimPrefix(filepath.Base(dir), "date=")
		if day == "2024-03-12" {
			continue // it is missing
		}
		if err := os.CopyFS(filepath.Join(project, "days", filepath.Base(dir)), os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		if day == "2024-03-18" {
			testenv.WriteFiles(t, project, map[string]string{"kill": ""})
			if status, _ := job(); status == 0 || status == 3 {
				t.Errorf("a killed job ends with status %d", status)
			}
			if _, err := os.Stat(filepath.Join(project, "findings", day+".jsonl")); err == nil {
				t.Error("a killed job leaves findings that look complete")
			}
		}
		status, out := job()
		if said[day] = out; (status == 3) != strings.Contains(out, "###") {
			t.Errorf("%s: status %d: %s", day, status, out)
		}
		if again, out := job(); again != 0 || out != "" {
			t.Errorf("%s: the second job of the day ends with status %d: %s", day, again, out)
		}
	}
	if !strings.Contains(said["2024-03-13"], "2024-03-13 compared with 2024-03-11") {
		t.Errorf("the day after the missing one is %s", said["2024-03-13"])
	}
	for _, tt := range []struct{ day, kind, attack string }{
		{"2024-03-18", "New", "| 192.168.100.235 | exfiltration |"},
		{"2024-03-19", "Gone", "| 192.168.100.235 | exfiltration |"},
		{"2024-03-19", "New", "| 192.168.100.249 | dns-c2 |"},
		{"2024-03-20", "Ongoing", "| 192.168.100.249 | dns-c2 |"},
		{"2024-03-21", "Ongoing", "| 192.168.100.249 | dns-c2 |"},
		{"2024-03-19", "New", "| 192.168.100.16 | internal-scan |"},
		{"2024-03-20", "Gone", "| 192.168.100.16 | internal-scan |"},
		{"2024-03-20", "Back", "192.168.100.226 | internal-p2p |"},
		{"2024-03-21", "Ongoing", "192.168.100.226 | internal-p2p |"},
		{"2024-03-20", "New", "| 192.168.100.201 | beacon |"},
		{"2024-03-21", "Ongoing", "| 192.168.100.201 | beacon |"},
	} {
		_, part, found := strings.Cut(said[tt.day], "### "+tt.kind)
		part, _, _ = strings.Cut(part, "###")
		if !found || !strings.Contains(part, tt.attack) {
			t.Errorf("%s: %s is not %s:\n%s", tt.day, tt.attack, tt.kind, said[tt.day])
		}
	}
}

// A log that is not one, a day that is damaged and a receiver of alerts that is down keep the daily job from nothing else,
// and show in its status.
func TestDailyJobGoesOn(t *testing.T) {
	shell := testenv.Program(t, "sh", "a shell")
	script, project := testenv.Path(t, "reportgen/internal/starter/template/daily/daily.sh"), t.TempDir()
	const row = "1713484800.5\tC1\t10.0.0.5\t50000\t198.51.100.7\t443\ttcp\t1.5\t100\t200\tSF\n"
	const head = "#separator \\x09\n#path\tconn\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tduration\torig_bytes\tresp_bytes\tconn_state\n"
	testenv.WriteFiles(t, project, map[string]string{
		"logs/-rf.log": "no log", "logs/conn.log": head + row, "days/date=2024-04-18/a.parquet": "no Parquet file",
	})
	job := func() (status int, said string) {
		cmd := exec.CommandContext(t.Context(), shell, script, "--alert", "http://127.0.0.1:1/", "--alert-retries", "0", "--alert-least", "info", "--alert-spool", "spool", "--fail-on", "info")
		cmd.Dir, cmd.Env = project, append(os.Environ(), "REPORTGEN="+built(t), "FLOWBOOK_CACHE="+filepath.Join(project, "cache"))
		out, err := cmd.CombinedOutput()
		if _, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
			t.Fatal(err)
		}
		return cmd.ProcessState.ExitCode(), string(out)
	}
	if status, said := job(); status != 2 || !strings.Contains(said, "-rf.log") || !strings.Contains(said, "a.parquet") {
		t.Errorf("status %d: %s", status, said)
	}
	if err := os.RemoveAll(filepath.Join(project, "days", "date=2024-04-18")); err != nil {
		t.Fatal(err)
	}
	status, said := job()
	if _, err := os.Stat(filepath.Join(project, "findings", "2024-04-19.jsonl")); status != 2 || err != nil {
		t.Errorf("status %d, %v: %s", status, err, said)
	}
}

// The report of the first day has no baseline, whatever report.yaml names, and that of another day has the day before.
func TestDailyReports(t *testing.T) {
	shell := testenv.Program(t, "sh", "a shell")
	project := t.TempDir()
	testenv.WriteFiles(t, project, map[string]string{"days/date=2024-04-18/a": "", "days/date=2024-04-19/a": "", "notebooks/a": "",
		"program": "#!/bin/sh\nif [ \"$1\" = run ]; then printf '<%s>' \"$@\"; fi\n"})
	program := filepath.Join(project, "program")
	if err := os.Chmod(program, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), shell, testenv.Path(t, "reportgen/internal/starter/template/daily/daily.sh"))
	cmd.Dir, cmd.Env = project, append(os.Environ(), "REPORTGEN="+program)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{"/date=2024-04-18><-p><baseline=><notebooks>", "/date=2024-04-19><-p><baseline=", "/days/date=2024-04-18><notebooks>"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%s\nlacks %s", out, want)
		}
	}
}
