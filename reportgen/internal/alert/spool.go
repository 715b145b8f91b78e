package alert

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/flowbook/flowbook/pkg/trust"
	"github.com/flowbook/flowbook/reportgen/internal/wholefile"
	"github.com/rogpeppe/go-internal/lockedfile"
)

// spool is a file of messages for one destination that were not delivered yet, a
// JSON object a line. A message is appended before it is sent, and when it was
// delivered a mark is appended that says so; the next sender rewrites the file at
// the end. Two locks keep programs apart: one is held while sending, the other
// only while the file is read or written, so that messages can be added at any
// time.
type spool struct {
	path string
}

// DefaultSpool returns the usual folder of undelivered alerts, or "" if the user has
// no configuration folder. It is not in the cache folder, which may be emptied at
// any time.
func DefaultSpool() string {
	config, err := os.UserConfigDir()
	if err != nil {
		return "" // alerts are sent without a spool, with a warning
	}
	return filepath.Join(config, "flowbook", "alerts")
}

// openSpool returns the spool of a destination in a folder, which it creates.
func openSpool(folder string, to Destination) (*spool, error) {
	if folder == "" {
		return nil, errors.New("no folder for undelivered alerts")
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	// What another user adds would be sent with our token and certificate.
	if err := trust.CheckFolder(folder); err != nil {
		return nil, err
	}
	key, err := to.key()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(key))
	return &spool{path: filepath.Join(folder, to.kind+"-"+hex.EncodeToString(sum[:8])+".jsonl")}, nil
}

// record is a line of a spool: a message, or the mark of a delivered one.
type record struct {
	UID     string `json:"uid"`
	Format  string `json:"format,omitempty"`
	Payload string `json:"payload,omitempty"` // missing in a mark
	Doubt   bool   `json:"doubt,omitempty"`   // see message
	Sum     string `json:"sum,omitempty"`     // checksum of the other fields; missing in lines of early versions
}

// checksum returns the CRC-32C of a record's fields.
func (r record) checksum() string {
	text := r.UID + "\n" + r.Format + "\n" + r.Payload
	if r.Doubt {
		text += "\ndoubt"
	}
	return fmt.Sprintf("%08x", crc32.Checksum([]byte(text), crc32.MakeTable(crc32.Castagnoli)))
}

func (m message) line() []byte {
	return encodeRecord(record{UID: m.UID, Format: m.Format, Payload: m.Payload, Doubt: m.Doubt})
}

// mark is the line that says that the message was delivered.
func (m message) mark() []byte { return encodeRecord(record{UID: m.UID, Format: m.Format}) }

// id identifies a message. An alert may wait in several formats.
func (m message) id() [2]string { return [2]string{m.UID, m.Format} }

func encodeRecord(r record) []byte {
	r.Sum = r.checksum()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(r) // strings can always be encoded
	return b.Bytes()
}

// pendingMessages parses the text of a spool. It returns the messages that were
// not delivered, in order and each once, and the lines that are damaged. A message
// is in doubt if any of its lines says so.
func pendingMessages(text []byte) (pending []message, damaged [][]byte) {
	done, seen, doubt := map[[2]string]bool{}, map[[2]string]bool{}, map[[2]string]bool{}
	var all []message
	for line := range bytes.Lines(text) {
		var r record
		dec := json.NewDecoder(bytes.NewReader(line))
		dec.DisallowUnknownFields()
		err := dec.Decode(&r)
		m := message{UID: r.UID, Format: r.Format, Payload: r.Payload}
		switch {
		case err != nil || !bytes.HasSuffix(line, []byte("\n")) || dec.InputOffset() != int64(len(line)-1):
			damaged = append(damaged, line)
		case r.UID == "" || r.Sum != r.checksum() && (r.Sum != "" || r.Payload == ""):
			damaged = append(damaged, line)
		case r.Payload == "":
			done[m.id()] = true
		default:
			all = append(all, m)
			doubt[m.id()] = doubt[m.id()] || r.Doubt
		}
	}
	for _, m := range all {
		if !done[m.id()] && !seen[m.id()] {
			seen[m.id()] = true
			m.Doubt = doubt[m.id()]
			pending = append(pending, m)
		}
	}
	return pending, damaged
}

// fileWait bounds how long to wait for another program that reads or writes a
// spool, which takes it a moment.
const fileWait = 10 * time.Second

