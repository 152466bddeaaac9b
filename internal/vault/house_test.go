package vault_test

import (
	"testing"

	"github.com/vezne/vezne/internal/vault"
)

func TestHouseKey(t *testing.T) {
	t.Parallel()
	store, keys := newMemory(), newKeyset(t)
	key := func(v *vault.Vault, use string) []byte {
		t.Helper()
		k, err := v.HouseKey(t.Context(), use)
		if err != nil {
			t.Fatal(err)
		}
		return k.Reveal()
	}
	first := key(newNode(store, keys), "requests")
	if len(first) != 32 {
		t.Errorf("%d bytes, want 32", len(first))
	}
	if got := key(newNode(store, keys), "requests"); string(got) != string(first) {
		t.Error("another node has another key")
	}
	if got := key(newNode(store, keys), "sessions"); string(got) == string(first) {
		t.Error("two uses share a key")
	}
	if got := key(newNode(newMemory(), keys), "requests"); string(got) == string(first) {
		t.Error("two stores share a key")
	}
}
