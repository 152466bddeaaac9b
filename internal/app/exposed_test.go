package app_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/vezne/vezne/internal/app"
	"github.com/vezne/vezne/internal/config"
)

func TestExposedFiles(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		file string
		mode os.FileMode
		told bool
	}{
		"database_that_others_read":      {"v.db", 0o644, true},
		"database_that_a_group_reads":    {"v.db", 0o640, true},
		"write_ahead_log":                {"v.db-wal", 0o644, true},
		"settings":                       {"vezne.yaml", 0o604, true},
		"settings_that_others_write":     {"vezne.yaml", 0o602, true},
		"token_of_a_key_service":         {"token", 0o644, true},
		"what_is_the_owners_alone":       {"v.db", 0o600, false},
		"what_a_server_does_not_read":    {"other.db", 0o644, false},
		"database_that_is_not_there_yet": {"v.db.lock", 0o644, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, tt.file)
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, tt.mode); err != nil {
				t.Fatal(err)
			}
			c := config.Config{
				Database:     config.NewDSN("sqlite:" + filepath.Join(dir, "v.db")),
				KMSTokenFile: filepath.Join(dir, "token"),
			}
			if got := slices.Contains(app.ExposedFiles(c, filepath.Join(dir, "vezne.yaml")), path); got != tt.told {
				t.Errorf("told of %s with mode %v: %t", tt.file, tt.mode, got)
			}
		})
	}
}
