package ephemeral

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/vezne/vezne/internal/clock"
)

const (
	// maxKept bounds the memory that waiting payers can take, a few hundred bytes
	// each.
	maxKept = 100_000
	// sweepPause is how often what has ended is dropped: nothing stays much longer
	// in memory than it may be read.
	sweepPause = time.Minute
)

// ErrFull is a Memory that keeps as much as it may.
var ErrFull = errors.New("too many ephemeral secrets are kept")

// Memory is a Store in this process: what it keeps ends with the process, and other
// nodes do not see it.
type Memory struct {
	clock clock.Clock
	mu    sync.Mutex
	kept  map[string]held
	swept time.Time
}

type held struct {
	value []byte
	until time.Time
}

// NewMemory returns an empty Memory.
func NewMemory(c clock.Clock) *Memory {
	return &Memory{clock: c, kept: make(map[string]held), swept: c.Now()}
}

// Put implements Store. It fails with ErrFull.
func (m *Memory) Put(_ context.Context, key string, value []byte, life time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.clock.Now()
	m.sweep(now)
	if _, known := m.kept[key]; !known && len(m.kept) >= maxKept {
		return ErrFull
	}
	m.kept[key] = held{value: slices.Clone(value), until: now.Add(life)}
	return nil
}

// Get implements Store.
func (m *Memory) Get(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.clock.Now()
	m.sweep(now)
	h, ok := m.kept[key]
	if !ok || !now.Before(h.until) {
		return nil, ErrGone
	}
	return slices.Clone(h.value), nil
}

// Delete implements Store.
func (m *Memory) Delete(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.kept, key)
	return nil
}

// Len returns how many values are held, ended ones included until they are swept.
func (m *Memory) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.kept)
}

func (m *Memory) sweep(now time.Time) {
	if now.Sub(m.swept) < sweepPause {
		return
	}
	m.swept = now
	for key, h := range m.kept {
		if !now.Before(h.until) {
			delete(m.kept, key)
		}
	}
}
