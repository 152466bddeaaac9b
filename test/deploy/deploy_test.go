// Package deploy_test holds the files below deploy/, and what docs/ says about
// them, against the server: metrics that it exports, settings that it reads,
// paths that it answers, links that lead somewhere.
package deploy_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"go.yaml.in/yaml/v3"
)

const root = "../.."

// read returns a file by its path from the top of the repository.
func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// parse reads a YAML or JSON file of the repository; members that the type does
// not have are let be.
func parse[T any](t *testing.T, path string) T {
	t.Helper()
	var v T
	if err := yaml.Unmarshal([]byte(read(t, path)), &v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return v
}

// filesBelow returns the paths of all files below a directory of the repository.
func filesBelow(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(filepath.Join(root, dir), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		short, err := filepath.Rel(root, path)
		all = append(all, short)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
