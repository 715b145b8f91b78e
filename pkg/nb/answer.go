package nb

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/query"
	"github.com/flowbook/flowbook/pkg/trust"
)

// answersVersion is part of the names of cached answers. It must be increased when the
// same query of the same flows has another answer, or other messages.
const answersVersion = 2

// answer answers the query from the cache, or by reportgen.
func (f FlowQuery) answer() (*query.Table, error) {
	if f.err != nil {
		return nil, f.err
	}
	files, err := f.dayFiles()
	if err != nil {
		return nil, err
	}
	args, databases, err := f.arguments()
	if err != nil {
		return nil, err
	}
	request, err := json.Marshal(f.query)
	if err != nil {
		return nil, err
	}
	at := f.answerPath(request, slices.Concat(files, databases))
	if t, messages, ok := cachedAnswer(at); ok {
		fmt.Fprint(os.Stderr, messages)
		return t, nil
	}
	out, messages, err := runQuery(request, slices.Concat(files, args))
	if err != nil {
		return nil, err
	}
	t, err := query.DecodeTable(out)
	if err != nil {
		return nil, fmt.Errorf("reportgen query: %w; use a reportgen of the same version", err)
	}
	fmt.Fprint(os.Stderr, messages)
	keepAnswer(at, out, messages)
	return t, nil
}

// arguments returns the options of reportgen query that the inputs of the run set,
// and the databases that they name.
func (f FlowQuery) arguments() (args, databases []string, err error) {
	args = []string{"--query=-", "--format=encoded"}
	for _, d := range []struct{ parameter, file string }{{"country", f.in.Country}, {"asn", f.in.ASN}} {
		if d.file == "" {
			continue
		}
		path, err := resolve(d.file)
		if err == nil {
			path, err = filepath.Abs(path)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("parameter %s: %w", d.parameter, err)
		}
		args, databases = append(args, "--"+d.parameter+"="+path), append(databases, path)
	}
	if f.in.Internal != "" {
		if _, err := parseInternal(f.in.Internal); err != nil {
			return nil, nil, err
		}
		args = append(args, "--internal="+f.in.Internal)
	}
	return args, databases, nil
}

// answerPath returns where the answer to a query is cached: by the query, the content
// of the files that it reads, and their names, which have dates. It is empty if there
// is no such place.
func (f FlowQuery) answerPath(request []byte, files []string) string {
	dir, err := profile.CacheDir()
	if err != nil {
		return ""
	}
	h := sha256.New()
	fmt.Fprintf(h, "%d\n%s\n%q %t %t\n", answersVersion, request, f.in.Internal, f.in.Country == "", f.in.ASN == "")
	for _, file := range files {
		sum, err := profile.ContentHash(file)
		if err != nil {
			return ""
		}
		fmt.Fprintf(h, "%s %q %q\n", sum, filepath.Base(filepath.Dir(file)), filepath.Base(file))
	}
	return filepath.Join(dir, "answers", fmt.Sprintf("%x", h.Sum(nil)))
}

// cachedAnswer returns an answer from the cache, and the messages that came with it.
func cachedAnswer(at string) (t *query.Table, messages string, ok bool) {
	if at == "" {
		return nil, "", false
	}
	b, err := trust.ReadFile(at)
	if err != nil || len(b) < 8 {
		return nil, "", false
	}
	end := len(b) - 4
	n := binary.LittleEndian.Uint32(b)
	if binary.LittleEndian.Uint32(b[end:]) != answerSum(at, b[:end]) || uint64(n)+4 > uint64(end) {
		return nil, "", false
	}
	t, err = query.DecodeTable(b[4+n : end])
	return t, string(b[4 : 4+n]), err == nil
}

// answerSum is the checksum of an answer in the cache, which also covers the name of its file: the answer to one query
// is not taken for that to another.
func answerSum(at string, b []byte) uint32 {
	return crc32.Update(crc32.ChecksumIEEE([]byte(filepath.Base(at))), crc32.IEEETable, b)
}

// keepAnswer puts an answer into the cache. It ignores errors: without the cache, or with an answer that is incomplete,
// the query is answered again next time.
func keepAnswer(at string, encoded []byte, messages string) {
	if at == "" {
		return
	}
	dir := filepath.Dir(at)
	if os.MkdirAll(dir, 0o700) != nil || trust.CheckFolder(dir) != nil {
		return
	}
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(messages)))
	b = append(append(b, messages...), encoded...)
	b = binary.LittleEndian.AppendUint32(b, answerSum(at, b))
	_ = os.Remove(at) // which may belong to another user
	_ = os.WriteFile(at, b, 0o600)
}

// runQuery runs reportgen query, and returns its output and messages. An interrupt of
// the cell ends it.
func runQuery(request []byte, args []string) (out []byte, messages string, err error) {
	cmd, err := reportgen(append([]string{"query"}, args...)...)
	if err != nil {
		return nil, "", err
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(request), &stdout, &stderr
	if err := cmd.Start(); err != nil {
		return nil, "", fmt.Errorf("start reportgen query: %w", err)
	}
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err = <-done:
	case <-interrupts:
		_ = cmd.Process.Kill()
		err = errors.Join(errors.New("interrupted"), <-done)
	}
	signal.Stop(interrupts)
	return stdout.Bytes(), stderr.String(), queryError(err, stderr.String())
}

// queryError returns the error that reportgen query wrote.
func queryError(err error, stderr string) error {
	if err == nil {
		return nil
	}
	if _, exited := errors.AsType[*exec.ExitError](err); exited && strings.TrimSpace(stderr) != "" {
		_, text, found := strings.Cut(stderr, "reportgen: ")
		if !found {
			text = stderr
		}
		return errors.New(strings.TrimSpace(strings.ReplaceAll(text, "\n  | ", "\n")))
	}
	return err
}
