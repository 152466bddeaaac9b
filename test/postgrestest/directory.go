package postgrestest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// A server's directory is directly below parent and not in a deep tree that TMPDIR
// may name: a socket's path has at most 107 bytes. Beside it is a file that its
// starter holds a lock on. The kernel gives the lock back when the starter ends, so
// a directory whose lock is free was left behind by a process that was killed.
const (
	parent     = "/tmp"
	prefix     = "vezne-pg-"
	lockSuffix = ".lock"
)

// claim makes the server's directory, after removing those that killed processes
// left behind.
func (s *Server) claim() error {
	if err := removeStale(parent); err != nil {
		return err
	}
	var err error
	if s.lock, err = newLock(parent); err != nil {
		return err
	}
	s.dir = strings.TrimSuffix(s.lock.Name(), lockSuffix)
	if err := os.Mkdir(s.dir, 0o700); err != nil {
		return errors.Join(err, s.remove())
	}
	return nil
}

// newLock makes a lock and takes it. Somebody who looks for stale ones may find it
// in between and remove it; then it makes another.
func newLock(place string) (*os.File, error) {
	for {
		f, err := os.CreateTemp(place, prefix+"*"+lockSuffix)
		if err != nil {
			return nil, err
		}
		if taken, err := lock(f); err != nil || taken {
			return f, err
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
}

// lock reports whether the lock could be had, which then is still in its place.
func lock(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	held, err := f.Stat()
	if err != nil {
		return false, err
	}
	there, err := os.Stat(f.Name())
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(held, there), err
}

// removeStale removes what killed processes left behind. What belongs to another
// user, or is going just now, is left alone.
func removeStale(place string) error {
	locks, err := filepath.Glob(filepath.Join(place, prefix+"*"+lockSuffix))
	if err != nil {
		return err
	}
	for _, name := range locks {
		f, err := os.Open(filepath.Clean(name))
		if err != nil {
			continue
		}
		if free, err := lock(f); err == nil && free && os.RemoveAll(strings.TrimSuffix(name, lockSuffix)) == nil {
			_ = os.Remove(name) // found again by the next who looks
		}
		_ = f.Close() // it was opened for its lock alone
	}
	return nil
}

// remove removes the server's files and gives its lock back.
func (s *Server) remove() error {
	return errors.Join(os.RemoveAll(s.dir), os.Remove(s.lock.Name()), s.lock.Close())
}
