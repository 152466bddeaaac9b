package simulator

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// Journal is an append-only file of lines that survives a crash of the process:
// once Sync has returned for a position, the lines up to it are in the file, and
// on the disk if it is power-safe. Callers that sync at the same time share one
// write and one fsync. A nil *Journal keeps nothing and
// never fails. It is safe for concurrent use by one process.
type Journal struct {
	mu       sync.Mutex // guards the lines that are not written yet
	pending  []byte
	appended uint64

	disk    sync.Mutex // held while writing; taken before mu, never after
	file    *os.File
	fsync   bool
	durable uint64
	spare   []byte // an emptied buffer, so that two take turns
	broken  error
}

// OpenJournal opens or creates the file and hands every line in it to replay,
// without its line break. A last line that a crash tore is cut off; any other
// line that replay refuses fails the open, because then the file is not ours.
func OpenJournal(path string, powerSafe bool, replay func(line []byte) error) (*Journal, error) {
	f, err := os.OpenFile(filepath.Clean(path), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	good, err := replayAll(f, replay)
	if err == nil {
		err = cut(f, good)
	}
	if err != nil {
		_ = f.Close() // nothing was written
		return nil, fmt.Errorf("open journal %s: %w", filepath.Base(path), err)
	}
	return &Journal{file: f, fsync: powerSafe}, nil
}

// replayAll returns the size of the whole lines.
func replayAll(f *os.File, replay func([]byte) error) (int64, error) {
	var good int64
	r := bufio.NewReaderSize(f, 1<<16)
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return good, nil // what has no line break was torn
		}
		if err != nil {
			return 0, err
		}
		if err := replay(bytes.TrimSuffix(line, []byte{'\n'})); err != nil {
			return 0, fmt.Errorf("line %d: %w", n, err)
		}
		good += int64(len(line))
	}
}

// cut drops everything after the size and makes the file's name durable.
func cut(f *os.File, size int64) error {
	if err := f.Truncate(size); err != nil {
		return err
	}
	if _, err := f.Seek(size, io.SeekStart); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(f.Name()))
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }() // opened for reading
	return dir.Sync()
}

// Append queues a line, which must not contain a line break, and returns its
// position. Lines are written in the order of Append.
func (j *Journal) Append(line []byte) uint64 {
	if j == nil {
		return 0
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.pending = append(append(j.pending, line...), '\n')
	j.appended++
	return j.appended
}

// Sync returns when all lines up to the position are in the file. After a write has
// failed every Sync fails, because the file's end is not known any more.
func (j *Journal) Sync(position uint64) error {
	if j == nil {
		return nil
	}
	j.disk.Lock()
	defer j.disk.Unlock()
	if j.broken != nil || j.durable >= position {
		return j.broken
	}
	lines, last := j.take()
	_, err := j.file.Write(lines)
	if err == nil && j.fsync {
		err = j.file.Sync()
	}
	if err != nil {
		j.broken = fmt.Errorf("write journal: %w", err)
		return j.broken
	}
	j.durable, j.spare = last, lines[:0]
	return nil
}

// take empties the queue; the caller holds disk.
func (j *Journal) take() (lines []byte, last uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	lines = j.pending
	j.pending, j.spare = j.spare, nil
	return lines, j.appended
}

// Clear removes all lines, those not synced yet too.
func (j *Journal) Clear() error {
	if j == nil {
		return nil
	}
	j.disk.Lock()
	defer j.disk.Unlock()
	_, j.durable = j.take()
	if j.broken != nil {
		return j.broken
	}
	if err := cut(j.file, 0); err != nil {
		j.broken = fmt.Errorf("clear journal: %w", err)
	}
	return j.broken
}

// Close writes what is queued and closes the file.
func (j *Journal) Close() error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	last := j.appended
	j.mu.Unlock()
	err := j.Sync(last)
	j.disk.Lock()
	defer j.disk.Unlock()
	if j.broken == nil {
		j.broken = os.ErrClosed
	}
	return errors.Join(err, j.file.Close())
}
