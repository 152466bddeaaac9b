package storage

import (
	"context"
	"database/sql"
	"fmt"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// keptStatements is how many prepared statements a connection keeps: about twice
// the texts that the server itself has. A search that a caller composes is another
// text for each set of conditions, and each that is kept costs a SQLite pool of
// eight connections some 48 KB.
const keptStatements = 256

// newKept returns what keeps the statements that were used last, and calls drop
// with each that it gives up. It is not safe for concurrent use.
func newKept[K comparable, V any](drop func(K, V)) *simplelru.LRU[K, V] {
	kept, err := simplelru.NewLRU(keptStatements, drop)
	if err != nil {
		panic("storage: " + err.Error()) // the size is a constant above zero
	}
	return kept
}

// statements are the prepared statements of a pool. It is safe for concurrent use.
type statements struct {
	pool *sql.DB

	mu   sync.Mutex
	kept *simplelru.LRU[string, *preparedStatement]
}

// preparedStatement is closed once it is not kept and nobody uses it any more.
type preparedStatement struct {
	*sql.Stmt
	placed

	// users and dropped are guarded by the mutex of statements.
	users   int
	dropped bool
}

func newStatements(pool *sql.DB) *statements {
	s := &statements{pool: pool}
	s.kept = newKept(func(_ string, p *preparedStatement) {
		p.dropped = true
		p.closeUnused()
	})
	return s
}

func (p *preparedStatement) closeUnused() {
	if p.dropped && p.users == 0 {
		_ = p.Close() // it answered already, and what it holds goes with its connection
	}
}

// take returns the statement of a text, which the caller gives back.
func (s *statements) take(ctx context.Context, text string) (*preparedStatement, error) {
	if p, ok := s.find(text); ok {
		return p, nil
	}
	placed := place(text)
	fresh, err := s.pool.PrepareContext(ctx, placed.text)
	if err != nil {
		return nil, fmt.Errorf("prepare query: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.kept.Get(text)
	if ok {
		defer func() { _ = fresh.Close() }() // another goroutine was faster
	} else {
		p = &preparedStatement{Stmt: fresh, placed: placed}
		s.kept.Add(text, p)
	}
	p.users++
	return p, nil
}

func (s *statements) find(text string) (*preparedStatement, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.kept.Get(text)
	if ok {
		p.users++
	}
	return p, ok
}

func (s *statements) giveBack(p *preparedStatement) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.users--
	p.closeUnused()
}

func (s *statements) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept.Len()
}

// close closes the statements that nobody uses; the others follow when they are
// given back.
func (s *statements) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept.Purge()
}
