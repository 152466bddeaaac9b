//go:build unix

package vault

import (
	"io/fs"
	"os"
	"syscall"
)

// lent reports whether root owns a file that a process of somebody else reads.
func lent(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && s.Uid == 0 && os.Geteuid() != 0
}
