// Package program finds the programs that tests run beside themselves, such as
// PostgreSQL, Redis, Chromium and the vezne binary. Every test that needs one asks
// here, so that `make quick` can do without all of them: it builds with the tag
// quick, under which nothing is found. A test file that needs a program has
//
//	//go:build !quick
//
// and is then no part of a quick run, which prints what it leaves out.
package program

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
)

// ErrQuick is what a test gets that asks for a program in a quick run.
var ErrQuick = errors.New("a quick run has no programs beside the tests: the file of this test needs the line //go:build !quick")

// Find returns the path of a program: where PATH has it, or else where a pattern of
// directories does, which is for programs that Debian keeps out of PATH. Of several
// the last one counts, the newest version.
func Find(name string, directories ...string) (string, error) {
	if quick {
		return "", fmt.Errorf("%s: %w", name, ErrQuick)
	}
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	for _, pattern := range directories {
		found, err := filepath.Glob(filepath.Join(pattern, name))
		if err != nil {
			return "", fmt.Errorf("find %s: %w", name, err)
		}
		if len(found) > 0 {
			return found[len(found)-1], nil
		}
	}
	return "", fmt.Errorf("%s is not installed; `make setup` installs what tests need", name)
}
