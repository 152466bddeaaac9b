package user

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"github.com/alexedwards/argon2id"

	"github.com/vezne/vezne/internal/fault"
)

const (
	// hashesAtOnce bounds the memory and the processors that logins can take: each
	// hash fills 19 MiB.
	hashesAtOnce = 2
	// strangersAtOnce leaves the other place to people who are known.
	strangersAtOnce = 1
	// maxHashing bounds how many callers of each sort may wait, with those whose turn
	// it is: at some 50 milliseconds each, the last one waits as long as anybody will.
	maxHashing = 32
	// maxHashingSource is how many of them may come from one source.
	maxHashingSource = 8
	// hashRetry is when to ask again.
	hashRetry = time.Second
)

// parameters are the first choice of the OWASP Password Storage Cheat Sheet for
// Argon2id: 19 MiB, two passes, one lane.
func parameters() *argon2id.Params {
	return &argon2id.Params{Memory: 19 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
}

// Hasher hashes passwords, a few at once, and lets few wait: whoever finds too many
// others is refused with fault.ServiceUnavailable, or with fault.TooManyRequests if
// they come from the caller's own source. Nothing is hashed for callers who have gone.
// It is safe for concurrent use.
type Hasher struct {
	running   chan struct{}
	strangers chan struct{}
	mu        sync.Mutex
	known     int
	unknown   int
	from      map[string]int // of the unknown, by source
	dummy     func() (string, error)
}

// NewHasher returns a Hasher.
func NewHasher() *Hasher {
	return &Hasher{
		running:   make(chan struct{}, hashesAtOnce),
		strangers: make(chan struct{}, strangersAtOnce),
		from:      make(map[string]int),
		dummy:     sync.OnceValues(func() (string, error) { return argon2id.CreateHash(rand.Text(), parameters()) }),
	}
}

// Hash returns the hash of a password in PHC form.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	hash, err := argon2id.CreateHash(password, parameters())
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

// Matches reports whether the password has the hash. No hash takes as long as a
// wrong password, so that nobody can find out who has one.
func (h *Hasher) Matches(ctx context.Context, password, hash string) (bool, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	return h.matches(password, hash)
}

// MatchesOf is Matches for a caller of whom nothing is known but the source. Such
// callers never take all places, and one source never all of theirs.
func (h *Hasher) MatchesOf(ctx context.Context, source, password, hash string) (bool, error) {
	leave, err := h.enterFrom(ctx, source)
	if err != nil {
		return false, err
	}
	defer leave()
	return h.matches(password, hash)
}

func (h *Hasher) matches(password, hash string) (bool, error) {
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

// enter waits for a place and returns how to leave it.
func (h *Hasher) enter(ctx context.Context) (leave func(), err error) {
	if err := h.count(&h.known, ""); err != nil {
		return nil, err
	}
	if err := turn(ctx, h.running); err != nil {
		h.uncount(&h.known, "")
		return nil, err
	}
	return func() {
		<-h.running
		h.uncount(&h.known, "")
	}, nil
}

// enterFrom is enter for a stranger.
func (h *Hasher) enterFrom(ctx context.Context, source string) (leave func(), err error) {
	source = "from " + source // so that no source is the empty one
	if err := h.count(&h.unknown, source); err != nil {
		return nil, err
	}
	if err := turn(ctx, h.strangers); err != nil {
		h.uncount(&h.unknown, source)
		return nil, err
	}
	if err := turn(ctx, h.running); err != nil {
		<-h.strangers
		h.uncount(&h.unknown, source)
		return nil, err
	}
	return func() {
		<-h.running
		<-h.strangers
		h.uncount(&h.unknown, source)
	}, nil
}

func (h *Hasher) count(callers *int, source string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case source != "" && h.from[source] >= maxHashingSource:
		return fault.New(fault.RateLimited, fault.TooManyRequests, "too many logins at once").WithRetryAfter(hashRetry)
	case *callers >= maxHashing:
		return fault.New(fault.Unavailable, fault.ServiceUnavailable, "too many logins at once").WithRetryAfter(hashRetry)
	}
	*callers++
	if source != "" {
		h.from[source]++
	}
	return nil
}

func (h *Hasher) uncount(callers *int, source string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	*callers--
	if source == "" {
		return
	}
	if h.from[source]--; h.from[source] == 0 {
		delete(h.from, source)
	}
}

// turn waits for a place, but not for a caller who has gone.
func turn(ctx context.Context, places chan struct{}) error {
	select {
	case places <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("wait for other logins: %w", ctx.Err())
	}
	if ctx.Err() != nil {
		<-places
		return fmt.Errorf("wait for other logins: %w", ctx.Err())
	}
	return nil
}