// locked calls f while no other program reads or writes the spool.
func (s *spool) locked(ctx context.Context, f func() error) error {
	// An interrupt must not keep messages from being added.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fileWait)
	defer cancel()
	unlock, err := lock(ctx, s.path+".files.lock")
	if err != nil {
		return err
	}
	defer unlock()
	return f()
}

// lock locks a file in a goroutine, because the system call does not end with
// ctx. A lock that is acquired too late is released.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	type result struct {
		unlock func()
		err    error
	}
	got := make(chan result)
	go func() {
		unlock, err := lockedfile.MutexAt(path).Lock()
		select {
		case got <- result{unlock, err}:
		case <-ctx.Done():
			if err == nil {
				unlock()
			}
		}
	}()
	select {
	case r := <-got:
		return r.unlock, r.err
	case <-ctx.Done():
		return nil, fmt.Errorf("locked by another program: %w", context.Cause(ctx))
	}
}

// claim waits until no other program sends the messages of the spool.
func (s *spool) claim(ctx context.Context) (release func(), err error) {
	return lock(ctx, s.path+".lock")
}

// add appends the messages that do not wait in the spool already.
func (s *spool) add(ctx context.Context, fresh []message) error {
	if len(fresh) == 0 {
		return nil
	}
	return s.locked(ctx, func() error {
		text, err := trust.ReadFile(s.path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		waiting := map[[2]string]bool{}
		pending, _ := pendingMessages(text)
		for _, m := range pending {
			waiting[m.id()] = true
		}
		var b bytes.Buffer
		if len(text) > 0 && text[len(text)-1] != '\n' {
			b.WriteByte('\n') // the line that a crash cut off stays apart
		}
		for _, m := range fresh {
			if !waiting[m.id()] {
				waiting[m.id()] = true
				b.Write(m.line())
			}
		}
		if b.Len() <= 1 {
			return nil
		}
		return s.append(b.Bytes(), int64(len(text)))
	})
}

// append appends to the file, or leaves it as it was.
func (s *spool) append(b []byte, size int64) (err error) {
	f, err := os.OpenFile(s.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err = f.Write(b); err == nil {
		err = f.Sync()
	}
	if err != nil {
		err = errors.Join(err, f.Truncate(size))
		if size == 0 {
			err = errors.Join(err, os.Remove(s.path))
		}
	}
	return err
}

// pending returns the messages that were not delivered. Marks of delivered
// messages and damaged lines are taken out of the file, the latter to a file
// beside it whose name ends in .damaged.
func (s *spool) pending(ctx context.Context) (pending []message, damaged int, err error) {
	err = s.locked(ctx, func() error {
		text, err := trust.ReadFile(s.path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		var bad [][]byte
		pending, bad = pendingMessages(text)
		if damaged = len(bad); damaged > 0 {
			if err := appendLines(s.path+".damaged", string(bytes.TrimSuffix(bytes.Join(bad, nil), []byte("\n")))+"\n"); err != nil {
				return err
			}
		}
		return s.rewrite(text, pending)
	})
	return pending, damaged, err
}

// rewrite replaces the file, which holds text, by one with the pending messages
// only. Without any, it removes the file.
func (s *spool) rewrite(text []byte, pending []message) error {
	var b bytes.Buffer
	for _, m := range pending {
		b.Write(m.line())
	}
	switch {
	case b.Len() == 0:
		return os.Remove(s.path)
	case bytes.Equal(b.Bytes(), text):
		return nil
	}
	return wholefile.WriteBytes(s.path, b.Bytes(), 0o600)
}

// marker appends marks of messages that were delivered or are in doubt.
type marker struct{ f *os.File }

// marks returns a marker, which only who has claimed the spool may use.
func (s *spool) marks() (*marker, error) {
	f, err := os.OpenFile(s.path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	return &marker{f}, nil
}

// delivered marks messages as delivered. If that fails they are sent again the
// next time.
func (m *marker) delivered(messages []message) {
	m.write(messages, message.mark)
}

// doubted marks messages as sent but not confirmed.
func (m *marker) doubted(messages []message) { m.write(messages, message.line) }

func (m *marker) write(messages []message, line func(message) []byte) {
	if m == nil {
		return
	}
	var b bytes.Buffer
	for _, d := range messages {
		b.Write(line(d))
	}
	_, _ = m.f.Write(b.Bytes())
}

func (m *marker) close() {
	if m != nil {
		_ = m.f.Close()
	}
}
