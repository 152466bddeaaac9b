package user_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/user"
)

func TestHasher(t *testing.T) {
	t.Parallel()
	h := user.NewHasher()
	one, err := h.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("hashes_with_the_parameters_of_OWASP", func(t *testing.T) {
		t.Parallel()
		if want := "$argon2id$v=19$m=19456,t=2,p=1$"; !strings.HasPrefix(one, want) {
			t.Errorf("hash %q, want %q first", one, want)
		}
	})
	t.Run("hashes_one_password_differently_each_time", func(t *testing.T) {
		t.Parallel()
		two, err := h.Hash(t.Context(), password)
		if err != nil || two == one {
			t.Errorf("%v, equal hashes: %t", err, two == one)
		}
	})
	for name, tt := range map[string]struct {
		password, hash string
		want, wrong    bool
	}{
		"the_password_matches":           {password, one, true, false},
		"another_does_not":               {password + "s", one, false, false},
		"a_cut_one_does_not":             {password[:12], one, false, false},
		"an_empty_one_does_not":          {"", one, false, false},
		"no_hash_matches_nothing":        {password, "", false, false},
		"no_hash_matches_no_password":    {"", "", false, false},
		"a_damaged_hash_is_an_error":     {password, one[:40], false, true},
		"the_hash_itself_is_no_password": {one, one, false, false},
		// Of the reference implementation's own tests: phc-winner-argon2, src/test.c.
		"a_published_vector_matches": {"password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := h.Matches(t.Context(), tt.password, tt.hash)
			if got != tt.want || (err != nil) != tt.wrong {
				t.Errorf("matches is %t, %v", got, err)
			}
		})
	}
}

// TestHasher_at_once holds that whoever waits for a place gives up with its
// caller: places are taken until none is left, and of many callers that have gone
// some find none.
func TestHasher_at_once(t *testing.T) {
	t.Parallel()
	h := user.NewHasher()
	gone, leave := context.WithCancel(t.Context())
	leave()
	for range 200 { // a free place is taken half the time
		if _, err := h.Hash(gone, password); errors.Is(err, context.Canceled) {
			return
		}
	}
	t.Error("callers that had gone were hashed for")
}
