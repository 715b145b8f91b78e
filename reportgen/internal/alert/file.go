package alert

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// fileSender appends messages to a file, each as a line. Programs that append at
// the same time take turns.
type fileSender struct {
	path    string
	blocked atomic.Bool // a write has not returned
}

// fileBatch is the number of bytes that are appended at once.
const fileBatch = 64 << 10

func (s *fileSender) size(messages []message) int { return batch(messages, fileBatch) }

// batch returns how many of the messages have at most limit bytes, and at least 1.
func batch(messages []message, limit int) int {
	size := 0
	for i, m := range messages {
		if size += len(m.Payload) + 1; size > limit {
			return max(i, 1)
		}
	}
	return len(messages)
}

// send appends in a goroutine, since opening or writing a file, such as a FIFO
// without a reader or one on a dead network file system, may block for ever.
func (s *fileSender) send(ctx context.Context, messages []message) (int, error) {
	if !s.blocked.CompareAndSwap(false, true) {
		return 0, errors.New("an earlier attempt to write is still blocked")
	}
	var text strings.Builder
	for _, m := range messages {
		text.WriteString(m.Payload + "\n")
	}
	done := make(chan error, 1)
	go func() {
		err := appendLines(s.path, text.String())
		s.blocked.Store(false)
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			return 0, err
		}
		return len(messages), nil
	case <-ctx.Done():
		return 0, fmt.Errorf("writing %s: %w", s.path, context.Cause(ctx))
	}
}

func (s *fileSender) Close() error { return nil }

// appendLines appends lines to a file: all of them, or none if the write fails.
func appendLines(path, lines string) (err error) {
	f, err := openLog(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		_, err := io.WriteString(f, lines)
		return err
	}
	return appendTo(f, info.Size(), lines)
}

// appendTo appends lines to a regular file of the given size.
func appendTo(f logFile, size int64, lines string) error {
	size, err := completeTail(f, size)
	if err != nil {
		return fmt.Errorf("end of the file: %w", err)
	}
	if _, err := io.WriteString(f, lines); err != nil {
		return errors.Join(err, f.Truncate(size)) // a line that is not whole hides the next one
	}
	return f.Sync()
}

// logFile is an [os.File] or a [lockedfile.File].
type logFile interface {
	io.ReadWriteCloser
	io.ReaderAt
	Stat() (fs.FileInfo, error)
	Truncate(size int64) error
	Sync() error
}

// openLog opens a file for appending and locks it if it is a regular file.
func openLog(path string) (logFile, error) {
	const flags = os.O_APPEND | os.O_CREATE
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return os.OpenFile(path, os.O_WRONLY, 0)
	}
	if f, err := lockedfile.OpenFile(path, flags|os.O_RDWR, 0o600); err == nil {
		return f, nil
	} else if !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrPermission) {
		return nil, err
	}
	return os.OpenFile(path, flags|os.O_WRONLY, 0o600) // no locks, or write permission only
}

// longestTail bounds how much of a file's last line is read.
const longestTail = 1 << 20

// completeTail makes a file end with a line break and returns its size. An
// alert that was cut off, by a full disk or a crash, is removed: it was not
// delivered and is sent again.
func completeTail(f logFile, size int64) (int64, error) {
	tail := make([]byte, min(size, longestTail))
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		if errors.Is(err, syscall.EBADF) {
			return size, nil // the file may be written and not read
		}
		return 0, err
	}
	if len(tail) == 0 || tail[len(tail)-1] == '\n' {
		return size, nil
	}
	line := tail[bytes.LastIndexByte(tail, '\n')+1:]
	if line[0] == '{' && !json.Valid(line) {
		size -= int64(len(line))
		return size, f.Truncate(size)
	}
	if _, err := io.WriteString(f, "\n"); err != nil {
		return 0, err
	}
	return size + 1, nil
}
