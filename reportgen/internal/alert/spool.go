package alert

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
	"github.com/rogpeppe/go-internal/lockedfile"
)

// spool is a file of messages that wait for one destination, a JSON object a
// line, written whole each time and locked against other programs.
type spool struct {
	path   string
	unlock func()
	held   []message
}

// openSpool locks and reads the spool of a destination in a folder, which it
// makes where it is missing. While another program holds the lock it waits until
// ctx ends.
func openSpool(ctx context.Context, folder string, to Destination) (*spool, error) {
	if folder == "" {
		return nil, errors.New("alerts need a folder for what cannot be sent")
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("spool of alerts: %w", err)
	}
	key, err := to.key()
	if err != nil {
		return nil, fmt.Errorf("spool of alerts: %w", err)
	}
	sum := sha256.Sum256([]byte(key))
	s := &spool{path: filepath.Join(folder, to.kind+"-"+hex.EncodeToString(sum[:8])+".jsonl")}
	if err := s.lock(ctx); err != nil {
		return nil, fmt.Errorf("spool of alerts: %w", err)
	}
	if err := s.read(); err != nil {
		s.unlock()
		return nil, err
	}
	return s, nil
}

// lock waits for the lock in a goroutine, for the system call does not end
// with ctx; a lock that comes too late is given back.
func (s *spool) lock(ctx context.Context) error {
	type lock struct {
		unlock func()
		err    error
	}
	got := make(chan lock)
	go func() {
		unlock, err := lockedfile.MutexAt(s.path + ".lock").Lock()
		select {
		case got <- lock{unlock, err}:
		case <-ctx.Done():
			if err == nil {
				unlock()
			}
		}
	}()
	select {
	case l := <-got:
		s.unlock = l.unlock
		return l.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *spool) close() { s.unlock() }

func (s *spool) read() error {
	text, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("spool of alerts: %w", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for n := 1; lines.Scan(); n++ {
		var m message
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil || m.Payload == "" {
			return fmt.Errorf("spool of alerts %s:%d is damaged; mend or remove the line, for what waits in it was not sent", s.path, n)
		}
		s.held = append(s.held, m)
	}
	return lines.Err()
}

// add puts messages behind those that wait, each once, and returns them all.
func (s *spool) add(fresh []message) ([]message, error) {
	waits := map[string]bool{}
	for _, m := range s.held {
		waits[m.UID] = true
	}
	for _, m := range fresh {
		if !waits[m.UID] {
			waits[m.UID] = true
			s.held = append(s.held, m)
		}
	}
	return s.held, s.replace(s.held)
}

// replace writes the messages that wait; without any, the file goes.
func (s *spool) replace(held []message) error {
	if len(held) == 0 {
		if err := os.Remove(s.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("spool of alerts: %w", err)
		}
		return nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for _, m := range held {
		if err := enc.Encode(m); err != nil {
			return err
		}
	}
	if err := renameio.WriteFile(s.path, b.Bytes(), 0o600); err != nil {
		return fmt.Errorf("spool of alerts: %w", err)
	}
	return nil
}
