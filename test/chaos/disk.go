package chaos

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// diskSize is what fits on the small disk: a long run's database, several times.
const diskSize = 1 << 30

// disk is a small file system of its own for the SQLite file, if this machine
// lets us mount one.
type disk struct {
	dir     string
	mounted bool
	why     string // why it is not
}

func newDisk(dir string) *disk {
	d := &disk{dir: dir}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", diskSize)); err != nil {
		d.why = "mounting a small file system: " + err.Error()
		return d
	}
	d.mounted = true
	return d
}

func (d *disk) filler() string { return filepath.Join(d.dir, "filler") }

// fill leaves no byte free.
func (d *disk) fill() error {
	f, err := os.OpenFile(d.filler(), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("fill disk: %w", err)
	}
	defer func() { _ = f.Close() }() // nothing was written through it
	var size int64
	for step := int64(diskSize); step >= 4096; {
		switch err := syscall.Fallocate(int(f.Fd()), 0, size, step); {
		case err == nil:
			size += step
		case errors.Is(err, syscall.ENOSPC):
			step /= 2
		case !errors.Is(err, syscall.EINTR):
			return fmt.Errorf("fill disk: %w", err)
		}
	}
	return nil
}

// free gives the space back.
func (d *disk) free() error {
	if err := os.Remove(d.filler()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("free disk: %w", err)
	}
	return nil
}

func (d *disk) close(keep bool) error {
	if !d.mounted || keep {
		return nil
	}
	return syscall.Unmount(d.dir, syscall.MNT_DETACH)
}
