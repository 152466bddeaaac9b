//go:build unix

package storage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
)

// ErrInUse is a SQLite file that another server holds open for writing.
var ErrInUse = errors.New("another process is serving this database file")

// fileLock is an advisory lock on a file beside the database. The kernel drops
// it when the process ends, however it ends; the file itself stays, because
// removing it would let two processes lock two files of one name.
type fileLock struct{ file *os.File }

// tryLock takes the lock at once or fails with ErrInUse.
func tryLock(path string) (*fileLock, error) { return flock(path, syscall.LOCK_EX|syscall.LOCK_NB) }

// awaitLock waits for the lock until ctx ends.
func awaitLock(ctx context.Context, path string) (*fileLock, error) {
	type result struct {
		lock *fileLock
		err  error
	}
	taken := make(chan result, 1)
	go func() {
		l, err := flock(path, syscall.LOCK_EX)
		taken <- result{l, err}
	}()
	select {
	case r := <-taken:
		return r.lock, r.err
	case <-ctx.Done():
		go func() { // the call cannot be called back: give the lock up when it comes
			if r := <-taken; r.err == nil {
				_ = r.lock.unlock() // nobody is left to tell
			}
		}()
		return nil, fmt.Errorf("wait for %s: %w", path, ctx.Err())
	}
}

func flock(path string, how int) (*fileLock, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the operator names the database
	if err != nil {
		return nil, fmt.Errorf("open lock file: %w", err)
	}
	for {
		err = syscall.Flock(int(f.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err == nil {
		return &fileLock{file: f}, nil
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrInUse
	}
	return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
}

// unlock lets go of the lock.
func (l *fileLock) unlock() error { return l.file.Close() }
