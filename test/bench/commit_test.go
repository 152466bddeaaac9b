package bench_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// build is a binary and what it was built from.
type build struct {
	name   string
	binary string
}

// buildCommit builds another commit of this repository, out of tree: its files go
// into a directory of the test, and nothing of this tree has a part in it. What is
// known of the result is what the contract says of every binary.
func buildCommit(t testing.TB, commit string) build {
	t.Helper()
	hash := git(t, "rev-parse", "--verify", "--short", commit+"^{commit}")
	source := t.TempDir()
	archive := filepath.Join(source, "source.tar")
	git(t, "archive", "--format=tar", "--output="+archive, hash)
	command(t, source, "tar", "-xf", archive)
	if err := os.Remove(archive); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "vezne-"+hash)
	command(t, source, "go", "build", "-trimpath", "-buildvcs=false", "-o", binary, "./cmd/vezne")
	return build{name: hash, binary: binary}
}

// presentName names the tree that is worked in.
func presentName(t testing.TB) string {
	t.Helper()
	name := git(t, "rev-parse", "--short", "HEAD")
	if git(t, "status", "--porcelain", "--untracked-files=no") != "" {
		name += " with changes"
	}
	return name
}

// git runs git at the root of the repository.
func git(t testing.TB, args ...string) string {
	t.Helper()
	root := command(t, ".", "git", "rev-parse", "--show-toplevel")
	return command(t, root, "git", args...)
}

// command runs a program in a directory and returns what it printed, without blanks
// at its ends.
func command(t testing.TB, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, complaints.String()))
	}
	return strings.TrimSpace(string(out))
}
