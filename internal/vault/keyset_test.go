package vault_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/vezne/vezne/internal/vault"
)

func create(t *testing.T, use vault.Use) (path string, k *vault.Keyset) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "keyset.json")
	k, err := vault.CreateKeyset(path, use)
	if err != nil {
		t.Fatal(err)
	}
	return path, k
}

func TestCreateKeyset(t *testing.T) {
	t.Parallel()
	t.Run("writes_a_file_for_its_owner_only", func(t *testing.T) {
		t.Parallel()
		path, _ := create(t, vault.Production)
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("mode %v, %v", info.Mode(), err)
		}
	})
	t.Run("leaves_nothing_else_behind", func(t *testing.T) {
		t.Parallel()
		path, _ := create(t, vault.Production)
		entries, err := os.ReadDir(filepath.Dir(path))
		if err != nil || len(entries) != 1 {
			t.Fatalf("%d files, %v", len(entries), err)
		}
	})
	t.Run("never_replaces_a_file", func(t *testing.T) {
		t.Parallel()
		path, _ := create(t, vault.Production)
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := vault.CreateKeyset(path, vault.Production); !errors.Is(err, fs.ErrExist) {
			t.Fatalf("%v, want ErrExist", err)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
			t.Fatalf("the file changed, or %v", err)
		}
	})
	t.Run("an_unknown_use_is_refused", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "keyset.json")
		if _, err := vault.CreateKeyset(path, "other"); err == nil {
			t.Fatal("accepted")
		}
	})
}

func TestLoadKeyset(t *testing.T) {
	t.Parallel()
	path, created := create(t, vault.Demo)
	valid, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("is_the_keyset_that_was_created", func(t *testing.T) {
		t.Parallel()
		loaded, err := vault.LoadKeyset(path)
		if err != nil {
			t.Fatal(err)
		}
		if loaded.PrimaryKeyID() != created.PrimaryKeyID() || loaded.PrimaryKeyID() == 0 || loaded.Len() != 1 {
			t.Fatalf("primary key %d of %d", loaded.PrimaryKeyID(), loaded.Len())
		}
		if loaded.Use() != vault.Demo {
			t.Fatalf("use %s", loaded.Use())
		}
	})
	t.Run("opens_what_was_sealed_before", func(t *testing.T) {
		t.Parallel()
		s := newMemory()
		sealed := seal(t, newNode(s, created), 7, vault.PurposePOS)
		loaded, err := vault.LoadKeyset(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := newNode(s, loaded).Open(t.Context(), of(7, vault.PurposePOS), sealed); err != nil {
			t.Fatal(err)
		}
	})
	tests := []struct {
		name    string
		content []byte
		mode    fs.FileMode
		want    error
	}{
		{"an_empty_file_is_corrupt", nil, 0o600, vault.ErrKeysetCorrupt},
		{"a_cut_file_is_corrupt", valid[:len(valid)/2], 0o600, vault.ErrKeysetCorrupt},
		{"another_format_is_corrupt", bytes.Replace(valid, []byte("keyset-1"), []byte("keyset-2"), 1), 0o600, vault.ErrKeysetCorrupt},
		{"another_use_is_corrupt", bytes.Replace(valid, []byte(`"demo"`), []byte(`"test"`), 1), 0o600, vault.ErrKeysetCorrupt},
		{"an_unknown_member_is_corrupt", bytes.Replace(valid, []byte(`"use"`), []byte(`"x":1,"use"`), 1), 0o600, vault.ErrKeysetCorrupt},
		{"a_changed_key_is_corrupt", bytes.Replace(valid, []byte(`"value": "`), []byte(`"value": "!`), 1), 0o600, vault.ErrKeysetCorrupt},
		{"no_keys_are_corrupt", []byte(`{"format":"vezne-keyset-1","use":"demo","keyset":{}}`), 0o600, vault.ErrKeysetCorrupt},
		{"readable_by_the_group_is_refused", valid, 0o640, vault.ErrKeysetExposed},
		{"readable_by_others_is_refused", valid, 0o604, vault.ErrKeysetExposed},
		{"writable_by_the_group_is_refused", valid, 0o620, vault.ErrKeysetExposed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bad := filepath.Join(t.TempDir(), "keyset.json")
			if err := os.WriteFile(bad, tt.content, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(bad, tt.mode); err != nil {
				t.Fatal(err)
			}
			refused(t, bad, tt.want)
		})
	}
	t.Run("a_missing_file_is_named", func(t *testing.T) {
		t.Parallel()
		refused(t, filepath.Join(t.TempDir(), "none.json"), fs.ErrNotExist)
	})
	t.Run("a_directory_is_corrupt", func(t *testing.T) {
		t.Parallel()
		refused(t, t.TempDir(), vault.ErrKeysetCorrupt)
	})
}

// refused loads path and wants the error, the path in it, and nothing of the file.
func refused(t *testing.T, path string, want error) {
	t.Helper()
	_, err := vault.LoadKeyset(path)
	if !errors.Is(err, want) || !strings.Contains(err.Error(), path) {
		t.Fatalf("%v, want %v and the path", err, want)
	}
	if strings.Contains(err.Error(), "value") || strings.Contains(err.Error(), "AesGcmKey") {
		t.Fatal("the error holds a part of the file")
	}
}

func TestLoadOrCreateKeyset_processes_that_start_together_agree(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keyset.json")
	ids := make([]uint32, 8)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			k, err := vault.LoadOrCreateKeyset(path, vault.Demo)
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = k.PrimaryKeyID()
		})
	}
	wg.Wait()
	for _, n := range ids {
		if n != ids[0] || n == 0 {
			t.Fatalf("primary keys %v", ids)
		}
	}
}

func TestKeyset_prints_no_key(t *testing.T) {
	t.Parallel()
	k := newKeyset(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		if got := fmt.Sprintf(verb, k); got != k.String() {
			t.Errorf("%s prints %s", verb, got)
		}
	}
}
