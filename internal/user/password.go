package user

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"

	"github.com/alexedwards/argon2id"
)

// hashesAtOnce bounds the memory and the processors that logins can take: each
// hash fills 19 MiB.
const hashesAtOnce = 2

// parameters are the first choice of the OWASP Password Storage Cheat Sheet for
// Argon2id: 19 MiB, two passes, one lane.
func parameters() *argon2id.Params {
	return &argon2id.Params{Memory: 19 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
}

// Hasher hashes passwords, a few at once. It is safe for concurrent use.
type Hasher struct {
	running chan struct{}
	dummy   func() (string, error)
}

// NewHasher returns a Hasher.
func NewHasher() *Hasher {
	return &Hasher{
		running: make(chan struct{}, hashesAtOnce),
		dummy:   sync.OnceValues(func() (string, error) { return argon2id.CreateHash(rand.Text(), parameters()) }),
	}
}

// Hash returns the hash of a password in PHC form.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer h.leave()
	hash, err := argon2id.CreateHash(password, parameters())
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

// Matches reports whether the password has the hash. No hash takes as long as a
// wrong password, so that nobody can find out who has one.
func (h *Hasher) Matches(ctx context.Context, password, hash string) (bool, error) {
	if err := h.enter(ctx); err != nil {
		return false, err
	}
	defer h.leave()
	known := hash != ""
	if !known {
		var err error
		if hash, err = h.dummy(); err != nil {
			return false, fmt.Errorf("hash password: %w", err)
		}
	}
	matches, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("compare password: %w", err)
	}
	return matches && known, nil
}

func (h *Hasher) enter(ctx context.Context) error {
	select {
	case h.running <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for other logins: %w", ctx.Err())
	}
}

func (h *Hasher) leave() { <-h.running }
