package gonb

import (
	"errors"
	"io/fs"
	"os"
	"regexp"
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
	reasons := make(map[string]bool)
	if cell.Shell() {
		reasons["a child process"] = true
	}
	if clock.MatchString(s.code) {
		reasons["the clock"] = true
	}
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
		case "write":
			s.written[name] = true
		case "run":
			// This program, which cells may call, reports what it reads by itself.
			if name != own {
				reasons["a child process"] = true
			}
		default:
			if kind, ok := reads[what]; ok && (kind == sources.Environment || !s.written[name] && !isSystem(name)) {
				o.Reads = append(o.Reads, sources.Source{Kind: kind, Name: name})
			}
		}
	}
	for _, r := range []string{"the clock", "the network", "a child process", "files that could not be observed"} {
		if reasons[r] {
			o.Reasons = append(o.Reasons, r)
		}
	}
	return o, nil
}

// isSystem reports whether the operating system makes up the content of a file.
func isSystem(name string) bool {
	return strings.HasPrefix(name, "/proc/") || strings.HasPrefix(name, "/sys/") || strings.HasPrefix(name, "/dev/")
}
