package vault_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/vault"
)

// FuzzLoadKeyset holds that a file is a keyset that can be used or is refused as
// one of the things that an operator can act on, and that no error repeats it.
func FuzzLoadKeyset(f *testing.F) {
	path := filepath.Join(f.TempDir(), "keyset.json")
	if _, err := vault.CreateKeyset(path, vault.Production); err != nil {
		f.Fatal(err)
	}
	good, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add([]byte(strings.Replace(string(good), "production", "demo", 1)))
	f.Add([]byte(strings.Replace(string(good), `"keyset"`, `"sealed"`, 1)))
	f.Add([]byte("{}"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "keyset.json")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		k, err := vault.LoadKeyset(path)
		if err == nil {
			v := newNode(newMemory(), k)
			if got, err := v.Open(t.Context(), of(7, vault.PurposePOS), seal(t, v, 7, vault.PurposePOS)); err != nil ||
				string(got) != plain {
				t.Fatalf("the keyset does not open what it sealed: %v", err)
			}
			return
		}
		if !errors.Is(err, vault.ErrKeysetCorrupt) && !errors.Is(err, vault.ErrKeysetLocked) {
			t.Fatalf("refused with %v", err)
		}
		if text := strings.ReplaceAll(err.Error(), path, ""); len(b) > 8 && strings.Contains(text, string(b)) {
			t.Fatal("the error repeats the file")
		}
	})
}
