package kms_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/kms"
	"github.com/vezne/vezne/internal/kms/kmstest"
	"github.com/vezne/vezne/internal/vault"
)

func newKey(t *testing.T, s *kmstest.Service, name, token string) *kms.Transit {
	t.Helper()
	k, err := kms.NewTransit(kms.Options{Key: s.Key(name), TokenFile: kmstest.TokenFile(t, token), Timeout: 3 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestTransit(t *testing.T) {
	t.Parallel()
	s := kmstest.Start(t, "vezne")
	s.AddKey(t, "other")
	k := newKey(t, s, "vezne", kmstest.Token)
	sealed, err := k.EncryptWithContext(t.Context(), []byte("plain"), []byte("data"))
	if err != nil || !bytes.HasPrefix(sealed, []byte("vault:v1:")) {
		t.Fatalf("%q, %v", sealed, err)
	}
	if got, err := k.DecryptWithContext(t.Context(), sealed, []byte("data")); err != nil || string(got) != "plain" {
		t.Fatalf("%q, %v", got, err)
	}
	for name, tt := range map[string]struct {
		key, token, data string
		sealed           []byte
	}{
		"other_data_is_refused":        {"vezne", kmstest.Token, "other", sealed},
		"another_key_is_refused":       {"other", kmstest.Token, "data", sealed},
		"a_missing_key_is_refused":     {"none", kmstest.Token, "data", sealed},
		"a_wrong_token_is_refused":     {"vezne", "hvs.wrong-token", "data", sealed},
		"a_foreign_ciphertext_refused": {"vezne", kmstest.Token, "data", []byte("vault:v1:AAAA")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := newKey(t, s, tt.key, tt.token).DecryptWithContext(t.Context(), tt.sealed, []byte(tt.data))
			if !errors.Is(err, kms.ErrRefused) || got != nil {
				t.Fatalf("%q, %v", got, err)
			}
			if strings.Contains(err.Error(), "hvs.") {
				t.Error("the error holds the token")
			}
		})
	}
}

func TestTransit_a_service_that_fails_is_unreachable(t *testing.T) {
	t.Parallel()
	for name, mood := range map[string]kmstest.Mood{
		"sealed": kmstest.Sealed, "garbage": kmstest.Garbage, "silent": kmstest.Silent, "redirect": kmstest.Moved, "down": "down",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := kmstest.Start(t, "vezne")
			k := newKey(t, s, "vezne", kmstest.Token)
			sealed, err := k.EncryptWithContext(t.Context(), []byte("plain"), nil)
			if err != nil {
				t.Fatal(err)
			}
			if mood == "down" {
				s.Stop()
			}
			s.Be(mood)
			got, err := k.DecryptWithContext(t.Context(), sealed, nil)
			if !errors.Is(err, kms.ErrUnreachable) || got != nil {
				t.Fatalf("%q, %v", got, err)
			}
		})
	}
}

func TestNewTransit(t *testing.T) {
	t.Parallel()
	for key, good := range map[string]bool{
		"https://vault:8200/v1/transit/keys/vezne":    true,
		"https://vault/v1/team-a/transit/keys/vezne":  true,
		"http://127.0.0.1:8200/v1/transit/keys/vezne": true,
		"http://vault:8200/v1/transit/keys/vezne":     false,
		"https://vault/v1/transit/keys/":              false,
		"https://vault/transit/keys/vezne":            false,
		"https://u:p@vault/v1/transit/keys/vezne":     false,
		"https://vault/v1/transit/keys/vezne?x=1":     false,
		"https://vault/v1/transit/keys/vezne/config":  false,
		"hcvault://vault:8200/transit/keys/vezne":     false,
		"": false,
	} {
		if _, err := kms.NewTransit(kms.Options{Key: key}); (err == nil) != good {
			t.Errorf("%q: %v", key, err)
		}
	}
}

func TestTransit_a_token_that_cannot_be_used_is_told(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, write := range map[string]func(path string) error{
		"missing":   func(string) error { return nil },
		"empty":     func(p string) error { return os.WriteFile(p, []byte("\n"), 0o600) },
		"two_lines": func(p string) error { return os.WriteFile(p, []byte("a\nb"), 0o600) },
		"exposed":   func(p string) error { return errors.Join(os.WriteFile(p, []byte("a"), 0o600), os.Chmod(p, 0o644)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(dir, name)
			if err := write(path); err != nil {
				t.Fatal(err)
			}
			k, err := kms.NewTransit(kms.Options{Key: "http://127.0.0.1:1/v1/transit/keys/k", TokenFile: path})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := k.EncryptWithContext(t.Context(), []byte("x"), nil); !errors.Is(err, kms.ErrToken) {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestKeysetFile_sealed_by_a_service holds the keyset file and the service
// against each other.
func TestKeysetFile_sealed_by_a_service(t *testing.T) {
	t.Parallel()
	s := kmstest.Start(t, "vezne")
	s.AddKey(t, "other")
	dir := t.TempDir()
	file := vault.KeysetFile{Path: filepath.Join(dir, "sealed.json"), KMS: newKey(t, s, "vezne", kmstest.Token)}
	created, err := file.Create(t.Context(), vault.Production)
	if err != nil {
		t.Fatal(err)
	}
	open := vault.KeysetFile{Path: filepath.Join(dir, "open.json")}
	if _, err := open.Create(t.Context(), vault.Production); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file.Path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte("AesGcmKey\",\"value")) || !bytes.Contains(text, []byte("encryptedKeyset")) {
		t.Fatalf("the file lies open: %s", text)
	}
	asked := s.Asked()
	loaded, err := file.Load(t.Context())
	if err != nil || loaded.PrimaryKeyID() != created.PrimaryKeyID() || s.Asked() != asked+1 {
		t.Fatalf("%v, %v", loaded, err)
	}
	staged, err := loaded.Stage()
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Replace(t.Context(), staged); err != nil {
		t.Fatal(err)
	}
	if again, err := file.Load(t.Context()); err != nil || again.Len() != 2 {
		t.Fatalf("%v, %v", again, err)
	}
	demo := vault.KeysetFile{Path: filepath.Join(dir, "demo.json"), KMS: file.KMS}
	if err := os.WriteFile(demo.Path, bytes.Replace(text, []byte(`"production"`), []byte(`"demo"`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		file vault.KeysetFile
		want error
	}{
		"without_the_service":  {vault.KeysetFile{Path: file.Path}, vault.ErrKeysetLocked},
		"an_open_file_with_it": {vault.KeysetFile{Path: open.Path, KMS: file.KMS}, vault.ErrKeysetUnlocked},
		"with_another_key":     {vault.KeysetFile{Path: file.Path, KMS: newKey(t, s, "other", kmstest.Token)}, kms.ErrRefused},
		"with_a_wrong_token":   {vault.KeysetFile{Path: file.Path, KMS: newKey(t, s, "vezne", "hvs.x")}, kms.ErrRefused},
		"for_another_use":      {demo, kms.ErrRefused},
	} {
		if _, err := tt.file.Load(t.Context()); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}
