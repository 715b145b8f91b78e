package gonb

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/gonb/magic"
	"github.com/flowbook/flowbook/reportgen/internal/kernel"
	"github.com/flowbook/flowbook/reportgen/internal/sources"
)

// observedVariable is the environment variable that names the file in which the
// program of a cell reports what it reads. Package prebuild describes it.
const observedVariable = "REPORTGEN_OBSERVED"

// clock matches functions that read the clock.
var clock = regexp.MustCompile(`\btime\.(Now|Since|Until|After|AfterFunc|Tick|NewTimer|NewTicker)\b`)

// unseen are what the program of a cell does not report, by the reason for which the cell
// is not cached.
var unseen = []struct {
	reason string
	source *regexp.Regexp
}{
	{"the clock", clock},
	{"all environment variables", regexp.MustCompile(`\b(os|syscall)\.Environ\(`)},
	{"system calls, which are not observed", regexp.MustCompile(`\b(syscall|unix)\.(Open|Read|Pread|Stat|Lstat|Fstat|Access|Getenv|Mmap|Getdents|Statfs|Sysinfo|Getrusage|Uname|ForkExec|Exec|StartProcess|RawSyscall|Syscall)\w*\(`)},
	{"the target of a link, which is not observed", regexp.MustCompile(`\bos\.Readlink\(`)},
	{"the state of the machine", regexp.MustCompile("[\"`]/(proc|sys|dev/u?random)\\b")},
}

// details matches methods that report times and permissions of files.
var details = regexp.MustCompile(`\.(ModTime|Mode|Perm|Sys)\(\)`)

// reads are the kinds of sources that a program reports to have read.
var reads = map[string]string{"open": sources.File, "stat": sources.Status, "env": sources.Environment}

// Observed reads what the program of the last cell reported. The kernel's go command
// builds every program so that it does, unless it is a test or made for the browser.
func (s *session) Observed() (kernel.Observation, error) {
	src, err := os.ReadFile(s.observed)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return kernel.Observation{}, err
	}
	last := src[min(s.read, len(src)):]
	s.read = len(src)
	cell := magic.Parse(s.code)
	o := kernel.Observation{Complete: !cell.HasGo()}
	reasons := map[string]bool{"a child process": cell.Shell()}
	for _, u := range unseen {
		reasons[u.reason] = u.source.MatchString(s.code)
	}
	s.details = s.details || details.MatchString(s.code)
	own, err := os.Executable()
	if err != nil {
		return kernel.Observation{}, err
	}
	for line := range strings.Lines(string(last)) {
		what, quoted, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		name, err := strconv.Unquote(quoted)
		if quoted != "" && err != nil {
			reasons["files that could not be observed"] = true // a line was cut short
		}
		switch what {
		case "start":
			o.Complete = true
		case "network":
			reasons["the network"] = true
		case "c":
			reasons["C code, which may read files by itself"] = true
		case "write":
			s.written[name] = true
		case "run":
			// This program, which cells may call, reports what it reads by itself.
			if name != own {
				reasons["a child process"] = true
			}
		default:
			if kind := s.kind(what, name); kind != "" {
				o.Reads = append(o.Reads, sources.Source{Kind: kind, Name: name})
			}
		}
	}
	for _, r := range slices.Sorted(maps.Keys(reasons)) {
		if reasons[r] {
			o.Reasons = append(o.Reasons, r)
		}
	}
	return o, nil
}

// kind is the kind of source that a program reports to have read; "" if it does not count.
func (s *session) kind(what, name string) string {
	switch kind := reads[what]; {
	case kind != sources.Environment && (s.written[name] || isSystem(name)):
		return ""
	case kind == sources.Status && s.details:
		return sources.Details
	default:
		return kind
	}
}

// isSystem reports whether the operating system makes up the content of a file.
func isSystem(name string) bool {
	return strings.HasPrefix(name, "/proc/") || strings.HasPrefix(name, "/sys/") || strings.HasPrefix(name, "/dev/")
}
