// Package kit is what all doors share: routes, strict JSON, limits, idempotency
// keys, languages, the request log, and the way from a fault to a status. A
// surface adds its own wire types, its way of proving who calls, and its form of
// an error, and nothing else.
package kit

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/secret"
)

// Config is what the doors get from outside.
type Config struct {
	Log   *slog.Logger
	Clock clock.Clock
	// HashKey keys the hashes of idempotency keys and of the requests that carry
	// them. All nodes need the same one, today and after a restart.
	HashKey secret.Bytes
	// Proxies are believed about who called them.
	Proxies Proxies
	// Limits bounds what callers may send; a zero one takes the defaults.
	Limits Limits
}

// Kit serves surfaces. It is safe for concurrent use.
type Kit struct {
	log       *slog.Logger
	clock     clock.Clock
	keys      idempotency.Hasher
	catalogue *Catalogue
	proxies   Proxies
	gauge     *gauge
}

// New returns a Kit, or an error when a part is missing or a message catalogue
// cannot be read.
func New(c Config) (*Kit, error) {
	if c.Log == nil || c.Clock == nil {
		return nil, errors.New("http kit: log and clock are required")
	}
	keys, err := idempotency.NewHasher(c.HashKey)
	if err != nil {
		return nil, fmt.Errorf("http kit: %w", err)
	}
	catalogue, err := NewCatalogue()
	if err != nil {
		return nil, err
	}
	return &Kit{
		log: c.Log, clock: c.Clock, keys: keys, catalogue: catalogue, proxies: c.Proxies, gauge: newGauge(c.Limits),
	}, nil
}

// Catalogue returns the texts that people read.
func (k *Kit) Catalogue() *Catalogue { return k.catalogue }

// Clock returns the clock of the doors.
func (k *Kit) Clock() clock.Clock { return k.clock }
